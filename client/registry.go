package client

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// ErrUnknown says that no client has an id. Any other error of a lookup means
// that the client may well exist: callers answer 503, never "unknown".
var ErrUnknown = errors.New("unknown client")

// Source knows clients: a [Snapshot] of the configuration, or a database.
type Source interface {
	// Client returns the client of the id, or an error that wraps [ErrUnknown].
	// The caller must not change it.
	Client(ctx context.Context, id string) (*Client, error)
	// HasOrigin reports whether any client is registered for the web origin.
	HasOrigin(ctx context.Context, origin string) (bool, error)
	// HasScope reports whether any client is registered for the scope.
	HasScope(ctx context.Context, scope string) (bool, error)
}

// Registry looks clients up: first in the current snapshot, then in every other
// source in turn. It may be read while the snapshot is replaced: a reader sees
// the clients of before or of after, never a mixture.
type Registry struct {
	current atomic.Pointer[Snapshot]
	others  []Source
	locks   *Locks
}

var _ Source = (*Registry)(nil)

// NewRegistry makes a Registry. The others are asked, in their order, for what
// the snapshot does not know.
func NewRegistry(s *Snapshot, others ...Source) *Registry {
	r := &Registry{others: others}
	r.Replace(s)
	return r
}

// Refusing returns a registry of the same clients that knows none of those which are
// locked down: it answers [ErrLocked] for them.
func (r *Registry) Refusing(l *Locks) *Registry {
	refusing := &Registry{others: r.others, locks: l}
	refusing.Replace(r.Snapshot())
	return refusing
}

// Replace puts another snapshot in the place of the one of before, atomically.
func (r *Registry) Replace(s *Snapshot) { r.current.Store(s) }

// Snapshot returns the current snapshot.
func (r *Registry) Snapshot() *Snapshot { return r.current.Load() }

// Client implements [Source].
func (r *Registry) Client(ctx context.Context, id string) (*Client, error) {
	if r.locks.Locked(id) {
		return nil, fmt.Errorf("look up client %.64q: %w: %w", id, ErrLocked, ErrUnknown)
	}
	c, err := r.current.Load().Client(ctx, id)
	for _, source := range r.others {
		if !errors.Is(err, ErrUnknown) {
			break
		}
		c, err = source.Client(ctx, id)
	}
	if err != nil {
		return nil, fmt.Errorf("look up client %.64q: %w", id, err)
	}
	return c, nil
}

// HasOrigin implements [Source].
func (r *Registry) HasOrigin(ctx context.Context, origin string) (bool, error) {
	return r.any("origin", func(s Source) (bool, error) { return s.HasOrigin(ctx, origin) })
}

// HasScope implements [Source].
func (r *Registry) HasScope(ctx context.Context, scope string) (bool, error) {
	return r.any("scope", func(s Source) (bool, error) { return s.HasScope(ctx, scope) })
}

// any reports whether any source says yes.
func (r *Registry) any(what string, has func(Source) (bool, error)) (bool, error) {
	if found, err := has(r.current.Load()); found || err != nil {
		return found, err
	}
	for _, source := range r.others {
		found, err := has(source)
		if err != nil {
			return false, fmt.Errorf("look up %s: %w", what, err)
		}
		if found {
			return true, nil
		}
	}
	return false, nil
}

// Snapshot is a set of clients that never changes.
type Snapshot struct {
	byID    map[string]*Client
	all     []*Client
	origins map[string]bool
	scopes  map[string]bool
}

var _ Source = (*Snapshot)(nil)

// NewSnapshot makes a Snapshot of clients, whose ids must differ.
func NewSnapshot(clients []Client) *Snapshot {
	s := &Snapshot{
		byID:    make(map[string]*Client, len(clients)),
		all:     make([]*Client, 0, len(clients)),
		origins: map[string]bool{},
		scopes:  map[string]bool{},
	}
	for _, c := range clients {
		s.byID[c.ID] = &c
		s.all = append(s.all, &c)
		for _, origin := range c.Origins {
			s.origins[origin] = true
		}
		for _, scope := range c.Scopes {
			s.scopes[scope] = true
		}
	}
	return s
}

// Client implements [Source].
func (s *Snapshot) Client(_ context.Context, id string) (*Client, error) {
	if c, ok := s.byID[id]; ok {
		return c, nil
	}
	return nil, ErrUnknown
}

// HasOrigin implements [Source].
func (s *Snapshot) HasOrigin(_ context.Context, origin string) (bool, error) {
	return s.origins[origin], nil
}

// HasScope implements [Source].
func (s *Snapshot) HasScope(_ context.Context, scope string) (bool, error) {
	return s.scopes[scope], nil
}

// All returns the clients in the order they were given. The caller must change
// neither the list nor a client.
func (s *Snapshot) All() []*Client { return s.all }
