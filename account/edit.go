package account

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// PersonEdits changes several things of a person at once; storage/sqlstore.Users in the
// binary.
type PersonEdits interface {
	// Edit answers storage.ErrConflict when a name is another's, storage.ErrConsumed when
	// the person was changed meanwhile, and the error of its condition.
	Edit(ctx context.Context, edit storage.PersonEdit, events []storage.Event, m ...storage.Message) error
}

// Edit is what of a person is changed by somebody else's word; what is nil stays.
type Edit struct {
	// Email is another address, and EmailVerified says that it is known to be theirs;
	// without another one, that the one that they have is.
	Email         *string
	EmailVerified bool
	Username      *string
	Profile       *storage.Profile
	Attributes    map[string]any
	// Roles replaces those that they have other than by a group.
	Roles *[]string
	// Active says whether they may sign in: false keeps them out, true takes back what
	// the same source said. It is for sources of provisioning.
	Active *bool
	// If judges the person as they are when they are changed, and nobody else can change
	// them any more (compare and swap); its error is the answer.
	If func(*storage.User) error
	// word is what a source says from now on, and keep takes a planned deletion back. same
	// says that the word is what it was, and adopt that it is the first one of somebody who
	// was there before.
	word              *storage.Provisioned
	keep, same, adopt bool
}

// editing is an edit on its way to the store: every part is allowed, and known to be
// possible, before the first one is written.
type editing struct {
	by       Actor
	user     *storage.User
	store    storage.PersonEdit
	events   []storage.Event
	messages []storage.Message
}

// add takes the event and the messages of a part.
func (e *editing) add(c *change) {
	e.events, e.messages = append(e.events, c.event), append(e.messages, c.messages...)
}

// Edit changes a person, all of it or nothing, in one transaction. Each part is allowed,
// recorded and told as it is by itself. It answers the [FieldError] of the first value
// that is not taken, ErrTaken, ErrChanged, and the error of its condition.
func (s *Service) Edit(ctx context.Context, by Actor, id storage.ID, edit Edit) error {
	user, err := s.cfg.Users.ByID(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrNobody, err)
	}
	if err != nil {
		return fmt.Errorf("read user: %w", err)
	}
	if edit.If != nil {
		if err := edit.If(user); err != nil {
			return err
		}
	}
	return s.editPerson(ctx, by, user, &edit)
}

func (s *Service) editPerson(ctx context.Context, by Actor, user *storage.User, edit *Edit) error {
	e := &editing{by: by, user: user, store: storage.PersonEdit{
		UserID: user.ID, PasswordEpoch: user.PasswordEpoch, If: edit.If, Provisioned: edit.word, Now: s.cfg.Now(),
	}}
	for _, part := range []func(context.Context, *editing, *Edit) error{
		s.editSource, s.editProfile, s.editAttributes, s.editEmail, s.editRoles, s.editActive, s.editDeletion,
	} {
		if err := part(ctx, e, edit); err != nil {
			return err
		}
	}
	if len(e.events) == 0 && (edit.word == nil || edit.same) {
		return nil
	}
	if len(e.events) == 0 { // what the source says changes, and the account does not
		c, err := s.start(ctx, by, changeProfile, user)
		if err != nil {
			return err
		}
		e.add(c)
	}
	err := s.cfg.Edits.Edit(ctx, e.store, e.events, e.messages...)
	if errors.Is(err, storage.ErrConflict) {
		return fmt.Errorf("edit account: %w: %w", ErrTaken, err)
	}
	return s.written(&change{messages: e.messages}, "edit account", err)
}

