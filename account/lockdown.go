package account

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/storage"
)

// Lockdowns shuts accounts that are in wrong hands; storage/sqlstore.Users in the binary.
type Lockdowns interface {
	// Lockdown ends everything that the person holds, and shuts the account; note
	// composes the event from what there was. It answers storage.ErrNotFound for who
	// is locked down already.
	Lockdown(ctx context.Context, l storage.Lockdown, note func(storage.Holdings) storage.Event, m ...storage.Message) (storage.Holdings, error)
	// LiftLockdown answers storage.ErrNotFound for who was not locked down after since.
	LiftLockdown(ctx context.Context, id storage.ID, since time.Time, e storage.Event) error
}

// LockdownOrder is how an account is locked down.
type LockdownOrder struct {
	// Held says that the mailbox is in wrong hands too: the links of messages do not
	// open the account again, only an operator's link does.
	Held bool
	// Reason is kept with the event.
	Reason string
}

// Lockdown shuts an account that is in wrong hands (account takeover): sessions,
// grants and trusted devices end, and relying parties are told; pending changes,
// links that were made to set a password, sign-ins under way and a planned deletion
// are void. Nobody signs in until the account is recovered: by its owner with the link
// of any notice, unless the lockdown is held, or with a link that an operator made
// with [Service.IssueReset]. Within the undo window [Service.UndoLockdown] opens it as
// it was. One event tells of it all. It returns what ended, and answers ErrUnchanged.
func (s *Service) Lockdown(ctx context.Context, by Actor, id storage.ID, order LockdownOrder) (storage.Holdings, error) {
	c, err := s.begin(ctx, by, lockDown, id)
	if err != nil {
		return storage.Holdings{}, err
	}
	c.detail(order.Reason)
	if order.Held {
		c.detail("held for the help desk")
	}
	if err := s.tellOfLockdown(c, order.Held); err != nil {
		return storage.Holdings{}, err
	}
	note := func(had storage.Holdings) storage.Event {
		c.detail("ended " + had.String())
		return c.event
	}
	l := storage.Lockdown{UserID: id, Held: order.Held, Now: c.now}
	had, err := s.cfg.Lockdowns.Lockdown(ctx, l, note, c.messages...)
	return had, unchanged(s.written(c, "lock account down", err))
}

// tellOfLockdown tells the owner. The link with which they get the account back takes
// what was added lately with it.
func (s *Service) tellOfLockdown(c *change, held bool) error {
	n := message.Notice{Kind: storage.MessageLockedDown}
	if held || c.user.Email == "" || !c.user.EmailVerified {
		return s.notifyPlainly(c, n)
	}
	if n.Since = s.recentSince(); n.Since.IsZero() {
		n.Since = c.now
	}
	return s.notify(c, n)
}

// notifyPlainly is notify of a message in which there is no link to disown anything.
func (s *Service) notifyPlainly(c *change, n message.Notice) error {
	if c.user.Email == "" {
		return nil
	}
	n.UserID, n.To = c.user.ID, c.user.Email
	return s.tell(c, n)
}

// UndoLockdown opens an account that was locked down by mistake, within the undo
// window: password and factors are what they were, and what ended has ended. It
// answers ErrUnchanged for who is not locked down, or whose window is over.
func (s *Service) UndoLockdown(ctx context.Context, by Actor, id storage.ID, reason string) error {
	c, err := s.begin(ctx, by, undoLockdown, id)
	if err != nil {
		return err
	}
	c.detail(reason)
	err = s.cfg.Lockdowns.LiftLockdown(ctx, id, c.now.Add(-s.cfg.LockdownUndo), c.event)
	return unchanged(s.written(c, "undo lockdown", err))
}

// LockdownUndo is for how long a lockdown can be undone.
func (s *Service) LockdownUndo() time.Duration { return s.cfg.LockdownUndo }
