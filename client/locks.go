package client

import (
	"errors"
	"slices"
	"sync/atomic"
)

// ErrLocked says that a client is in wrong hands, and not served. It comes with
// [ErrUnknown], so that whoever does not tell the two apart refuses it.
var ErrLocked = errors.New("client is locked down")

// Locks are the clients that are locked down, as a node last read them. The zero value
// has none. It may be read while it is replaced.
type Locks struct{ current atomic.Pointer[[]string] }

// Replace puts other clients in the place of those of before, atomically.
func (l *Locks) Replace(ids []string) { l.current.Store(&ids) }

// Locked reports whether a client is locked down. Of a nil Locks none is.
func (l *Locks) Locked(id string) bool {
	if l == nil {
		return false
	}
	ids := l.current.Load()
	return ids != nil && slices.Contains(*ids, id)
}
