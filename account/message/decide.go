package message

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/locale"
	"github.com/latchkey-id/latchkey/storage"
)

// find returns whoever lookup finds, nil where there is nobody.
func find(user *storage.User, err error) (*storage.User, error) {
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up the recipient of a message: %w", err)
	}
	return user, nil
}

// sameAddress reports whether two spellings are one address.
func sameAddress(a, b string) bool {
	return ident.Canonical(a) == ident.Canonical(b)
}

// linked adds a link with a new one-time token to a message, and how long it works.
func (c *Composer) linked(ctx context.Context, what content, path string, t onetime.Token) (content, error) {
	issued, err := c.cfg.Tokens.Issue(ctx, t)
	if err != nil {
		return content{}, err
	}
	what.link, what.linkLasts = c.link(path, TokenParam, issued.Token), t.TTL
	what.code, what.codeLasts = issued.Code, t.CodeTTL
	return what, nil
}

// proof is a token that proves an address, by the link or by the code beside it.
func (c *Composer) proof(purpose onetime.Purpose, subject string, data any) onetime.Token {
	return onetime.Token{Purpose: purpose, Subject: subject, Data: data, TTL: c.cfg.Lifetimes.Verify, CodeTTL: c.cfg.Lifetimes.Code}
}

// signUp makes a token only for an address that is free.
func (c *Composer) signUp(ctx context.Context, b SignUp) (content, error) {
	user, err := find(c.cfg.Users.ByIdentifier(ctx, b.Email))
	if err != nil {
		return content{}, err
	}
	if user != nil {
		return content{
			to: user.Email, key: "sign_up_exists", locale: user.Profile.Locale,
			link: c.link(PathSignIn, "", ""), also: c.link(PathForgotPassword, "", ""),
		}, nil
	}
	what := content{to: b.Email, key: "sign_up", locale: b.Profile.Locale}
	return c.linked(ctx, what, PathConfirmSignUp, c.proof(onetime.SignUp, AddressSubject(c.cfg.Hasher, b.Email), b))
}

func (c *Composer) verifyEmail(ctx context.Context, b VerifyEmail) (content, error) {
	var user *storage.User
	var err error
	if b.UserID != "" {
		user, err = find(c.cfg.Users.ByID(ctx, b.UserID))
	} else {
		user, err = find(c.cfg.Users.ByIdentifier(ctx, b.Email))
	}
	if err != nil {
		return content{}, err
	}
	if user == nil || user.Disabled() || user.EmailVerified || !sameAddress(user.Email, b.Email) {
		return content{}, ErrNobody
	}
	what := content{to: user.Email, key: "verify_email", locale: user.Profile.Locale}
	return c.linked(ctx, what, PathVerifyEmail,
		c.proof(onetime.VerifyEmail, string(user.ID), Verification{UserID: user.ID, Email: user.Email, Return: b.Return}))
}

// passwordReset goes to the address as the account has it, never as it was
// typed: two spellings that compare alike may be two mailboxes.
func (c *Composer) passwordReset(ctx context.Context, b PasswordReset) (content, error) {
	user, err := find(c.cfg.Users.ByIdentifier(ctx, b.Identifier))
	if err != nil {
		return content{}, err
	}
	// Whoever has an address that was never proven, of an account that nobody
	// can sign in to, would get the account.
	if user == nil || user.Disabled() || (!user.EmailVerified && user.PasswordHash == "") {
		return content{}, ErrNobody
	}
	what := content{to: user.Email, key: "password_reset", locale: user.Profile.Locale}
	return c.linked(ctx, what, PathResetPassword, onetime.Token{
		Purpose: onetime.PasswordReset, Subject: string(user.ID), TTL: c.cfg.Lifetimes.Reset,
		Data: Reset{UserID: user.ID, Epoch: user.PasswordEpoch, Email: user.Email, Return: b.Return},
	})
}

// changing is the person whose change of address waits, asked for under a password
// epoch and at an address; ErrNobody where it is void by now.
func (c *Composer) changing(ctx context.Context, u EmailUpdate) (*storage.User, error) {
	user, err := find(c.cfg.Users.ByID(ctx, u.UserID))
	if err != nil {
		return nil, err
	}
	if user == nil || user.Disabled() || user.PasswordEpoch != u.PasswordEpoch || !sameAddress(user.Email, u.From) {
		return nil, ErrNobody
	}
	return user, nil
}

