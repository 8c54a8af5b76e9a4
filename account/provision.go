package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Provisions finds the people of sources of provisioning; storage/sqlstore.Provisions in
// the binary.
type Provisions interface {
	Find(ctx context.Context, source storage.MembershipSource, key storage.ProvisionedKey) ([]storage.ProvisionedUser, error)
	Known(ctx context.Context, source storage.MembershipSource, ids []storage.ID) ([]storage.ID, error)
}

// ProvisionedEdits makes and ends people of sources; storage/sqlstore.Users in the binary.
type ProvisionedEdits interface {
	// CreateProvisioned answers storage.ErrConflict when a name is another's.
	CreateProvisioned(ctx context.Context, u *storage.User, p *storage.Provisioned, e storage.Event) error
	// Deprovision answers storage.ErrConsumed when they were changed meanwhile.
	Deprovision(ctx context.Context, d storage.Deprovision, events ...storage.Event) error
}

// Provisioning is the actor as a source of provisioning, which changes whom and what it
// made and nothing else (requirement AD2). It administers nobody by that.
func (a Actor) Provisioning(source storage.MembershipSource) Actor {
	a.source = source
	return a
}

// mayProvision decides whether a source may do something to a person's account.
func (s *Service) mayProvision(by Actor, act action, user *storage.User) bool {
	return by.made == user.ID && (act.source == whomItMade || act.source == noAdmins && !s.Administers(user))
}

// Word is what a source says of a person.
type Word struct {
	// UserName is their name at the source, in any spelling one person's there, and
	// ExternalID their id; the latter may be empty.
	UserName, ExternalID string
	// Email is the address that it gives them; EmailVerified says that it is known to be
	// theirs. Username is one to sign in with here. Each may be empty: then the account
	// keeps what it has.
	Email         string
	EmailVerified bool
	Username      string
	Profile       storage.Profile
	// Before is the profile by what the source said before: what it says anew counts, and
	// what people changed since stays.
	Before storage.Profile
	// Attributes are the custom ones that it says anew; nil takes one away.
	Attributes map[string]any
	// Active says whether they may sign in; nil: it says nothing of that.
	Active *bool
	// Adopt says whom who was there before the source may become its own.
	Adopt Adoption
	// Document is all that the source said, as JSON, for the source to read again.
	Document string
}

// of is what is kept of somebody with the word: what it does not say is as it was.
func (w *Word) of(p storage.Provisioned) storage.Provisioned {
	p.UserName, p.ExternalID, p.Document = w.UserName, w.ExternalID, w.Document
	if !sameAddress(p.Email, w.Email) {
		p.Email = w.Email
	}
	return p
}

// Provision makes an account by the word of a source, without a password. One that the
// same source deleted, and that is not gone yet, is given back with its id; one that was
// there before any source becomes its own where it may be adopted ([Word.Adopt]). It
// answers a [FieldError], and ErrTaken where a name has an account.
func (s *Service) Provision(ctx context.Context, by Actor, w Word) (*storage.ProvisionedUser, error) {
	if by.source == "" {
		return nil, s.refuse(ctx, by, storage.EventUserCreated, "")
	}
	gone, err := s.deletedBy(ctx, by, w)
	if err != nil {
		return nil, err
	}
	if gone != nil {
		return s.revive(ctx, by, gone, w)
	}
	before, err := s.adoptee(ctx, by, w)
	if err != nil {
		return nil, err
	}
	if before != nil {
		return s.adopt(ctx, by, before, w)
	}
	if s.cfg.SignUp.Username == PresenceOff && w.Email != "" {
		w.Username = ""
	}
	email, username, err := spellNames(w.Email, w.Username)
	if err != nil {
		return nil, err
	}
	user, err := s.newUser(email, username, w.Profile)
	if err != nil {
		return nil, err
	}
	user.EmailVerified = w.EmailVerified && email != ""
	if err := checkNewPerson(user); err != nil {
		return nil, err
	}
	if user.Attributes, err = s.newAttributes(w.Attributes, byImport); err != nil {
		return nil, err
	}
	if w.Active != nil && !*w.Active {
		user.DisabledAt = user.CreatedAt
	}
	p := &storage.Provisioned{
		UserID: user.ID, Source: by.source, UserName: w.UserName, ExternalID: w.ExternalID, Email: w.Email, Document: w.Document,
		Version: 1, CreatedAt: user.CreatedAt, UpdatedAt: user.CreatedAt,
	}
	e, err := NewEvent(s.cfg.Now(), s.cfg.Random, by, storage.EventUserCreated, user.ID)
	if err != nil {
		return nil, err
	}
	e.Detail = "by " + by.source.String()
	err = s.cfg.Provisioners.CreateProvisioned(ctx, user, p, e)
	if errors.Is(err, storage.ErrConflict) {
		return nil, fmt.Errorf("provision account: %w: %w", ErrTaken, err)
	}
	if err != nil {
		return nil, fmt.Errorf("provision account: %w", err)
	}
	return s.Provisioned(ctx, by, user.ID)
}