// editProfile judges another profile and username.
func (s *Service) editProfile(ctx context.Context, e *editing, edit *Edit) error {
	profile, username := e.user.Profile, e.user.Username
	if edit.Profile != nil {
		profile = *edit.Profile
	}
	if edit.Username != nil {
		username = *edit.Username
	}
	if username == e.user.Username && edit.Profile == nil {
		return nil
	}
	c, err := s.start(ctx, e.by, changeProfile, e.user)
	if err != nil {
		return err
	}
	if problems := s.CheckProfile(e.user, &profile, username); len(problems) > 0 {
		return problems[0]
	}
	if username != e.user.Username {
		if err := s.authorize(ctx, e.by, changeUsername, e.user); err != nil {
			return err
		}
		if username, err = s.newUsername(e.user, username); err != nil {
			return err
		}
		if err := s.notify(c, message.Notice{Kind: storage.MessageUsernameChanged}); err != nil {
			return err
		}
	} else if reflect.DeepEqual(profile, e.user.Profile) {
		return nil
	}
	e.store.Profile = &storage.ProfileChange{
		UserID: e.user.ID, PasswordEpoch: e.user.PasswordEpoch, Profile: profile, Username: username, Now: e.store.Now,
	}
	e.add(c)
	return nil
}

// editAttributes judges other custom attributes.
func (s *Service) editAttributes(ctx context.Context, e *editing, edit *Edit) error {
	if len(edit.Attributes) == 0 {
		return nil
	}
	c, err := s.start(ctx, e.by, changeAttributes, e.user)
	if err != nil {
		return err
	}
	to, changed, err := s.newerAttributes(e.by, e.user, edit.Attributes)
	if err != nil || len(changed) == 0 {
		return err
	}
	c.detail("attributes " + orNone(changed))
	e.store.Attributes = &storage.AttributesChange{
		UserID: e.user.ID, PasswordEpoch: e.user.PasswordEpoch, From: e.user.Attributes, To: to, Now: e.store.Now,
	}
	e.add(c)
	return nil
}

// editEmail judges another address, or notes that it is theirs.
func (s *Service) editEmail(ctx context.Context, e *editing, edit *Edit) error {
	switch {
	case edit.Email != nil && *edit.Email != e.user.Email:
		c, to, err := s.anotherEmail(ctx, e.by, e.user, *edit.Email)
		if err != nil {
			return err
		}
		e.store.Email = &storage.EmailChange{
			UserID: e.user.ID, PasswordEpoch: e.user.PasswordEpoch, From: e.user.Email, To: to, Verified: edit.EmailVerified, Now: e.store.Now,
		}
		e.add(c)
		return nil
	case !edit.EmailVerified || e.user.EmailVerified:
		return nil
	case e.user.Email == "":
		return &FieldError{Field: "email", Problem: Required}
	}
	c, err := s.start(ctx, e.by, proveEmail, e.user)
	if err != nil {
		return err
	}
	e.store.VerifyEmail = e.user.Email
	e.add(c)
	return nil
}

// editRoles judges other roles.
func (s *Service) editRoles(ctx context.Context, e *editing, edit *Edit) error {
	if edit.Roles == nil {
		return nil
	}
	c, roles, err := s.otherRoles(ctx, e.by, e.user, *edit.Roles)
	if err != nil {
		return err
	}
	e.store.Roles = &roles
	e.add(c)
	return nil
}

// editActive keeps a person out, or lets in again whom the same source kept out.
func (s *Service) editActive(ctx context.Context, e *editing, edit *Edit) error {
	switch {
	case edit.Active == nil || edit.word == nil || *edit.Active == !e.user.Disabled():
		return nil
	case *edit.Active && !edit.word.Deactivated(e.user):
		return nil // somebody else keeps them out, and their word stands
	}
	act := disable
	if *edit.Active {
		act = enable
	}
	c, err := s.start(ctx, e.by, act, e.user)
	if err != nil {
		return err
	}
	c.detail("by " + e.by.source.String())
	e.store.Enable, e.store.Disable = *edit.Active, !*edit.Active
	e.add(c)
	return nil
}

// editDeletion takes a planned deletion back.
func (s *Service) editDeletion(ctx context.Context, e *editing, edit *Edit) error {
	if !edit.keep || e.user.DeleteAt.IsZero() {
		return nil
	}
	c, err := s.start(ctx, e.by, keepAccount, e.user)
	if err != nil {
		return err
	}
	e.store.Keep = true
	e.add(c)
	return nil
}

// sameAddress reports whether two spellings are of one address.
func sameAddress(a, b string) bool { return ident.Canonical(a) == ident.Canonical(b) }
