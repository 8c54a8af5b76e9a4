package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// Credentials keeps what people enrolled as factors; storage/sqlstore.Credentials
// in the binary.
type Credentials interface {
	ListByUser(ctx context.Context, userID storage.ID) ([]storage.Credential, error)
	// Add forgets failures with the kind, and trusted devices. It answers
	// storage.ErrFull, storage.ErrConflict for a passkey that is enrolled, and
	// storage.ErrConsumed when the password epoch is another.
	Add(ctx context.Context, c *storage.Credential, start storage.FactorStart, e storage.Event, m ...storage.Message) error
	// Rename and Delete answer storage.ErrConsumed when the password epoch is another.
	Rename(ctx context.Context, c storage.CredentialChange, name string, e storage.Event) error
	// Delete answers storage.ErrConflict for the last one where one must stay.
	Delete(ctx context.Context, c storage.CredentialChange, keepOne bool, e storage.Event, m ...storage.Message) error
}

// Lockouts forgets failures with factors; storage/sqlstore.Lockouts in the binary.
type Lockouts interface {
	// Unlock forgets those with a kind, or with all for "". It answers
	// storage.ErrNotFound when there were none.
	Unlock(ctx context.Context, userID storage.ID, kind storage.FactorKind, now time.Time, e storage.Event, m ...storage.Message) error
}

// StartFactor returns what to show to a person who adds a factor of the kind. It
// answers mfa.ErrNotOffered where nobody enrolls the kind, and a [StaleError] on
// the page already, before anything is shown.
func (s *Service) StartFactor(ctx context.Context, by Actor, kind storage.FactorKind, a mfa.Attempt) (mfa.Enrollment, error) {
	enroller, ok := s.cfg.Factors.Enroller(kind)
	if !ok {
		return mfa.Enrollment{}, mfa.ErrNotOffered
	}
	if err := s.authorize(ctx, by, startFactor, a.Person.User); err != nil {
		return mfa.Enrollment{}, err
	}
	return enroller.Start(ctx, a)
}

