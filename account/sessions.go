package account

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/storage"
)

// Sessions ends them; storage/sqlstore.Sessions in the binary. Grants that are
// not offline end with their session.
type Sessions interface {
	// End answers storage.ErrNotFound for one that has ended.
	End(ctx context.Context, sid storage.ID, now time.Time, e storage.Event) error
	// EndOf answers storage.ErrNotFound for one that has ended or is another person's.
	EndOf(ctx context.Context, userID, sid storage.ID, now time.Time, e storage.Event, m ...storage.Message) error
	// EndAll ends all but one, or all for "".
	EndAll(ctx context.Context, userID, except storage.ID, now time.Time, endGrants bool, e storage.Event, m ...storage.Message) error
}

// NewDevice makes the messages that tell a person of a sign-in on a device that is
// not known, to be queued in the transaction of the session. The first sign-in to an
// account is no news, and only an address that is known to be the owner's is told.
func (s *Service) NewDevice(by Actor, user *storage.User) ([]storage.Message, error) {
	if !s.cfg.NotifyNewDevice || user.SignedInAt.IsZero() {
		return nil, nil
	}
	c := &change{by: by, user: user, now: s.cfg.Now()}
	err := s.notifyProven(c, message.Notice{Kind: storage.MessageSignInNew})
	return c.messages, err
}

// EndSession ends one session of the person. It answers ErrNotFound.
func (s *Service) EndSession(ctx context.Context, by Actor, id, sid storage.ID) error {
	c, err := s.begin(ctx, by, endSession, id)
	if err != nil {
		return err
	}
	c.event.SID = sid
	return s.written(c, "end session", s.cfg.Sessions.EndOf(ctx, id, sid, c.now, c.event, c.messages...))
}

// EndOtherSessions ends every session of the person but the actor's own.
func (s *Service) EndOtherSessions(ctx context.Context, by Actor, id storage.ID) error {
	return s.endSessions(ctx, by, id, by.sid, false)
}

// EndAllSessions signs the person out everywhere: sessions and every access that
// applications have, offline access too.
func (s *Service) EndAllSessions(ctx context.Context, by Actor, id storage.ID) error {
	return s.endSessions(ctx, by, id, "", true)
}

func (s *Service) endSessions(ctx context.Context, by Actor, id, except storage.ID, grants bool) error {
	c, err := s.begin(ctx, by, endSessions, id)
	if err != nil {
		return err
	}
	return s.written(c, "end sessions", s.cfg.Sessions.EndAll(ctx, id, except, c.now, grants, c.event, c.messages...))
}

// SignOut ends the actor's own session. That it has ended is as good.
func (s *Service) SignOut(ctx context.Context, by Actor) error {
	c, err := s.begin(ctx, by, signOut, storage.ID(by.id))
	if err != nil {
		return err
	}
	err = s.written(c, "end session", s.cfg.Sessions.End(ctx, by.sid, c.now, c.event))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
