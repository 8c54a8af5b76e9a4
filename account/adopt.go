package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/storage"
)

// Adoption says which people who were there before a source become its own when it makes
// somebody of the same name: those without a source, and no administrator (account
// takeover). Without any of it a name that is taken is taken.
type Adoption struct {
	// Email is by an address that is proven here, and known to be theirs at the source.
	Email bool
	// Username is by the username.
	Username bool
}

// adoptee is who was there before and is meant by the word of a source; nil: nobody whom
// the source may have. That an administrator is meant is recorded, and answered like any
// name that is taken: a source learns nothing of who administers.
func (s *Service) adoptee(ctx context.Context, by Actor, w Word) (*storage.User, error) {
	var found *storage.User
	for _, way := range []struct {
		may  bool
		name string
		is   func(*storage.User) bool
	}{
		{w.Adopt.Email && w.EmailVerified, w.Email, func(u *storage.User) bool { return u.EmailVerified && sameAddress(u.Email, w.Email) }},
		{w.Adopt.Username, w.Username, func(u *storage.User) bool { return sameAddress(u.Username, w.Username) }},
	} {
		if !way.may || way.name == "" {
			continue
		}
		u, err := s.cfg.Users.ByIdentifier(ctx, way.name)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			continue
		case err != nil:
			return nil, fmt.Errorf("look for account to adopt: %w", err)
		case !way.is(u) || !u.DeleteAt.IsZero():
			continue
		case found != nil && found.ID != u.ID:
			return nil, fmt.Errorf("address and username are of two accounts: %w", ErrTaken)
		}
		found = u
	}
	if found == nil || !s.Administers(found) {
		return found, nil
	}
	if err := s.refuse(ctx, by, storage.EventUserAdopted, found.ID); !errors.Is(err, ErrForbidden) {
		return nil, err
	}
	return nil, fmt.Errorf("adopt an administrator: %w", ErrTaken)
}

// adopt makes somebody who was there before the source's own, with all that the source
// says of them.
func (s *Service) adopt(ctx context.Context, by Actor, user *storage.User, w Word) (*storage.ProvisionedUser, error) {
	by.made = user.ID
	word := storage.Provisioned{UserID: user.ID, Source: by.source, Version: 1, CreatedAt: s.cfg.Now()}
	if err := s.say(ctx, by, user, &word, w, Edit{adopt: true}, false); err != nil {
		return nil, err
	}
	return s.Provisioned(ctx, by, user.ID)
}

// editSource notes that somebody is a source's own from now on.
func (s *Service) editSource(ctx context.Context, e *editing, edit *Edit) error {
	if !edit.adopt {
		return nil
	}
	c, err := s.start(ctx, e.by, adoptUser, e.user)
	if err != nil {
		return err
	}
	c.detail("by " + e.by.source.String())
	e.store.Adopt = true
	e.add(c)
	return nil
}