// AddFactor confirms a factor by its first response, and keeps it under the name
// that the person gives it. The owner is told. It answers the errors of
// mfa.Enroller, mfa.ErrTooMany, mfa.ErrTaken, mfa.ErrExpired when the password
// was changed since it was started, and what authorization does.
func (s *Service) AddFactor(ctx context.Context, by Actor, kind storage.FactorKind, a mfa.Attempt, r mfa.Response, name string) (storage.Credential, error) {
	enroller, ok := s.cfg.Factors.Enroller(kind)
	if !ok {
		return storage.Credential{}, mfa.ErrNotOffered
	}
	c, err := s.begin(ctx, by, addFactor, a.Person.User.ID)
	if err != nil {
		return storage.Credential{}, err
	}
	credential, err := enroller.Confirm(ctx, a, r, name)
	if err != nil {
		return storage.Credential{}, err
	}
	c.detail(string(kind))
	added := message.Notice{Kind: storage.MessageFactorAdded, Factor: kind, Name: credential.Name, Since: earlier(credential.CreatedAt, s.Sitting(by))}
	if err := s.notifyProven(c, added); err != nil {
		return storage.Credential{}, err
	}
	err = s.cfg.Credentials.Add(ctx, &credential, storage.FactorStart{PasswordEpoch: c.user.PasswordEpoch}, c.event, c.messages...)
	switch {
	case errors.Is(err, storage.ErrConsumed):
		return storage.Credential{}, mfa.ErrExpired
	case errors.Is(err, storage.ErrFull):
		return storage.Credential{}, mfa.ErrTooMany
	case errors.Is(err, storage.ErrConflict):
		return storage.Credential{}, mfa.ErrTaken
	}
	return credential, s.written(c, "keep factor", err)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// credential names one of the person's factors, for a write under the password
// epoch that the change was allowed under.
func (c *change) credential(id storage.ID) storage.CredentialChange {
	return storage.CredentialChange{UserID: c.user.ID, ID: id, PasswordEpoch: c.user.PasswordEpoch}
}

// notifyProven is notify for what names things by words that the actor chose: it
// goes to an address that is known to be the owner's.
func (s *Service) notifyProven(c *change, n message.Notice) error {
	if !c.user.EmailVerified {
		return nil
	}
	return s.notify(c, n)
}

// RenameFactor gives a factor another name. It answers ErrNotFound, and a
// [FieldError] for field name.
func (s *Service) RenameFactor(ctx context.Context, by Actor, id, factor storage.ID, name string) error {
	c, err := s.begin(ctx, by, renameFactor, id)
	if err != nil {
		return err
	}
	switch {
	case name == "":
		return &FieldError{Field: "name", Problem: Required}
	case utf8.RuneCountInString(name) > ident.MaxDeviceName:
		return &FieldError{Field: "name", Problem: TooLong}
	}
	return s.written(c, "rename factor", s.cfg.Credentials.Rename(ctx, c.credential(factor), name, c.event))
}

// RemoveFactor removes a factor. The owner is told. It answers ErrNotFound, and
// ErrLast where policy requires one and it is the last.
func (s *Service) RemoveFactor(ctx context.Context, by Actor, id, factor storage.ID) error {
	c, err := s.begin(ctx, by, removeFactor, id)
	if err != nil {
		return err
	}
	credentials, err := s.cfg.Credentials.ListByUser(ctx, id)
	if err != nil {
		return fmt.Errorf("list factors: %w", err)
	}
	i := slices.IndexFunc(credentials, func(c storage.Credential) bool { return c.ID == factor })
	if i < 0 {
		return fmt.Errorf("no factor %q: %w", factor, ErrNotFound)
	}
	removed := credentials[i]
	c.detail(string(removed.Kind))
	if err := s.notify(c, message.Notice{Kind: storage.MessageFactorRemoved, Factor: removed.Kind, Name: removed.Name}); err != nil {
		return err
	}
	err = s.cfg.Credentials.Delete(ctx, c.credential(factor), s.FactorRequired(c.user), c.event, c.messages...)
	if errors.Is(err, storage.ErrConflict) {
		return fmt.Errorf("remove factor: %w: %w", ErrLast, err)
	}
	return s.written(c, "remove factor", err)
}

// Enrollable are the kinds of factors that people can add and that count.
func (s *Service) Enrollable() []storage.FactorKind {
	var kinds []storage.FactorKind
	for _, factor := range s.cfg.Factors.All() {
		if _, ok := factor.(mfa.Enroller); ok && s.cfg.Policy.Reaches(factor.Kind()) != "" {
			kinds = append(kinds, factor.Kind())
		}
	}
	return kinds
}

// FactorRequired reports whether policy asks the person for a second factor.
func (s *Service) FactorRequired(user *storage.User) bool { return s.cfg.Policy.Requires(user, nil) }

// ResetFactors removes everything that a person has besides a password, and ends
// their sessions and grants. The owner is told. reason is recorded.
func (s *Service) ResetFactors(ctx context.Context, by Actor, id storage.ID, reason string) error {
	c, err := s.begin(ctx, by, resetFactors, id)
	if err != nil {
		return err
	}
	c.detail(reason)
	if err := s.notify(c, message.Notice{Kind: storage.MessageFactorsReset}); err != nil {
		return err
	}
	return s.written(c, "reset factors", s.cfg.Profiles.ResetFactors(ctx, id, c.now, c.event, c.messages...))
}

// Unlock forgets wrong responses to a kind of factor, or to all kinds for "". It
// answers ErrUnchanged when there are none.
func (s *Service) Unlock(ctx context.Context, by Actor, id storage.ID, kind storage.FactorKind) error {
	c, err := s.begin(ctx, by, unlockFactor, id)
	if err != nil {
		return err
	}
	which := string(kind)
	if which == "" {
		which = "all"
	}
	c.detail(which)
	return unchanged(s.written(c, "unlock", s.cfg.Lockouts.Unlock(ctx, id, kind, c.now, c.event)))
}
