package outbox

import (
	"context"
	"sync"
)

// tally counts what is under way, and lets others wait until nothing is.
type tally struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // closed while n is 0
}

func newTally() *tally {
	t := &tally{idle: make(chan struct{})}
	close(t.idle)
	return t
}

func (t *tally) enter() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n++; t.n == 1 {
		t.idle = make(chan struct{})
	}
}

func (t *tally) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n--; t.n == 0 {
		close(t.idle)
	}
}

// wait returns when nothing is under way, or ctx is done.
func (t *tally) wait(ctx context.Context) {
	t.mu.Lock()
	idle := t.idle
	t.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}
