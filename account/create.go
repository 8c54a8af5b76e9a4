package account

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// Accounts makes them; storage/sqlstore.Users in the binary. Each answers
// storage.ErrConflict when a name is another's.
type Accounts interface {
	Create(ctx context.Context, u *storage.User, e storage.Event, m ...storage.Message) error
	// CreateInvited consumes the invitation with it, or answers storage.ErrConsumed.
	CreateInvited(ctx context.Context, u *storage.User, invitation storage.ID, e storage.Event, m ...storage.Message) error
	// Import inserts all or none, and returns how many. It may ask for people from the
	// beginning again.
	Import(ctx context.Context, people iter.Seq2[storage.ImportedUser, error]) (int, error)
}

// NewAccount is an account that an operator makes.
type NewAccount struct {
	Email         string
	EmailVerified bool
	Username      string
	Phone         string // E.164
	PhoneVerified bool
	Profile       storage.Profile
	// Attributes are custom ones, as JSON has their values.
	Attributes map[string]any
	// Password is the account's; empty leaves it without one.
	Password string
}

// Create makes an account. It answers a [FieldError], a [PasswordError] or
// ErrTaken.
func (s *Service) Create(ctx context.Context, by Actor, n NewAccount) (*storage.User, error) {
	if by.kind != storage.ActorOperator && by.kind != storage.ActorSystem && by.duties&DutyPeople == 0 {
		return nil, s.refuse(ctx, by, storage.EventUserCreated, "")
	}
	email, username, err := spellNames(n.Email, n.Username)
	if err != nil {
		return nil, err
	}
	user, err := s.newUser(email, username, n.Profile)
	if err != nil {
		return nil, err
	}
	user.EmailVerified = n.EmailVerified && email != ""
	user.Phone, user.PhoneVerified = n.Phone, n.PhoneVerified && n.Phone != ""
	if err := checkNewPerson(user); err != nil {
		return nil, err
	}
	edits := by.edits()
	if by.kind == storage.ActorSystem {
		edits = byAdministrator
	}
	if user.Attributes, err = s.newAttributes(n.Attributes, edits); err != nil {
		return nil, err
	}
	if n.Password != "" {
		if user.PasswordHash, err = s.newPassword(ctx, user, n.Password); err != nil {
			return nil, err
		}
		user.PasswordChangedAt = user.CreatedAt
	}
	return user, s.insert(ctx, by, user, "")
}

// checkNewPerson says what is wrong with what is said of a new person.
func checkNewPerson(u *storage.User) error {
	if u.Phone != "" {
		if err := ident.Phone(u.Phone); err != nil {
			return &FieldError{Field: "phone", Problem: Invalid, Cause: err}
		}
	}
	if problems := CheckNewProfile(&u.Profile); len(problems) > 0 {
		return problems[0]
	}
	return nil
}

func (s *Service) newUser(email, username string, profile storage.Profile) (*storage.User, error) {
	now := s.cfg.Now()
	id, err := storage.NewID(now, s.cfg.Random)
	if err != nil {
		return nil, fmt.Errorf("name account: %w", err)
	}
	return &storage.User{ID: id, Email: email, Username: username, Profile: profile, CreatedAt: now, UpdatedAt: now}, nil
}

// insert writes a new account, and spends the invitation where there is one.
func (s *Service) insert(ctx context.Context, by Actor, user *storage.User, invitation storage.ID) error {
	e, err := NewEvent(s.cfg.Now(), s.cfg.Random, by, storage.EventUserCreated, user.ID)
	if err != nil {
		return err
	}
	if invitation != "" {
		err = s.cfg.Accounts.CreateInvited(ctx, user, invitation, e)
	} else {
		err = s.cfg.Accounts.Create(ctx, user, e)
	}
	switch {
	case errors.Is(err, storage.ErrConflict):
		return fmt.Errorf("create account: %w: %w", ErrTaken, err)
	case errors.Is(err, storage.ErrConsumed):
		return fmt.Errorf("create account: %w: %w", ErrVoid, err)
	case err != nil:
		return fmt.Errorf("create account: %w", err)
	}
	return nil
}

