package mfa

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// postbox keeps codes in place of the outbox.
type postbox struct {
	mu    sync.Mutex
	codes []sent
	told  []Notice
	fail  error
}

type sent struct {
	channel  storage.Channel
	kind     storage.MessageKind
	to, code string
	notAfter time.Time
}

// Send implements sender.
func (p *postbox) Send(_ context.Context, channel storage.Channel, kind storage.MessageKind, _ *storage.User, to, code, _ string, notAfter time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return p.fail
	}
	p.codes = append(p.codes, sent{channel, kind, to, code, notAfter})
	return nil
}

// Notice implements sender.
func (p *postbox) Notice(n Notice) (storage.Message, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, n)
	id, err := storage.NewID(n.At, rand.Reader)
	return storage.Message{
		ID: id, Topic: storage.TopicEmail, Kind: n.Kind, UserID: n.User.ID, Sealed: "sealed", Status: storage.DeliveryQueued,
		NextAt: n.At, CreatedAt: n.At,
	}, err
}

func (p *postbox) last() sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.codes) == 0 {
		return sent{}
	}
	return p.codes[len(p.codes)-1]
}

func (p *postbox) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.codes)
}

// notices counts the queued messages of a kind.
func (b *bench) notices(kind storage.MessageKind) int {
	b.t.Helper()
	messages, err := b.store.Outbox().List(b.t.Context(), "", storage.DeliveryQueued, 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	n := 0
	for _, m := range messages {
		if m.Kind == kind && m.UserID == b.user.ID {
			n++
		}
	}
	return n
}

// tally counts what would be metrics.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

// Factor implements counter.
func (c *tally) Factor(k storage.FactorKind, result string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[string(k)+" "+result]++
}

func (c *tally) of(k storage.FactorKind, result string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[string(k)+" "+result]
}

// Pot counts a pot that runs low or is empty.
func (c *tally) Pot(purpose, scope, state string) {
	c.Factor(storage.FactorKind(purpose+" "+scope), state)
}

// logs keeps the lines of a log.
type logs struct {
	slog.Handler
	mu    sync.Mutex
	lines []string
}

func (*logs) Enabled(context.Context, slog.Level) bool { return true }

func (l *logs) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	l.lines = append(l.lines, line)
	return nil
}

// about counts the lines that begin with the words.
func (l *logs) about(words string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if strings.HasPrefix(line, words) {
			n++
		}
	}
	return n
}
