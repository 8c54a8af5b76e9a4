package account_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// mailTo is the one mail to an address whose subject has the words.
func (s *site) mailTo(mails []message.Mail, to, subject string) message.Mail {
	s.T.Helper()
	var found []message.Mail
	for _, m := range mails {
		if m.To == to && strings.Contains(m.Subject, subject) {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		s.T.Fatalf("%d mails to %s about %q among %+v", len(found), to, subject, mails)
	}
	return found[0]
}

// TestRE3_TheCurrentAddressStopsAChange: it hears of the request, whether the new
// address is free or somebody's, and its link voids the change for whoever asked.
func TestRE3_TheCurrentAddressStopsAChange(t *testing.T) {
	for _, to := range []string{"mallory@evil.example", "bob@example.com"} {
		t.Run(to, func(t *testing.T) {
			s, ctx := newSite(t), t.Context()
			ada := s.Person("ada@example.com")
			s.Person("bob@example.com")
			_, err := s.Accounts.RequestEmailChange(ctx, s.person(ada, 0, storage.FactorPassword), ada.ID, to)
			logintest.Check(t, err)
			mails := s.Inbox()
			told := s.mailTo(mails, "ada@example.com", "asked to change")
			if strings.Contains(told.Text+told.HTML, to) {
				t.Errorf("the notice names the new address in full:\n%s", told.Text)
			}
			stop := tokenIn(mails, "ada@example.com", message.PathStopEmail)
			done, err := s.Accounts.StopEmailChange(ctx, account.Visitor(account.Origin{}), stop)
			logintest.Check(t, err)
			if done.Email != "ada@example.com" || !done.Recovers {
				t.Errorf("the stop says that it did %+v", done)
			}
			if _, err := s.Accounts.StopEmailChange(ctx, account.Visitor(account.Origin{}), stop); !errors.Is(err, account.ErrVoid) {
				t.Errorf("the link stops twice: %v", err)
			}
			if token := tokenIn(mails, to, message.PathConfirmEmail); token != "" {
				for _, u := range []*storage.User{ada, s.user(ada.ID)} { // the session that asked, and a later one
					if _, err := s.Accounts.ConfirmEmail(ctx, s.person(u, 0, storage.FactorPassword), token); err == nil {
						t.Error("a change that was stopped went through")
					}
				}
			}
			if got := s.user(ada.ID); got.Email != "ada@example.com" || got.PasswordEpoch == ada.PasswordEpoch {
				t.Errorf("after the stop: %+v", got)
			}
			if tokenIn(s.Inbox(), "ada@example.com", message.PathResetPassword) == "" {
				t.Error("the owner is sent no way to a new password")
			}
		})
	}
}

// TestRE3_AStopThatIsLateStopsNothing: after the change has happened, or the owner
// recovered the account, the link ends nobody's sessions.
func TestRE3_AStopThatIsLateStopsNothing(t *testing.T) {
	s, ctx := newSite(t), t.Context()
	nobody := account.Visitor(account.Origin{})
	ada := s.Person("ada@example.com")
	mails := s.moving(ada, "b@evil.example")
	owners := tokenIn(mails, "ada@example.com", message.PathUndoEmail)
	stops := []string{tokenIn(mails, "ada@example.com", message.PathStopEmail)}
	intruder := s.user(ada.ID)
	_, err := s.Accounts.RequestEmailChange(ctx, s.person(intruder, 0, storage.FactorPassword), ada.ID, "c@evil.example")
	logintest.Check(t, err)
	stops = append(stops, tokenIn(s.Inbox(), "b@evil.example", message.PathStopEmail))
	logintest.Check(t, s.Accounts.UndoEmail(ctx, nobody, owners))
	kept := s.user(ada.ID)
	for i, token := range stops {
		if _, err := s.Accounts.StopEmailChange(ctx, nobody, token); !errors.Is(err, account.ErrVoid) {
			t.Errorf("stop %d = %v", i, err)
		}
	}
	if got := s.user(ada.ID); got.PasswordEpoch != kept.PasswordEpoch || got.Email != "ada@example.com" {
		t.Errorf("after late stops: %+v", got)
	}
}

// moving changes the address, and returns every message of it.
func (s *site) moving(u *storage.User, to string) []message.Mail {
	s.T.Helper()
	by := s.person(u, 0, storage.FactorPassword)
	_, err := s.Accounts.RequestEmailChange(s.T.Context(), by, u.ID, to)
	logintest.Check(s.T, err)
	mails := s.Inbox()
	_, err = s.Accounts.ConfirmEmail(s.T.Context(), by, tokenIn(mails, to, message.PathConfirmEmail))
	logintest.Check(s.T, err)
	return append(mails, s.Inbox()...)
}

// TestRE3_AnUndoIsToldToWhoLosesTheAccount: to the address that it is taken from,
// which need not be the one that it was moved to.
func TestRE3_AnUndoIsToldToWhoLosesTheAccount(t *testing.T) {
	s := newSite(t)
	ada := s.Person("ada@example.com")
	owners := tokenIn(s.moving(ada, "b@evil.example"), "ada@example.com", message.PathUndoEmail)
	s.moving(s.user(ada.ID), "c@evil.example")
	logintest.Check(t, s.Accounts.UndoEmail(t.Context(), account.Visitor(account.Origin{}), owners))
	told := s.mailTo(s.Inbox(), "c@evil.example", "changed back")
	if strings.Contains(told.Text+told.HTML, "ada@example.com") || strings.Contains(told.Text, "token=") {
		t.Errorf("whoever loses the account is told too much:\n%s", told.Text)
	}
}

// TestRE3_AChangeOfUsernameIsTold to the owner, and one of another claim is not.
func TestRE3_AChangeOfUsernameIsTold(t *testing.T) {
	s := newSite(t)
	ada := s.Person("ada@example.com")
	by := s.person(ada, 0, storage.FactorPassword)
	logintest.Check(t, s.Accounts.SetProfile(t.Context(), by, ada.ID, ada.Profile, ada.Username))
	if mails := s.Inbox(); len(mails) != 0 {
		t.Errorf("nothing changed, and told is %+v", mails)
	}
	logintest.Check(t, s.Accounts.SetProfile(t.Context(), by, ada.ID, ada.Profile, "countess"))
	s.mailTo(s.Inbox(), "ada@example.com", "username was changed")
}
