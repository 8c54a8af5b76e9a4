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
		return nil, fmt.Errorf("look up whom a message is for: %w", err)
	}
	return user, nil
}

// sameAddress reports whether two spellings are one address.
func sameAddress(a, b string) bool {
	return ident.Canonical(a) == ident.Canonical(b)
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
	issued, err := c.cfg.Tokens.Issue(ctx, onetime.Token{
		Purpose: onetime.SignUp, Subject: AddressSubject(c.cfg.Hasher, b.Email), Data: b,
		TTL: c.cfg.Lifetimes.Verify, CodeTTL: c.cfg.Lifetimes.Code,
	})
	if err != nil {
		return content{}, err
	}
	return content{
		to: b.Email, key: "sign_up", link: c.link(PathConfirmSignUp, TokenParam, issued.Token), code: issued.Code,
		linkLasts: c.cfg.Lifetimes.Verify, codeLasts: c.cfg.Lifetimes.Code, locale: b.Profile.Locale,
	}, nil
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
	issued, err := c.cfg.Tokens.Issue(ctx, onetime.Token{
		Purpose: onetime.VerifyEmail, Subject: string(user.ID), Data: Verification{UserID: user.ID, Email: user.Email, Return: b.Return},
		TTL: c.cfg.Lifetimes.Verify, CodeTTL: c.cfg.Lifetimes.Code,
	})
	if err != nil {
		return content{}, err
	}
	return content{
		to: user.Email, key: "verify_email", link: c.link(PathVerifyEmail, TokenParam, issued.Token), code: issued.Code,
		linkLasts: c.cfg.Lifetimes.Verify, codeLasts: c.cfg.Lifetimes.Code, locale: user.Profile.Locale,
	}, nil
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
	issued, err := c.cfg.Tokens.Issue(ctx, onetime.Token{
		Purpose: onetime.PasswordReset, Subject: string(user.ID), TTL: c.cfg.Lifetimes.Reset,
		Data: Reset{UserID: user.ID, Epoch: user.PasswordEpoch, Email: user.Email, Return: b.Return},
	})
	if err != nil {
		return content{}, err
	}
	return content{
		to: user.Email, key: "password_reset", link: c.link(PathResetPassword, TokenParam, issued.Token),
		linkLasts: c.cfg.Lifetimes.Reset, locale: user.Profile.Locale,
	}, nil
}

func (c *Composer) emailChange(ctx context.Context, b EmailChange) (content, error) {
	user, err := find(c.cfg.Users.ByID(ctx, b.UserID))
	if err != nil {
		return content{}, err
	}
	if user == nil || user.Disabled() || user.PasswordEpoch != b.PasswordEpoch || !sameAddress(user.Email, b.From) {
		return content{}, ErrNobody
	}
	owner, err := find(c.cfg.Users.ByIdentifier(ctx, b.To))
	if err != nil {
		return content{}, err
	}
	if owner != nil && owner.ID != b.UserID {
		return content{to: owner.Email, key: "email_change_taken", locale: owner.Profile.Locale}, nil
	}
	issued, err := c.cfg.Tokens.Issue(ctx, onetime.Token{
		Purpose: onetime.EmailChange, Subject: string(b.UserID),
		Data: EmailUpdate{UserID: b.UserID, From: b.From, To: b.To, PasswordEpoch: b.PasswordEpoch, Return: b.Return}, TTL: c.cfg.Lifetimes.Verify, CodeTTL: c.cfg.Lifetimes.Code,
	})
	if err != nil {
		return content{}, err
	}
	return content{
		to: b.To, key: "email_change", link: c.link(PathConfirmEmail, TokenParam, issued.Token), code: issued.Code,
		linkLasts: c.cfg.Lifetimes.Verify, codeLasts: c.cfg.Lifetimes.Code, locale: user.Profile.Locale,
	}, nil
}

func (c *Composer) emailChangeAsked(ctx context.Context, b EmailChangeAsked) (content, error) {
	user, err := find(c.cfg.Users.ByID(ctx, b.UserID))
	if err != nil {
		return content{}, err
	}
	if user == nil || user.Disabled() || user.PasswordEpoch != b.PasswordEpoch || !sameAddress(user.Email, b.From) {
		return content{}, ErrNobody
	}
	issued, err := c.cfg.Tokens.Issue(ctx, onetime.Token{
		Purpose: onetime.EmailStop, Subject: string(b.UserID), TTL: c.cfg.Lifetimes.Verify,
		Data: EmailUpdate{UserID: b.UserID, From: b.From, To: b.To, PasswordEpoch: b.PasswordEpoch},
	})
	if err != nil {
		return content{}, err
	}
	return content{
		to: user.Email, key: "email_change_asked", values: []any{"Email", ident.Mask(b.To)}, happened: true,
		link: c.link(PathStopEmail, TokenParam, issued.Token), linkLasts: c.cfg.Lifetimes.Verify,
		locale: user.Profile.Locale, zone: user.Profile.Zoneinfo,
	}, nil
}

func (c *Composer) emailChanged(ctx context.Context, b EmailChanged) (content, error) {
	zone, err := c.timeZone(ctx, b.UserID)
	if err != nil {
		return content{}, err
	}
	issued, err := c.cfg.Tokens.Issue(ctx, onetime.Token{
		Purpose: onetime.EmailUndo, Subject: UndoSubject(c.cfg.Hasher, b.UserID, b.From),
		Data: EmailUpdate{UserID: b.UserID, From: b.From, To: b.To, Epoch: b.Epoch}, TTL: c.cfg.Lifetimes.Undo,
	})
	if err != nil {
		return content{}, err
	}
	return content{
		to: b.From, key: "email_changed", values: []any{"Email", ident.Mask(b.To)}, happened: true, zone: zone,
		link: c.link(PathUndoEmail, TokenParam, issued.Token), linkLasts: c.cfg.Lifetimes.Undo,
	}, nil
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
	issued, err := c.cfg.Tokens.Issue(ctx, onetime.Token{
		Purpose: onetime.DeletionCancel, Subject: string(b.UserID), Data: Deletion{UserID: b.UserID}, TTL: left,
	})
	if err != nil {
		return content{}, err
	}
	return content{
		to: b.To, key: "deletion_planned", values: []any{locale.Count, wholeDays(left)}, happened: true, zone: zone,
		link: c.link(PathKeepAccount, TokenParam, issued.Token),
	}, nil
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
