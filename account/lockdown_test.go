package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

var root = account.Operator("root")

func (s *site) lockDown(u *storage.User, order account.LockdownOrder) {
	s.T.Helper()
	_, err := s.Accounts.Lockdown(s.T.Context(), root, u.ID, order)
	logintest.Check(s.T, err)
}

func TestFE2_OnlyAnOperatorLocksDown(t *testing.T) {
	s := newSite(t)
	ada := s.Person("ada@example.com")
	for name, by := range map[string]account.Actor{
		"person": s.person(ada, 0, storage.FactorPassword, storage.FactorPasskey), "visitor": account.Visitor(account.Origin{}),
		"client": account.Client("wiki", account.Origin{}), "system": account.System("sweep"),
	} {
		if _, err := s.Accounts.Lockdown(t.Context(), by, ada.ID, account.LockdownOrder{}); !errors.Is(err, account.ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Accounts.UndoLockdown(t.Context(), by, ada.ID, ""); !errors.Is(err, account.ErrForbidden) {
			t.Errorf("%s undoes: %v", name, err)
		}
	}
	if s.user(ada.ID).Disabled() {
		t.Error("locked down by a refusal")
	}
}

// TestFE2_AnOwnerGetsALockedAccountBack with the link of the very message that tells
// of it, and with that of a notice that was sent before; not where it is held.
func TestFE2_AnOwnerGetsALockedAccountBack(t *testing.T) {
	for name, c := range map[string]struct{ held, earlier, open bool }{
		"by the message":              {open: true},
		"by a notice before":          {earlier: true, open: true},
		"held, by a notice before":    {held: true, earlier: true},
		"held, so that no link comes": {held: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ada := s.Person("ada@example.com")
			token := ""
			if c.earlier {
				logintest.Check(t, s.Accounts.SetPassword(t.Context(), root, ada.ID, "intruder's own password", ""))
				token = tokenIn(s.Inbox(), ada.Email, message.PathDisown)
				s.Clock.Advance(time.Minute)
			}
			s.lockDown(ada, account.LockdownOrder{Held: c.held, Reason: "seen abroad"})
			mails := s.Inbox()
			if !c.earlier {
				token = tokenIn(mails, ada.Email, message.PathDisown)
			}
			if c.held && !c.earlier {
				if token != "" {
					t.Error("the message has a link, although the lockdown is held")
				}
				return
			}
			logintest.Check(t, s.Accounts.Disown(t.Context(), account.Visitor(account.Origin{}), token))
			u := s.user(ada.ID)
			if u.Disabled() == c.open || u.PasswordHash != "" {
				t.Errorf("disabled %v, password %q", u.Disabled(), u.PasswordHash)
			}
			reset := tokenIn(s.Inbox(), ada.Email, message.PathResetPassword)
			if (reset != "") != c.open {
				t.Errorf("a link to set a password was sent: %v", reset != "")
			}
		})
	}
}

// TestFE2_TheHelpDeskGivesALockedAccountBack: what was made or asked for before the
// lockdown is void, and the link of since sets a password and opens the account.
func TestFE2_TheHelpDeskGivesALockedAccountBack(t *testing.T) {
	s := newSite(t)
	ada := s.Person("ada@example.com")
	reset := func() string {
		token, err := s.Accounts.IssueReset(t.Context(), root, ada.ID, time.Hour, "seen with a passport")
		logintest.Check(t, err)
		return token
	}
	set := func(token string) error {
		_, err := s.Accounts.ResetPassword(t.Context(), account.Visitor(account.Origin{}), token, account.NewPassword{Password: "correct horse battery staple"})
		return err
	}
	before := reset()
	s.lockDown(ada, account.LockdownOrder{Held: true, Reason: "seen abroad"})
	if err := set(before); !errors.Is(err, account.ErrVoid) {
		t.Errorf("a link of before the lockdown: %v", err)
	}
	logintest.Check(t, s.Accounts.RequestReset(t.Context(), account.Visitor(account.Origin{}), ada.Email, message.Return{}))
	if tokenIn(s.Inbox(), ada.Email, message.PathResetPassword) != "" {
		t.Error("a link was sent to a mailbox although the account is locked down")
	}
	logintest.Check(t, s.Accounts.ResetFactors(t.Context(), root, ada.ID, "asked"))
	if !s.user(ada.ID).Disabled() {
		t.Error("a reset of the factors opened it")
	}
	logintest.Check(t, set(reset()))
	if u := s.user(ada.ID); u.Disabled() || !u.LockedAt.IsZero() {
		t.Errorf("locked at %s, disabled at %s", u.LockedAt, u.DisabledAt)
	}
	if err := s.Accounts.Disable(t.Context(), root, ada.ID, ""); err != nil {
		t.Fatal(err)
	}
	s.lockDown(ada, account.LockdownOrder{})
	if _, err := s.Accounts.IssueReset(t.Context(), root, ada.ID, time.Hour, "x"); !errors.Is(err, account.ErrForbidden) {
		t.Errorf("a link for who is disabled besides: %v", err)
	}
}

// A lockdown is undone within its window, and one event tells of all that ended.
func TestALockdownIsUndoneInTime(t *testing.T) {
	s := newSite(t)
	ada := s.Person("ada@example.com")
	if err := s.Accounts.UndoLockdown(t.Context(), root, ada.ID, ""); !errors.Is(err, account.ErrUnchanged) {
		t.Errorf("undone before: %v", err)
	}
	s.lockDown(ada, account.LockdownOrder{Reason: "seen abroad"})
	if _, err := s.Accounts.Lockdown(t.Context(), root, ada.ID, account.LockdownOrder{}); !errors.Is(err, account.ErrUnchanged) {
		t.Errorf("twice: %v", err)
	}
	s.Clock.Advance(s.Accounts.LockdownUndo() - time.Second)
	logintest.Check(t, s.Accounts.UndoLockdown(t.Context(), root, ada.ID, "it was her"))
	if u := s.user(ada.ID); u.Disabled() || u.PasswordHash != ada.PasswordHash {
		t.Error("the account is not as it was")
	}
	s.lockDown(ada, account.LockdownOrder{})
	s.Clock.Advance(s.Accounts.LockdownUndo())
	if err := s.Accounts.UndoLockdown(t.Context(), root, ada.ID, ""); !errors.Is(err, account.ErrUnchanged) {
		t.Errorf("undone too late: %v", err)
	}
	events, err := s.Store.Events().List(t.Context(), storage.EventFilter{UserID: ada.ID, Type: storage.EventLockedDown, Limit: 10})
	logintest.Check(t, err)
	if len(events) != 2 || !strings.Contains(events[1].Detail, "seen abroad: ended sessions 0, grants 0, trusted devices 0") {
		t.Errorf("events %+v", events)
	}
	_, err = s.Accounts.CheckLink(t.Context(), account.Visitor(account.Origin{}), onetime.Disown, tokenIn(s.Inbox(), ada.Email, message.PathDisown), false)
	logintest.Check(t, err)
}
