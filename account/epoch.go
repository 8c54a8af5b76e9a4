package account

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Epochs ends what was issued to anybody before; storage/sqlstore.Users in the binary.
type Epochs interface {
	// RaiseEpoch composes its event, by note, from what there was.
	RaiseEpoch(ctx context.Context, now time.Time, note func(storage.Holdings) storage.Event) (storage.Holdings, error)
}

// RaiseEpoch ends everything that was issued before, to anybody: a restored backup
// makes things valid again that were ended after it was made (requirement RS1).
// Passwords, factors and consents stay. Relying parties are told of the sessions that
// end, and people of nothing. It answers ErrForbidden to all but operators and owners.
func (s *Service) RaiseEpoch(ctx context.Context, by Actor, reason string) error {
	_, err := s.raiseEpoch(ctx, by, raiseEpoch, reason)
	return err
}

func (s *Service) raiseEpoch(ctx context.Context, by Actor, act action, reason string) (storage.Holdings, error) {
	c, err := s.beginFor(ctx, by, act)
	if err != nil {
		return storage.Holdings{}, err
	}
	c.detail(reason)
	note := func(had storage.Holdings) storage.Event {
		c.detail("ended " + had.String())
		return c.event
	}
	had, err := s.cfg.Epochs.RaiseEpoch(ctx, c.now, note)
	if err == nil && s.cfg.Queued != nil {
		s.cfg.Queued()
	}
	return had, s.written(c, "raise epoch", err)
}

// SigningKeys are revoked; keys.Ring in the binary.
type SigningKeys interface {
	// RevokeAll returns the ids of those that it revoked; the events say of by who wanted
	// it, and why.
	RevokeAll(ctx context.Context, by storage.Event) ([]string, error)
}

// LockEverybody is for when the installation itself was broken into: everything that was
// issued to anybody ends, relying parties are told, and every signing key is revoked. What
// was issued ends before the keys go: whoever broke in must not have a moment in which a
// new key signs for an old session. One event tells of it all, and one more of each key.
// It cannot be undone, and where it fails halfway it can be repeated. It answers
// ErrForbidden to all but operators and owners.
func (s *Service) LockEverybody(ctx context.Context, by Actor, keys SigningKeys, reason string) (had storage.Holdings, revoked []string, err error) {
	what := "lockdown of everybody"
	if reason != "" {
		what += ": " + reason
	}
	e, err := s.BeginKeyChange(ctx, by.Because(what), storage.EventSigningKeyRevoked)
	if err != nil {
		return had, nil, err
	}
	if had, err = s.raiseEpoch(ctx, by, lockEverybody, reason); err != nil {
		return had, nil, err
	}
	revoked, err = keys.RevokeAll(ctx, e)
	return had, revoked, err
}