// deletedBy finds whom the source deleted and makes anew.
func (s *Service) deletedBy(ctx context.Context, by Actor, w Word) (*storage.ProvisionedUser, error) {
	for _, key := range []storage.ProvisionedKey{{UserName: w.UserName, Deleted: true}, {Email: w.Email, Deleted: true}} {
		if key.UserName == "" && key.Email == "" {
			continue
		}
		found, err := s.cfg.Provisions.Find(ctx, by.source, key)
		if err != nil {
			return nil, fmt.Errorf("look for deleted account: %w", err)
		}
		for i := range found {
			if !found[i].DeletedAt.IsZero() {
				return &found[i], nil
			}
		}
	}
	return nil, nil
}

// revive gives back an account that the source deleted.
func (s *Service) revive(ctx context.Context, by Actor, gone *storage.ProvisionedUser, w Word) (*storage.ProvisionedUser, error) {
	by.made = gone.UserID
	word := gone.Provisioned
	word.DeletedAt = time.Time{}
	if err := s.say(ctx, by, &gone.User, &word, w, Edit{}, true); err != nil {
		return nil, err
	}
	return s.Provisioned(ctx, by, gone.UserID)
}

// Reprovision replaces what a source says of a person it made. was is as the source
// read them: ErrChanged says that they are another by now. condition judges them besides
// (see [Edit]); it may be nil. It answers what [Service.Edit]
// does, and ErrNobody.
func (s *Service) Reprovision(ctx context.Context, by Actor, was *storage.ProvisionedUser, w Word, condition func(*storage.User) error) error {
	if by.source == "" || was.Source != by.source {
		return ErrNobody
	}
	by.made = was.UserID
	word := was.Provisioned
	return s.say(ctx, by, &was.User, &word, w, Edit{If: condition}, false)
}

// say writes what a source says from now on, and what follows of it for the account.
func (s *Service) say(ctx context.Context, by Actor, user *storage.User, word *storage.Provisioned, w Word, edit Edit, keep bool) error {
	if w.Email != "" && !sameAddress(w.Email, word.Email) && !sameAddress(w.Email, user.Email) {
		edit.Email, edit.EmailVerified = &w.Email, w.EmailVerified
	}
	if w.Username != "" && !sameAddress(w.Username, word.UserName) && !sameAddress(w.Username, user.Username) && s.cfg.SignUp.Username != PresenceOff {
		edit.Username = &w.Username
	}
	profile := user.Profile
	for _, claim := range ClaimNames() {
		if value := ClaimValue(w.Profile, claim); value != ClaimValue(w.Before, claim) {
			SetClaim(&profile, claim, value)
		}
	}
	edit.same = !keep && !edit.adopt && *word == w.of(*word)
	word.UserName, word.ExternalID, word.Email, word.Document, word.UpdatedAt = w.UserName, w.ExternalID, w.Email, w.Document, s.cfg.Now()
	edit.word, edit.Active, edit.Profile, edit.Attributes = word, w.Active, &profile, w.Attributes
	edit.keep = keep
	return s.editPerson(ctx, by, user, &edit)
}

// Provisioned is a person of the source. It answers ErrNobody for everybody else.
func (s *Service) Provisioned(ctx context.Context, by Actor, id storage.ID) (*storage.ProvisionedUser, error) {
	found, err := s.cfg.Provisions.Find(ctx, by.source, storage.ProvisionedKey{ID: id})
	if err != nil {
		return nil, fmt.Errorf("read provisioned account: %w", err)
	}
	if by.source == "" || len(found) == 0 {
		return nil, ErrNobody
	}
	return &found[0], nil
}

// Deprovision ends a person at the source that made them, at once: they are kept out,
// everything that they hold ends, relying parties are told, and the account is deleted
// when the grace of deletions is over. Nobody is sent a link that would keep it. condition is as in
// [Service.Reprovision]. It answers ErrChanged and ErrNobody.
func (s *Service) Deprovision(ctx context.Context, by Actor, was *storage.ProvisionedUser, condition func(*storage.User) error) error {
	if by.source == "" || was.Source != by.source {
		return ErrNobody
	}
	by.made = was.UserID
	var events []storage.Event
	acts := []action{planDeletion}
	if !was.User.Disabled() {
		acts = []action{disable, planDeletion}
	}
	for _, act := range acts {
		c, err := s.start(ctx, by, act, &was.User)
		if err != nil {
			return err
		}
		c.detail("by " + by.source.String())
		events = append(events, c.event)
	}
	now := s.cfg.Now()
	err := s.cfg.Provisioners.Deprovision(ctx, storage.Deprovision{
		Provisioned: was.Provisioned, PasswordEpoch: was.User.PasswordEpoch, If: condition, DeleteAt: now.Add(s.cfg.DeletionGrace), Now: now,
	}, events...)
	if err := s.written(&change{}, "deprovision account", err); err != nil {
		return err
	}
	if s.cfg.DeletionGrace == 0 {
		_, err = s.DeleteDue(ctx, System("delete_accounts"))
	}
	return err
}
