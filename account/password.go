package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/storage"
)

// Verifiers keeps password verifiers; storage/sqlstore.Users in the binary.
type Verifiers interface {
	// ChangePassword answers storage.ErrConflict when the epoch is another, or
	// the session to keep has ended.
	ChangePassword(ctx context.Context, c storage.PasswordChange, e storage.Event, m ...storage.Message) error
	// SetPasswordHash answers storage.ErrConflict when the verifier is another.
	SetPasswordHash(ctx context.Context, id storage.ID, old, updated string, now time.Time) error
}

// passwordContext is whose password a new one would be.
func (s *Service) passwordContext(user *storage.User) password.Context {
	return password.Context{
		// Whoever cannot sign in without a second factor may have a shorter one (requirement PW2).
		WithFactor: user.Credentials > 0 || s.cfg.Policy.Requires(user, nil),
		Words:      []string{user.Email, user.Username, user.Profile.Name},
	}
}

// MinPassword is how many characters a new password of the person needs.
func (s *Service) MinPassword(user *storage.User) int {
	return s.cfg.PasswordPolicy.Least(s.passwordContext(user).WithFactor)
}

// newPassword judges and hashes a new password of the person, who may not exist
// yet. It answers a [PasswordError].
func (s *Service) newPassword(ctx context.Context, user *storage.User, chosen string) (string, error) {
	if problems := s.cfg.PasswordPolicy.Judge(ctx, chosen, s.passwordContext(user)); len(problems) > 0 {
		return "", &PasswordError{Problems: problems, Least: s.MinPassword(user)}
	}
	hash, err := s.cfg.Passwords.Hash(ctx, chosen)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// SetPassword sets a new password. What rested on the old one ends: sessions,
// grants, trusted devices, links that were sent. The session of a person who
// changes their own goes on under keepSecret, the keyed hash of its new secret;
// empty ends it too. It answers a [PasswordError], and what authorization does.
func (s *Service) SetPassword(ctx context.Context, by Actor, id storage.ID, chosen, keepSecret string) error {
	c, err := s.begin(ctx, by, setPassword, id)
	if err != nil {
		return err
	}
	hash, err := s.newPassword(ctx, c.user, chosen)
	if err != nil {
		return err
	}
	change := storage.PasswordChange{
		Hash: hash,
		// Where a link in the mailbox set the password, another one that was set
		// by nothing more is worth no more: the mailbox is still all that it
		// rests on (requirement RE1).
		ByEmail: by.kind == storage.ActorPerson && c.user.ResetByEmail && by.showedMailboxOnly(),
	}
	if keepSecret != "" {
		change.KeepSID, change.KeepSecretHash = by.sid, keepSecret
	}
	return s.changePassword(ctx, c, change)
}

// changePassword writes a new password and tells the owner.
func (s *Service) changePassword(ctx context.Context, c *change, p storage.PasswordChange) error {
	p.UserID, p.Epoch, p.Now, p.EndOffline = c.user.ID, c.user.PasswordEpoch, c.now, true
	if err := s.notify(c, message.Notice{Kind: storage.MessagePasswordChanged}); err != nil {
		return err
	}
	return s.written(c, "change password", s.cfg.Verifiers.ChangePassword(ctx, p, c.event, c.messages...))
}

// UpgradePassword renews an outdated verifier (requirement PW1) with the password
// that the person has just shown. That it was changed meanwhile is as good.
func (s *Service) UpgradePassword(ctx context.Context, by Actor, user *storage.User, shown string) error {
	if err := s.authorize(ctx, by, upgradeHash, user); err != nil {
		return err
	}
	updated, err := s.cfg.Passwords.Hash(ctx, shown)
	if err != nil {
		return fmt.Errorf("hash password: %w", err)
	}
	err = s.cfg.Verifiers.SetPasswordHash(ctx, user.ID, user.PasswordHash, updated, s.cfg.Now())
	if errors.Is(err, storage.ErrConflict) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("renew password verifier: %w", err)
	}
	return s.Record(ctx, by, upgradeHash.event, user.ID, storage.Success, "")
}

// RequestReset has a link to set a new password sent to whoever the identifier
// names. Whether there is such an account is found out by whoever composes the
// message, so that neither the answer nor its time tells (enumeration,
// requirements EN1 and EN2).
func (s *Service) RequestReset(ctx context.Context, by Actor, identifier string, to message.Return) error {
	return s.request(ctx, by, storage.EventResetRequested, message.PasswordReset{Identifier: identifier, Return: to})
}

