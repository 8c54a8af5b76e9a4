package outbox

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"golang.org/x/sync/semaphore"
)

// lane is the workers of one topic.
type lane struct {
	Config
	topic storage.Topic
	// workers are all of them; ordinary are those that take what is not urgent:
	// one less, where there are several.
	workers, ordinary *semaphore.Weighted
	wake              chan struct{} // holds one: looking once is enough for any number
}

func newLane(cfg Config, topic storage.Topic) *lane {
	return &lane{
		Config: cfg, topic: topic, wake: make(chan struct{}, 1),
		workers: semaphore.NewWeighted(int64(cfg.Workers)), ordinary: semaphore.NewWeighted(int64(max(1, cfg.Workers-1))),
	}
}

func (l *lane) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run delivers until ctx is done, and lets what is under way finish.
func (l *lane) run(ctx context.Context) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	ticker := time.NewTicker(l.Poll)
	defer ticker.Stop()
	for ctx.Err() == nil {
		l.fill(ctx, work)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case <-l.wake:
		}
	}
	enough := time.AfterFunc(l.Drain, cancel)
	defer enough.Stop()
	l.wait(context.WithoutCancel(ctx))
	return nil
}

// fill starts to deliver what is due, as much as there are free workers for.
func (l *lane) fill(ctx, work context.Context) {
	for ctx.Err() == nil {
		free := acquire(l.workers, l.Workers)
		ordinary := acquire(l.ordinary, free)
		// When only the worker for urgent deliveries is free it takes no other.
		claim := storage.DeliveryClaim{Limit: ordinary}
		if ordinary == 0 {
			claim = storage.DeliveryClaim{Limit: free, UrgentOnly: true}
		}
		claimed := l.claim(ctx, claim)
		for _, d := range claimed {
			held := &slot{lane: l}
			if free--; !isUrgent(d) {
				held.ordinary = true
				ordinary--
			}
			go held.deliver(work, d)
		}
		l.workers.Release(int64(free))
		l.ordinary.Release(int64(ordinary))
		if len(claimed) == 0 || len(claimed) < claim.Limit {
			return
		}
	}
}

// slot is a worker that is taken.
type slot struct {
	*lane
	ordinary bool
}

func (s *slot) deliver(ctx context.Context, d storage.Delivery) {
	defer func() {
		if s.ordinary {
			s.lane.ordinary.Release(1)
		}
		s.workers.Release(1)
		s.poke()
	}()
	s.lane.deliver(ctx, d)
}

// acquire takes up to n of a semaphore that are free, and returns how many.
func acquire(s *semaphore.Weighted, n int) (taken int) {
	for taken < n && s.TryAcquire(1) {
		taken++
	}
	return taken
}

func isUrgent(d storage.Delivery) bool { return d.Priority <= storage.PriorityUrgent }

func (l *lane) claim(ctx context.Context, c storage.DeliveryClaim) []storage.Delivery {
	if c.Limit == 0 {
		return nil
	}
	c.Topic, c.Lease, c.Now = l.topic, lease, l.Now()
	claimed, err := l.Store.Claim(ctx, c)
	if err != nil && ctx.Err() == nil {
		l.Log.ErrorContext(ctx, "claiming deliveries failed", "topic", l.topic, "error", err)
	}
	return claimed
}

// drain delivers everything that is due, one after another, and waits for what
// was under way.
func (l *lane) drain(ctx context.Context) {
	for ctx.Err() == nil {
		due := l.claim(ctx, storage.DeliveryClaim{Limit: l.Workers})
		if len(due) == 0 {
			break
		}
		for _, d := range due {
			l.deliver(context.WithoutCancel(ctx), d)
		}
	}
	l.wait(ctx)
}

// wait returns when nothing is under way, or ctx is done.
func (l *lane) wait(ctx context.Context) {
	all := int64(l.Workers)
	if l.workers.Acquire(ctx, all) == nil {
		l.workers.Release(all)
	}
}
