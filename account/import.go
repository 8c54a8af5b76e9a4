package account

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// Imported is an account that comes from another system.
type Imported struct {
	// User lacks what only this installation can give: the id, and when it was
	// made here. Groups that it names are made where there are none.
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
		n, groups := 0, map[string]bool{}
		for person, err := range people {
			var one storage.ImportedUser
			if n++; err == nil {
				one, err = s.complete(by, person, groups)
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

// complete gives a person what only this installation can give. groups are those
// that people before them came with.
func (s *Service) complete(by Actor, p *Imported, groups map[string]bool) (storage.ImportedUser, error) {
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
	if u.Attributes, err = s.newAttributes(u.Attributes, byImport); err != nil {
		return storage.ImportedUser{}, err
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
	if one.User.Groups, one.NewGroups, err = s.importedGroups(by, u.Groups, groups); err != nil {
		return storage.ImportedUser{}, err
	}
	one.Event, err = NewEvent(made.CreatedAt, s.cfg.Random, by, storage.EventUserImported, u.ID)
	if err == nil && len(one.User.Groups) > 0 {
		one.Event.Detail += ": groups " + orNone(one.User.Groups)
	}
	return one, err
}

// importedGroups spells the groups that a person comes to, and makes those that
// nobody before them came with.
func (s *Service) importedGroups(by Actor, names []string, known map[string]bool) (spelled []string, made []storage.ImportedGroup, err error) {
	for _, typed := range names {
		name, err := ident.Group(typed)
		if err != nil {
			return nil, nil, &FieldError{Field: "groups", Problem: Invalid, Cause: err}
		}
		spelled = append(spelled, name)
		if known[ident.Canonical(name)] {
			continue
		}
		known[ident.Canonical(name)] = true
		now := s.cfg.Now()
		id, err := storage.NewID(now, s.cfg.Random)
		if err != nil {
			return nil, nil, fmt.Errorf("name group: %w", err)
		}
		e, err := NewEvent(now, s.cfg.Random, by, storage.EventGroupCreated, "")
		if err != nil {
			return nil, nil, err
		}
		e.Detail += ": group " + name + " (import)"
		made = append(made, storage.ImportedGroup{
			Group: storage.Group{ID: id, Name: name, Source: storage.SourceImport, CreatedAt: now, UpdatedAt: now}, Event: e,
		})
	}
	return spelled, made, nil
}
