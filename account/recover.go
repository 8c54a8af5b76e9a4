package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// How an owner gets an account back (requirement FE2). The link that undoes a
// change of address, and the one that says "this was not me" of any other change,
// do the same: what was added since goes, the password signs nobody in any more,
// every session and grant ends, what pends is void, and a link to set a new
// password goes to the address that the first link was sent to, which is the
// account's again. Factors that were there before stay, and are still asked for.
// An older link beats every younger one, whoever holds it. What was added in the same
// sitting counts as added since, so that any one of the messages takes it all back.

// UndoEmail spends the link that gives an old address back, whatever the address
// is by now. The address that loses the account is told (requirement RE3). It
// answers ErrVoid.
func (s *Service) UndoEmail(ctx context.Context, by Actor, token string) error {
	u, err := redeem[message.EmailUpdate](ctx, s, onetime.EmailUndo, token)
	if err != nil {
		return err
	}
	return s.recover(ctx, by, undoEmail, message.Disowned{UserID: u.UserID, Email: u.From, Epoch: u.Epoch, Since: u.Since})
}

// TakenBack is what a link about a change of address does, for its page.
type TakenBack struct {
	// Email is the address that the account keeps, or goes back to.
	Email string
	// Recovers says that what was added since goes, and the password.
	Recovers bool
}

// PeekUndo says what a link does that gives an address back. It answers ErrVoid.
func (s *Service) PeekUndo(ctx context.Context, token string) (TakenBack, error) {
	u, err := peek[message.EmailUpdate](ctx, s, onetime.EmailUndo, token)
	return TakenBack{Email: u.From, Recovers: true}, err
}

// Disown spends the link of a notice whose owner says that it was not they who did
// what it tells of. It answers ErrVoid, also where the account was recovered since.
func (s *Service) Disown(ctx context.Context, by Actor, token string) error {
	d, err := redeem[message.Disowned](ctx, s, onetime.Disown, token)
	if err != nil {
		return err
	}
	return s.recover(ctx, by, disown, d)
}

// recover gives the account back to whoever had the address in its email epoch.
func (s *Service) recover(ctx context.Context, by Actor, act action, d message.Disowned) error {
	c, err := s.begin(ctx, by.holding(d.UserID), act, d.UserID)
	if err != nil {
		return voidIfNobody(err)
	}
	c.detail("what was added since is removed, the password is void")
	if c.user.Locked() && !c.user.LockHeld {
		c.detail("the lockdown is lifted")
	}
	if err := s.tell(c, message.PasswordReset{Identifier: d.Email}); err != nil {
		return err
	}
	if ident.Canonical(c.user.Email) != ident.Canonical(d.Email) {
		if err := s.notify(c, message.Notice{Kind: storage.MessageEmailUndone, Email: d.Email}); err != nil {
			return err
		}
	}
	back := storage.Recovery{UserID: d.UserID, Epoch: d.Epoch, Since: d.Since, Now: c.now}
	err = s.cfg.Addresses.Recover(ctx, back, c.event, c.messages...)
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%w: recover account: %w", ErrVoid, err)
	}
	return s.written(c, "recover account", err)
}

// Recent is what was added to an account so lately that a reset of the password can
// remove it: an intruder's, perhaps, which the owner could not show (requirement FE2).
type Recent struct {
	Factors []storage.Credential
	// Recovery says that the recovery codes are new, and Phone is a new number.
	Recovery bool
	Phone    string
}

// None reports whether there is nothing.
func (r Recent) None() bool { return len(r.Factors) == 0 && !r.Recovery && r.Phone == "" }

// RecentRecovery and RecentPhone name what of [Recent] has no id of its own.
const (
	RecentRecovery = "recovery"
	RecentPhone    = "phone"
)

// kept is what of it stays where the named is removed: ids of factors, [RecentRecovery]
// and [RecentPhone]. any says that anything of it goes: what is not of it is nobody's to
// name.
func (r Recent) kept(removed []string) (kept storage.Kept, any bool) {
	for _, c := range r.Factors {
		if slices.Contains(removed, string(c.ID)) {
			any = true
		} else {
			kept.Factors = append(kept.Factors, c.ID)
		}
	}
	kept.Recovery = !r.Recovery || !slices.Contains(removed, RecentRecovery)
	kept.Phone = r.Phone == "" || !slices.Contains(removed, RecentPhone)
	return kept, any || !kept.Recovery || !kept.Phone
}

// recentSince is from when on what was added is recent; zero where nothing is.
func (s *Service) recentSince() time.Time {
	if s.cfg.RecentFactors == 0 {
		return time.Time{}
	}
	return s.cfg.Now().Add(-s.cfg.RecentFactors)
}

// Sitting is from when on what somebody did was done by whoever acts now: since their
// session or interaction began, but no longer ago than what a reset of the password can
// remove. So a message to the owner gives whoever reads it nothing that they would not
// have by a reset.
func (s *Service) Sitting(by Actor) time.Time {
	now := s.cfg.Now()
	oldest := now.Add(-max(s.cfg.RecentFactors, s.cfg.Policy.FreshFor))
	if since := by.sitting(now); since.After(oldest) {
		return since
	}
	return oldest
}

// recent is what the person added lately, by when it is told of in the rows.
func (s *Service) recent(ctx context.Context, user *storage.User) (Recent, error) {
	var found Recent
	since := s.recentSince()
	if since.IsZero() {
		return found, nil
	}
	credentials, err := s.cfg.Credentials.ListByUser(ctx, user.ID)
	if err != nil {
		return found, fmt.Errorf("list factors: %w", err)
	}
	for _, c := range credentials {
		if !c.CreatedAt.Before(since) {
			found.Factors = append(found.Factors, c)
		}
	}
	codes, err := s.cfg.Recovery.Status(ctx, user.ID)
	if err != nil {
		return found, fmt.Errorf("read state of recovery codes: %w", err)
	}
	found.Recovery = codes.Total > 0 && !codes.CreatedAt.Before(since)
	if user.Phone != "" && !user.PhoneChangedAt.Before(since) {
		found.Phone = user.Phone
	}
	return found, nil
}
