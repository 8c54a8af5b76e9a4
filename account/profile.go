package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/storage"
)

// Profiles keeps what people say of themselves, their number and their roles;
// storage/sqlstore.Users in the binary.
type Profiles interface {
	// UpdateProfile answers storage.ErrConflict when the username is another's; like
	// ChangePhone it answers storage.ErrConsumed when the password epoch is another.
	UpdateProfile(ctx context.Context, c storage.ProfileChange, e storage.Event, m ...storage.Message) error
	ChangePhone(ctx context.Context, c storage.PhoneChange, e storage.Event, m ...storage.Message) error
	// SetAttributes answers storage.ErrConflict when they are not what they were, and
	// storage.ErrConsumed when the password epoch is another.
	SetAttributes(ctx context.Context, c storage.AttributesChange, e storage.Event) error
	SetRoles(ctx context.Context, id storage.ID, roles []string, now time.Time, e storage.Event) error
	// ResetFactors removes all that a person has besides a password, and ends
	// sessions and grants.
	ResetFactors(ctx context.Context, id storage.ID, now time.Time, e storage.Event, m ...storage.Message) error
}

// SetProfile sets what the person says of themselves, and their username. A
// person signs in with a username, so changing it wants fresh proofs and is told.
// It answers ErrTaken, and the [FieldError] of the first field that is not taken.
func (s *Service) SetProfile(ctx context.Context, by Actor, id storage.ID, p storage.Profile, username string) error {
	c, err := s.begin(ctx, by, changeProfile, id)
	if err != nil {
		return err
	}
	if problems := s.CheckProfile(c.user, &p, username); len(problems) > 0 {
		return problems[0]
	}
	if username != c.user.Username {
		if err := s.authorize(ctx, by, changeUsername, c.user); err != nil {
			return err
		}
		if username, err = s.newUsername(c.user, username); err != nil {
			return err
		}
		if err := s.notify(c, message.Notice{Kind: storage.MessageUsernameChanged}); err != nil {
			return err
		}
	}
	changed := storage.ProfileChange{UserID: id, PasswordEpoch: c.user.PasswordEpoch, Profile: p, Username: username, Now: c.now}
	err = s.cfg.Profiles.UpdateProfile(ctx, changed, c.event, c.messages...)
	if errors.Is(err, storage.ErrConflict) {
		return fmt.Errorf("update profile: %w: %w", ErrTaken, err)
	}
	return s.written(c, "update profile", err)
}

// CheckProfile says all that is wrong with what the person would change, each a
// [FieldError] under the name of the claim, and spells the rest as it is kept.
// What was taken over from elsewhere may stay as it is.
func (s *Service) CheckProfile(user *storage.User, p *storage.Profile, username string) []error {
	var problems []error
	if username != user.Username {
		if _, err := s.newUsername(user, username); err != nil {
			problems = append(problems, err)
		}
	}
	return append(problems, checkClaims(&user.Profile, p)...)
}

// newUsername is another username of the person as it is kept.
func (s *Service) newUsername(user *storage.User, typed string) (string, error) {
	switch {
	case typed != "" && s.cfg.SignUp.Username == PresenceOff:
		return "", &FieldError{Field: "username", Problem: Off}
	case typed != "":
		return spellUsername(typed)
	case s.cfg.SignUp.Username == PresenceRequired || user.Email == "":
		return "", &FieldError{Field: "username", Problem: Required}
	}
	return "", nil
}

// SetRoles replaces the roles that the person has other than by a group, and returns
// them in order. It answers a [FieldError] for field roles.
func (s *Service) SetRoles(ctx context.Context, by Actor, id storage.ID, roles []string) ([]string, error) {
	user, err := s.cfg.Users.ByID(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", ErrNobody, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read user: %w", err)
	}
	c, roles, err := s.otherRoles(ctx, by, user, roles)
	if err != nil {
		return nil, err
	}
	return roles, s.written(c, "set roles", s.cfg.Profiles.SetRoles(ctx, id, roles, c.now, c.event))
}

// otherRoles begins the change of the roles that a person has other than by a group.
func (s *Service) otherRoles(ctx context.Context, by Actor, user *storage.User, typed []string) (c *change, roles []string, err error) {
	if roles, err = spellRoles(typed); err != nil {
		return nil, nil, err
	}
	if c, err = s.start(ctx, by, changeRoles, user); err != nil {
		return nil, nil, err
	}
	c.detail("roles " + orNone(roles))
	return c, roles, s.mayGive(ctx, by, c, roles)
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, ",")
}