// request queues a message that anybody may ask for, with its event, which names
// nobody.
func (s *Service) request(ctx context.Context, by Actor, typ storage.EventType, body message.Body) error {
	e, err := NewEvent(s.cfg.Now(), s.cfg.Random, by, typ, "")
	if err != nil {
		return err
	}
	m, err := s.message(by, nil, body)
	if err != nil {
		return err
	}
	if err := s.cfg.Outbox.Add(ctx, &e, m); err != nil {
		return fmt.Errorf("queue message: %w", err)
	}
	s.cfg.Queued()
	return nil
}

// Reset is a link to set a new password, as it was opened.
type Reset struct {
	message.Reset
	// User is whose password it sets.
	User *storage.User
	// Recent is what was added to the account lately, and can be removed with it.
	Recent Recent
}

// NewPassword is what whoever opens a link to set a new password chooses.
type NewPassword struct {
	Password string
	// Remove names what of [Recent] is not theirs: ids of factors, [RecentRecovery] and
	// [RecentPhone].
	Remove []string
}

// PeekReset looks at a link to set a new password, and spends nothing (OT4). It
// answers ErrVoid.
func (s *Service) PeekReset(ctx context.Context, token string) (*Reset, error) {
	reset, err := peek[message.Reset](ctx, s, onetime.PasswordReset, token)
	if err != nil {
		return nil, err
	}
	found := &Reset{Reset: reset}
	found.User, err = s.cfg.Users.ByID(ctx, found.UserID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, fmt.Errorf("%w: %w", ErrVoid, err)
	case err != nil:
		return nil, fmt.Errorf("read user: %w", err)
	case found.PeopleOnly && s.Administers(found.User): // privilege escalation, requirement AD1
		return nil, fmt.Errorf("%w: the person administers since the link was made, by one who is no owner", ErrVoid)
	case !found.valid():
		return nil, fmt.Errorf("%w: the password or the address was changed since the link was made", ErrVoid)
	}
	found.Recent, err = s.recent(ctx, found.User)
	return found, err
}

// valid reports whether the link still is for its person as they are: whoever
// reads a mailbox that they have left sets no password. Of an account that is locked
// down it is one that the help desk made since.
func (r *Reset) valid() bool {
	return r.User.PasswordEpoch == r.Epoch && r.User.Email == r.Email && (!r.User.Disabled() || r.lifts())
}

// lifts reports whether the new password is the recovery of an account that is locked down.
func (r *Reset) lifts() bool { return r.HandedOver && r.User.Locked() }

// ResetPassword spends the link and sets the new password. It signs nobody in,
// and no second factor is spared (requirement RE1), but those that are so new that
// they may be an intruder's, where whoever has the mailbox says so. A password that
// is refused, with a [PasswordError], does not cost the link. It answers ErrVoid.
func (s *Service) ResetPassword(ctx context.Context, by Actor, token string, chosen NewPassword) (*Reset, error) {
	found, err := s.PeekReset(ctx, token)
	if err != nil {
		return nil, err
	}
	hash, err := s.newPassword(ctx, found.User, chosen.Password)
	if err != nil {
		return nil, err
	}
	if _, err := s.cfg.Tokens.Redeem(ctx, onetime.PasswordReset, token); err != nil {
		return nil, tokenError(err)
	}
	by = by.holding(found.UserID)
	c, err := s.begin(ctx, by, resetPassword, found.UserID)
	if err != nil {
		return nil, err
	}
	if c.user.PasswordEpoch != found.Epoch || found.PeopleOnly && s.Administers(c.user) {
		return nil, fmt.Errorf("%w: the password or the roles were changed since the link was made", ErrVoid)
	}
	change := storage.PasswordChange{Hash: hash, ByEmail: !found.HandedOver, Lifts: found.lifts()}
	if change.Lifts {
		c.detail("the lockdown is lifted")
	}
	if keep, any := found.Recent.kept(chosen.Remove); any {
		c.detail("what was added lately is removed")
		change.RemoveSince, change.Keep = s.recentSince(), keep
	}
	err = s.changePassword(ctx, c, change)
	if errors.Is(err, ErrChanged) {
		return nil, fmt.Errorf("%w: %w", ErrVoid, err)
	}
	if err != nil {
		return nil, err
	}
	return found, s.proveByReset(ctx, by, found)
}

// proveByReset notes that who could read the link has the mailbox.
func (s *Service) proveByReset(ctx context.Context, by Actor, found *Reset) error {
	if found.User.EmailVerified || found.HandedOver {
		return nil
	}
	err := s.verifyEmail(ctx, by, found.UserID, found.Email)
	if errors.Is(err, ErrVoid) {
		return nil // the address is another by now
	}
	return err
}