func (c *Composer) emailChange(ctx context.Context, b EmailChange) (content, error) {
	update := EmailUpdate{UserID: b.UserID, From: b.From, To: b.To, PasswordEpoch: b.PasswordEpoch, Return: b.Return}
	user, err := c.changing(ctx, update)
	if err != nil {
		return content{}, err
	}
	owner, err := find(c.cfg.Users.ByIdentifier(ctx, b.To))
	if err != nil {
		return content{}, err
	}
	if owner != nil && owner.ID != b.UserID {
		return content{to: owner.Email, key: "email_change_taken", locale: owner.Profile.Locale}, nil
	}
	what := content{to: b.To, key: "email_change", locale: user.Profile.Locale}
	return c.linked(ctx, what, PathConfirmEmail, c.proof(onetime.EmailChange, string(b.UserID), update))
}

func (c *Composer) emailChangeAsked(ctx context.Context, b EmailChangeAsked) (content, error) {
	update := EmailUpdate{UserID: b.UserID, From: b.From, To: b.To, PasswordEpoch: b.PasswordEpoch, Epoch: b.Epoch, Since: b.Since}
	user, err := c.changing(ctx, update)
	if err != nil {
		return content{}, err
	}
	what := content{
		to: user.Email, key: "email_change_asked", values: []any{"Email", ident.Mask(b.To)}, happened: true,
		locale: user.Profile.Locale, zone: user.Profile.Zoneinfo,
	}
	return c.linked(ctx, what, PathStopEmail, onetime.Token{
		Purpose: onetime.EmailStop, Subject: string(b.UserID), TTL: c.cfg.Lifetimes.Verify, Data: update,
	})
}

func (c *Composer) emailChanged(ctx context.Context, b EmailChanged) (content, error) {
	zone, err := c.timeZone(ctx, b.UserID)
	if err != nil {
		return content{}, err
	}
	what := content{to: b.From, key: "email_changed", values: []any{"Email", ident.Mask(b.To)}, happened: true, zone: zone}
	return c.linked(ctx, what, PathUndoEmail, onetime.Token{
		Purpose: onetime.EmailUndo, Subject: UndoSubject(c.cfg.Hasher, b.UserID, b.From), TTL: c.cfg.Lifetimes.Undo,
		Data: EmailUpdate{UserID: b.UserID, From: b.From, To: b.To, Epoch: b.Epoch, Since: b.Since},
	})
}

func (c *Composer) deletionPlanned(ctx context.Context, b DeletionPlanned) (content, error) {
	left := b.DeleteAt.Sub(c.cfg.Now())
	if left <= 0 {
		return content{}, ErrNobody
	}
	zone, err := c.timeZone(ctx, b.UserID)
	if err != nil {
		return content{}, err
	}
	what := content{to: b.To, key: "deletion_planned", values: []any{locale.Count, wholeDays(left)}, happened: true, zone: zone}
	what, err = c.linked(ctx, what, PathKeepAccount, onetime.Token{
		Purpose: onetime.DeletionCancel, Subject: string(b.UserID), Data: Deletion{UserID: b.UserID}, TTL: left,
	})
	what.linkLasts = 0 // the text says it
	return what, err
}

func (c *Composer) invitation(_ context.Context, b Invitation) (content, error) {
	return content{
		to: b.Email, key: "invitation", link: c.link(PathSignUp, InvitationParam, b.Token), linkLasts: c.until(b.ExpiresAt),
	}, nil
}

func (c *Composer) code(kind storage.MessageKind, b Code) content {
	what := content{to: b.To, key: string(kind), code: b.Code, codeLasts: c.until(b.ExpiresAt)}
	if kind != storage.MessageEmailCode {
		what.values = []any{"Code", b.Code} // an SMS says it in its sentence
	}
	return what
}

// until is how long it is until a time; zero where there is none.
func (c *Composer) until(at time.Time) time.Duration {
	if at.IsZero() {
		return 0
	}
	return at.Sub(c.cfg.Now())
}

// wholeDays is a time in days; what is left over counts as one.
func wholeDays(d time.Duration) int { return int((d + 24*time.Hour - 1) / (24 * time.Hour)) }

// timeZone is that of a person, where they told it.
func (c *Composer) timeZone(ctx context.Context, id storage.ID) (string, error) {
	user, err := find(c.cfg.Users.ByID(ctx, id))
	if err != nil || user == nil {
		return "", err
	}
	return user.Profile.Zoneinfo, nil
}
