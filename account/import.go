package account

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// Imported is an account that comes from another system.
type Imported struct {
	// User lacks what only this installation can give: the id, and when it was
	// made here.
	User     storage.User
	Disabled bool
	// Made is told the id that the person got; it may be nil. What it is told is not
	// true before Import succeeded.
	Made func(id storage.ID) error
	// Authenticators are the secrets of authenticator apps: TOTP by RFC 6238 with
	// SHA-1, six digits and steps of 30 seconds.
	Authenticators []ImportedAuthenticator
}

// ImportedAuthenticator is the secret of an authenticator app.
type ImportedAuthenticator struct {
	Name   string
	Secret []byte
}

// Import makes accounts, all or none, and returns how many. Their password verifiers
// are kept as they are: whose passwords they are of is not known. It answers ErrTaken
// when one of them is here already, a [FieldError], and the error that people end
// with. People are asked for one by one, and perhaps from the beginning again, so that
// there may be any number of them.
func (s *Service) Import(ctx context.Context, by Actor, people iter.Seq2[*Imported, error]) (int, error) {
	if by.kind != storage.ActorOperator {
		return 0, fmt.Errorf("import accounts: %w", ErrForbidden)
	}
	done, err := s.cfg.Accounts.Import(ctx, func(yield func(storage.ImportedUser, error) bool) {
		n := 0
		for person, err := range people {
			var one storage.ImportedUser
			if n++; err == nil {
				one, err = s.complete(by, person)
			}
			if err == nil && person.Made != nil {
				err = person.Made(one.User.ID)
			}
			if err != nil {
				err = fmt.Errorf("person %d: %w", n, err)
			}
			if !yield(one, err) || err != nil {
				return
			}
		}
	})
	if errors.Is(err, storage.ErrConflict) {
		return 0, fmt.Errorf("import accounts: %w: %w", ErrTaken, err)
	}
	if err != nil {
		return 0, fmt.Errorf("import accounts: %w", err)
	}
	return done, nil
}

// complete gives a person what only this installation can give.
func (s *Service) complete(by Actor, p *Imported) (storage.ImportedUser, error) {
	email, username, err := spellNames(p.User.Email, p.User.Username)
	if err != nil {
		return storage.ImportedUser{}, err
	}
	made, err := s.newUser("", "", storage.Profile{})
	if err != nil {
		return storage.ImportedUser{}, err
	}
	u := p.User
	if problems := CheckNewProfile(&u.Profile); len(problems) > 0 {
		return storage.ImportedUser{}, problems[0]
	}
	u.Email, u.Username = email, username
	u.ID, u.UpdatedAt = made.ID, made.UpdatedAt
	if u.CreatedAt.IsZero() {
		u.CreatedAt = made.CreatedAt
	}
	if p.Disabled {
		u.DisabledAt = made.CreatedAt
	}
	one := storage.ImportedUser{User: u}
	for _, a := range p.Authenticators {
		id, err := storage.NewID(made.CreatedAt, s.cfg.Random)
		if err != nil {
			return storage.ImportedUser{}, fmt.Errorf("name factor: %w", err)
		}
		sealed, err := mfa.SealTOTPSecret(s.cfg.Sealer, id, u.ID, a.Secret)
		if err != nil {
			return storage.ImportedUser{}, err
		}
		one.Credentials = append(one.Credentials, storage.Credential{
			ID: id, UserID: u.ID, Kind: storage.FactorTOTP, Name: a.Name, Secret: sealed, CreatedAt: made.CreatedAt,
		})
	}
	one.Event, err = NewEvent(made.CreatedAt, s.cfg.Random, by, storage.EventUserImported, u.ID)
	return one, err
}
