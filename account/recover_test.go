package account_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// site is the account service over a real SQLite store.
type site struct{ *logintest.Parts }

func newSite(t *testing.T) *site { return &site{logintest.New(t, logintest.Options{})} }

// user reads the person anew.
func (s *site) user(id storage.ID) *storage.User {
	s.T.Helper()
	u, err := s.Store.Users().ByID(s.T.Context(), id)
	logintest.Check(s.T, err)
	return u
}

// person is whoever shows the kinds of proofs, so long ago.
func (s *site) person(u *storage.User, age time.Duration, kinds ...storage.FactorKind) account.Actor {
	var proofs []storage.Proof
	for _, kind := range kinds {
		proofs = append(proofs, storage.Proof{Kind: kind, At: s.Clock.Now().Add(-age)})
	}
	return account.Person(account.Evidence{User: u, Proofs: proofs}, account.Origin{})
}

// tokenIn is the token of the newest message to an address whose link has the path.
func tokenIn(mails []message.Mail, to, path string) string {
	token := ""
	for _, m := range mails {
		for _, word := range strings.Fields(m.Text) {
			if u, err := url.Parse(word); m.To == to && err == nil && u.Path == path {
				token = u.Query().Get(message.TokenParam)
			}
		}
	}
	return token
}

// move changes the address by whoever shows fresh proofs, and returns what was sent.
func (s *site) move(u *storage.User, to string, kinds ...storage.FactorKind) []message.Mail {
	s.T.Helper()
	by := s.person(u, 0, kinds...)
	_, err := s.Accounts.RequestEmailChange(s.T.Context(), by, u.ID, to)
	logintest.Check(s.T, err)
	_, err = s.Accounts.ConfirmEmail(s.T.Context(), by, tokenIn(s.Inbox(), to, message.PathConfirmEmail))
	logintest.Check(s.T, err)
	s.Clock.Advance(time.Second)
	return s.Inbox()
}

// enroll adds an authenticator app.
func (s *site) enroll(u *storage.User, by account.Actor) error {
	s.T.Helper()
	a := mfa.Attempt{ID: string(s.ID()), Person: mfa.Person{User: u}, Now: s.Clock.Now()}
	shown, err := s.Accounts.StartFactor(s.T.Context(), by, storage.FactorTOTP, a)
	if err != nil {
		return err
	}
	_, err = s.Accounts.AddFactor(s.T.Context(), by, storage.FactorTOTP, a, mfa.Response{Code: s.Code(shown.Secret)}, "phone")
	return err
}

func isStale(err error) bool {
	var stale *account.StaleError
	return errors.As(err, &stale)
}

// TestFE1_GuardsChangeOnFreshEvidenceAlone: by every method that changes what
// guards an account, whoever calls it.
func TestFE1_GuardsChangeOnFreshEvidenceAlone(t *testing.T) {
	s, ctx := newSite(t), t.Context()
	ada := s.Person("ada@example.com")
	logintest.Check(t, s.enroll(ada, s.person(ada, 0, storage.FactorPassword)))
	s.Clock.Advance(time.Minute)
	ada = s.user(ada.ID)
	a := mfa.Attempt{ID: "a", Person: mfa.Person{User: ada}, Now: s.Clock.Now()}
	credentials, err := s.Store.Credentials().ListByUser(ctx, ada.ID)
	logintest.Check(t, err)
	both := []storage.FactorKind{storage.FactorPassword, storage.FactorTOTP}
	for name, change := range map[string]func(by account.Actor) error{
		"start a factor": func(by account.Actor) error {
			_, err := s.Accounts.StartFactor(ctx, by, storage.FactorTOTP, a)
			return err
		},
		"add a factor": func(by account.Actor) error {
			_, err := s.Accounts.AddFactor(ctx, by, storage.FactorTOTP, a, mfa.Response{}, "phone")
			return err
		},
		"rename a factor": func(by account.Actor) error {
			return s.Accounts.RenameFactor(ctx, by, ada.ID, credentials[0].ID, "mine")
		},
		"remove a factor": func(by account.Actor) error { return s.Accounts.RemoveFactor(ctx, by, ada.ID, credentials[0].ID) },
		"make recovery codes": func(by account.Actor) error {
			_, err := s.Accounts.ReplaceRecoveryCodes(ctx, by, ada.ID)
			return err
		},
		"set a password": func(by account.Actor) error {
			return s.Accounts.SetPassword(ctx, by, ada.ID, "a wholly new pass phrase", "")
		},
		"ask for another address": func(by account.Actor) error {
			_, err := s.Accounts.RequestEmailChange(ctx, by, ada.ID, "new@example.com")
			return err
		},
		"remove the phone": func(by account.Actor) error { return s.Accounts.RemovePhone(ctx, by, ada.ID) },
		"take a username":  func(by account.Actor) error { return s.Accounts.SetProfile(ctx, by, ada.ID, ada.Profile, "ada") },
		"plan deletion": func(by account.Actor) error {
			_, err := s.Accounts.PlanDeletion(ctx, by, ada.ID)
			return err
		},
		"take the data": func(by account.Actor) error { return s.Accounts.RecordExport(ctx, by, ada.ID) },
	} {
		for who, by := range map[string]account.Actor{
			"a password alone":      s.person(ada, 0, storage.FactorPassword),
			"a session that is old": s.person(ada, 11*time.Minute, both...),
		} {
			if err := change(by); !isStale(err) {
				t.Errorf("%s by %s: %v", name, who, err)
			}
		}
		if err := change(account.Visitor(account.Origin{})); !errors.Is(err, account.ErrSignIn) {
			t.Errorf("%s by a visitor: %v", name, err)
		}
		if err := change(s.person(s.Person(string(s.ID())+"@example.com"), 0, both...)); !errors.Is(err, account.ErrForbidden) {
			t.Errorf("%s by somebody else: %v", name, err)
		}
	}
	if got := s.user(ada.ID); got.PasswordEpoch != ada.PasswordEpoch || got.Credentials != 1 || got.Email != ada.Email {
		t.Errorf("something changed: %+v", got)
	}
	logintest.Check(t, s.Accounts.RemoveFactor(ctx, s.person(ada, 0, both...), ada.ID, credentials[0].ID))
}