// confirmSignUp makes the account that was asked for, whose address is proven. A
// name that somebody took meanwhile is left out: it can be chosen anew.
func (s *Service) confirmSignUp(ctx context.Context, by Actor, asked *message.SignUp) (*storage.User, error) {
	user, err := s.newUser(asked.Email, asked.Username, asked.Profile)
	if err != nil {
		return nil, err
	}
	user.EmailVerified, user.PasswordHash, user.PasswordChangedAt = true, asked.Verifier, user.CreatedAt
	user.Attributes = s.stillAsked(asked.Attributes)
	err = s.insert(ctx, by, user, asked.Invitation)
	if errors.Is(err, ErrTaken) && user.Username != "" {
		user.Username = ""
		err = s.insert(ctx, by, user, asked.Invitation)
	}
	if errors.Is(err, ErrTaken) {
		return nil, fmt.Errorf("%w: %w", ErrVoid, err) // the address has an account by now
	}
	return user, err
}

// SignUpProof is what whoever opens the link of a sign-up shows: that they asked
// for the account, or what is to become of its password.
type SignUpProof struct {
	// SameBrowser says that the browser is the one that signed up.
	SameBrowser bool
	// Password is the one that was chosen when signing up, and NewPassword one to
	// take instead, with which everything else that was asked for is dropped.
	Password, NewPassword string
}

// PeekSignUp looks at the link of a sign-up, and spends nothing (OT4). It answers
// ErrVoid.
func (s *Service) PeekSignUp(ctx context.Context, token string) (message.SignUp, error) {
	return peek[message.SignUp](ctx, s, onetime.SignUp, token)
}

// ConfirmSignUp spends the link that confirms the address of a sign-up, and makes
// the account. A mailbox alone never completes what another browser began with its
// own password (pre-hijacking, requirement FE4): there the password is shown, or
// the owner of the mailbox chooses another. It returns what was asked for with it,
// and answers ErrVoid, ErrWrongPassword and a [PasswordError], which cost no link.
func (s *Service) ConfirmSignUp(ctx context.Context, by Actor, token string, shown SignUpProof) (*storage.User, *message.SignUp, error) {
	asked, err := s.PeekSignUp(ctx, token)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case shown.SameBrowser:
	case shown.NewPassword != "":
		asked.Username, asked.Attributes, asked.Profile = "", nil, storage.Profile{Locale: asked.Profile.Locale}
		owner := &storage.User{Email: asked.Email}
		if asked.Verifier, err = s.newPassword(ctx, owner, shown.NewPassword); err != nil {
			return nil, nil, err
		}
	default:
		fits, err := s.cfg.Passwords.Verify(ctx, asked.Verifier, shown.Password)
		if err != nil {
			return nil, nil, fmt.Errorf("verify password: %w", err)
		}
		if !fits {
			return nil, nil, ErrWrongPassword
		}
	}
	if _, err := s.cfg.Tokens.Redeem(ctx, onetime.SignUp, token); err != nil {
		return nil, nil, tokenError(err)
	}
	user, err := s.confirmSignUp(ctx, by, &asked)
	return user, &asked, err
}

// ConfirmSignUpByCode makes the account that was asked for in this browser, by
// the code that was sent to its address. The code proves the address; what else
// makes the account is asked, what was typed in this browser: somebody else may
// have asked for an account with the address meanwhile. It answers ErrVoid, and
// onetime.ErrExhausted after too many wrong codes.
func (s *Service) ConfirmSignUpByCode(ctx context.Context, by Actor, asked message.SignUp, code string) (*storage.User, error) {
	subject := message.AddressSubject(s.cfg.Hasher, asked.Email)
	entry, err := s.cfg.Tokens.RedeemCode(ctx, onetime.SignUp, subject, code)
	if err != nil {
		return nil, tokenError(err)
	}
	var proven message.SignUp
	if err := entry.Decode(&proven); err != nil {
		return nil, err
	}
	asked.Email = proven.Email
	return s.confirmSignUp(ctx, by, &asked)
}
