package account

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// SignUpMode says who may make an account by themselves.
type SignUpMode string

// The modes.
const (
	SignUpOff        SignUpMode = "off"
	SignUpOpen       SignUpMode = "open"
	SignUpInvitation SignUpMode = "invitation"
)

// Presence says whether an account has a name of a kind.
type Presence string

// The presences.
const (
	PresenceRequired Presence = "required"
	PresenceOptional Presence = "optional"
	PresenceOff      Presence = "off"
)

// SignUpPolicy says who may sign up, and with what.
type SignUpPolicy struct {
	Mode SignUpMode
	// Email is whether an account needs an address: required or optional.
	Email Presence
	// Username is whether people choose a name to sign in with.
	Username Presence
}

// SignUpPolicy is who may sign up, and with what.
func (s *Service) SignUpPolicy() SignUpPolicy { return s.cfg.SignUp }

// Sign-up makes no account. It hashes the password and seals what was typed into
// a message: whether the address is free is found out by whoever composes the
// message, and told to its owner alone (enumeration, requirements EN1 and EN2).
// The account is made when the address is confirmed, whole.

// SignUp is what somebody who signs up typed.
type SignUp struct {
	Email, Username, Name, Password string
	// Locale is the language that they read (BCP 47).
	Locale string
	// Attributes are the custom ones that were asked for, as JSON has their values.
	Attributes map[string]any
	// Invitation is the one that they hold; nil is none.
	Invitation *storage.Invitation
}

// user is the person that it would make.
func (f *SignUp) user() *storage.User {
	return &storage.User{Email: f.Email, Username: f.Username, Profile: storage.Profile{Name: f.Name, Locale: f.Locale}}
}

// CheckSignUp says all that is wrong with what was typed: each is a [FieldError]
// or a [PasswordError]. None of it depends on who has an account, and nobody else is
// asked: PrepareSignUp looks the password up as well. It spells the names as they
// are kept.
func (s *Service) CheckSignUp(f *SignUp) []error {
	policy := s.cfg.SignUp
	var problems []error
	add := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	spell := func(name *string, as func(string) (string, error)) {
		spelled, err := as(*name)
		if err == nil {
			*name = spelled
		}
		add(err)
	}
	withoutAddress := f.Email == "" && policy.Email == PresenceOptional && f.Invitation == nil
	if !withoutAddress {
		spell(&f.Email, spellEmail)
	}
	switch {
	case f.Username == "" && (withoutAddress || policy.Username == PresenceRequired):
		add(&FieldError{Field: "username", Problem: Required})
	case f.Username != "" && policy.Username == PresenceOff:
		add(&FieldError{Field: "username", Problem: Off})
	case f.Username != "":
		spell(&f.Username, spellUsername)
	}
	kept, wrongAttributes := s.checkAttributes(nil, f.Attributes, bySignUp)
	f.Attributes = kept
	problems = append(problems, wrongAttributes...)
	if utf8.RuneCountInString(f.Name) > ident.MaxName {
		add(&FieldError{Field: "name", Problem: TooLong})
	}
	if wrong := s.cfg.PasswordPolicy.Check(f.Password, s.passwordContext(f.user())); len(wrong) > 0 {
		add(&PasswordError{Problems: wrong, Least: s.MinPassword(f.user())})
	}
	return problems
}

// maySignUp decides whether people may sign up that way.
func (s *Service) maySignUp(f *SignUp) error {
	switch s.cfg.SignUp.Mode {
	case SignUpOpen:
		return nil
	case SignUpInvitation:
		if f.Invitation != nil && f.Invitation.Email == f.Email {
			return nil
		}
	case SignUpOff:
	}
	return ErrClosed
}

// PrepareSignUp checks and hashes what was typed, and returns what
// [Service.RequestSignUp] sends: it may be sent more than once. to is where the
// person goes on. It answers ErrClosed, a [FieldError] or a [PasswordError].
func (s *Service) PrepareSignUp(ctx context.Context, f *SignUp, to message.Return) (*message.SignUp, error) {
	if err := s.maySignUp(f); err != nil {
		return nil, err
	}
	if problems := s.CheckSignUp(f); len(problems) > 0 {
		return nil, problems[0]
	}
	verifier, err := s.newPassword(ctx, f.user(), f.Password)
	if err != nil {
		return nil, err
	}
	asked := &message.SignUp{
		Email: f.Email, Username: f.Username, Verifier: verifier, Profile: f.user().Profile, Attributes: f.Attributes, Return: to,
	}
	if f.Invitation != nil {
		asked.Invitation = f.Invitation.ID
	}
	return asked, nil
}

// RequestSignUp has the address of a prepared sign-up confirmed.
func (s *Service) RequestSignUp(ctx context.Context, by Actor, asked *message.SignUp) error {
	return s.request(ctx, by, storage.EventSignUpRequested, *asked)
}

// SignUpByName makes an account that has a username and no address, where the
// configuration takes such: there is nothing to confirm, and nobody but the
// answer to say that the name is taken. It answers ErrTaken, and what
// [Service.PrepareSignUp] does.
func (s *Service) SignUpByName(ctx context.Context, by Actor, f *SignUp) (*storage.User, error) {
	asked, err := s.PrepareSignUp(ctx, f, message.Return{})
	if err != nil {
		return nil, err
	}
	if asked.Email != "" {
		return nil, &FieldError{Field: "email", Problem: Invalid, Cause: errors.New("an address has to be confirmed")}
	}
	user, err := s.newUser("", asked.Username, asked.Profile)
	if err != nil {
		return nil, err
	}
	user.PasswordHash, user.PasswordChangedAt = asked.Verifier, user.CreatedAt
	user.Attributes = s.stillAsked(asked.Attributes)
	return user, s.insert(ctx, by, user, "")
}