// TestFE3_APendingChangeDies with the password, a factor reset, disabling and
// signing out everywhere.
func TestFE3_APendingChangeDies(t *testing.T) {
	for name, end := range map[string]func(s *site, u *storage.User) error{
		"with the password": func(s *site, u *storage.User) error {
			return s.Accounts.SetPassword(s.T.Context(), s.person(u, 0, storage.FactorPassword), u.ID, "a wholly new pass phrase", "")
		},
		"with the factors": func(s *site, u *storage.User) error {
			return s.Accounts.ResetFactors(s.T.Context(), account.Operator("root"), u.ID, "lost")
		},
		"by disabling": func(s *site, u *storage.User) error {
			return errors.Join(s.Accounts.Disable(s.T.Context(), account.Operator("root"), u.ID, ""),
				s.Accounts.Enable(s.T.Context(), account.Operator("root"), u.ID))
		},
		"everywhere": func(s *site, u *storage.User) error {
			return s.Accounts.EndAllSessions(s.T.Context(), s.person(u, 0, storage.FactorPassword), u.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ada := s.Person("ada@example.com")
			_, err := s.Accounts.RequestEmailChange(t.Context(), s.person(ada, 0, storage.FactorPassword), ada.ID, "mallory@example.com")
			logintest.Check(t, err)
			token := tokenIn(s.Inbox(), "mallory@example.com", message.PathConfirmEmail)
			logintest.Check(t, end(s, ada))
			for _, u := range []*storage.User{ada, s.user(ada.ID)} { // the intruder's session, and a later one
				if _, err := s.Accounts.ConfirmEmail(t.Context(), s.person(u, 0, storage.FactorPassword), token); err == nil {
					t.Error("the change went through")
				}
			}
			if got := s.user(ada.ID); got.Email != "ada@example.com" {
				t.Errorf("the address is %s", got.Email)
			}
		})
	}
}

// TestRE4_AnUndoVoidsEveryYoungerOne: whoever moved an address twice holds a link
// that gives the first of theirs back; after the owner's own it is void, and
// whatever they added is gone.
func TestRE4_AnUndoVoidsEveryYoungerOne(t *testing.T) {
	s, ctx := newSite(t), t.Context()
	ada := s.Person("ada@example.com")
	owners := tokenIn(s.move(ada, "b@evil.example", storage.FactorPassword), "ada@example.com", message.PathUndoEmail)
	intruders := tokenIn(s.move(s.user(ada.ID), "c@evil.example", storage.FactorPassword), "b@evil.example", message.PathUndoEmail)
	logintest.Check(t, s.enroll(s.user(ada.ID), s.person(s.user(ada.ID), 0, storage.FactorPassword)))
	s.Clock.Advance(time.Second)

	logintest.Check(t, s.Accounts.UndoEmail(ctx, account.Visitor(account.Origin{}), owners))
	if err := s.Accounts.UndoEmail(ctx, account.Visitor(account.Origin{}), intruders); !errors.Is(err, account.ErrVoid) {
		t.Errorf("the younger undo = %v", err)
	}
	got := s.user(ada.ID)
	if got.Email != "ada@example.com" || got.PasswordHash != "" || got.Credentials != 0 {
		t.Errorf("after the owner's undo: %+v", got)
	}
	reset := tokenIn(s.Inbox(), "ada@example.com", message.PathResetPassword)
	_, err := s.Accounts.ResetPassword(ctx, account.Visitor(account.Origin{}), reset, account.NewPassword{Password: "a wholly new pass phrase"})
	logintest.Check(t, err)

	// What the owner moves later can be undone again.
	later := tokenIn(s.move(s.user(ada.ID), "ada@new.example", storage.FactorPassword), "ada@example.com", message.PathUndoEmail)
	logintest.Check(t, s.Accounts.UndoEmail(ctx, account.Visitor(account.Origin{}), later))
	if got := s.user(ada.ID); got.Email != "ada@example.com" {
		t.Errorf("after a later undo: %s", got.Email)
	}
}
