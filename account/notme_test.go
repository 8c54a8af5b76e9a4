package account_test

import (
	"errors"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// TestFE2_ThisWasNotMe: every notice of what an intruder does has a link that takes
// it back, and what was there before stays.
func TestFE2_ThisWasNotMe(t *testing.T) {
	for name, change := range map[string]func(i *intrusion, u *storage.User, by account.Actor) error{
		"a new factor": func(i *intrusion, u *storage.User, by account.Actor) error { return i.enroll(u, by) },
		"new recovery codes": func(i *intrusion, u *storage.User, by account.Actor) error {
			_, err := i.Accounts.ReplaceRecoveryCodes(t.Context(), by, u.ID)
			return err
		},
		"a new password": func(i *intrusion, u *storage.User, by account.Actor) error {
			return i.Accounts.SetPassword(t.Context(), by, u.ID, "the pass phrase of mallory", "")
		},
		"a new username": func(i *intrusion, u *storage.User, by account.Actor) error {
			return i.Accounts.SetProfile(t.Context(), by, u.ID, u.Profile, "mallory")
		},
		"a new phone": func(i *intrusion, u *storage.User, by account.Actor) error {
			return i.takePhone(u, by)
		},
		"a removed phone": func(i *intrusion, u *storage.User, by account.Actor) error {
			return i.Accounts.RemovePhone(t.Context(), by, u.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &site{logintest.New(t, logintest.Options{SMS: manyMessages()})}
			i := &intrusion{site: s, id: s.Person(ownersMailbox).ID}
			u, by := i.intruder()
			logintest.Check(t, s.enroll(u, by)) // the owner's own
			s.Inbox()
			s.Clock.Advance(time.Hour)
			u, by = i.intruder()
			logintest.Check(t, change(i, u, by))
			i.read()
			s.Clock.Advance(time.Minute)
			token := newest(i.owners, message.PathDisown)
			_, err := s.Accounts.CheckLink(t.Context(), account.Visitor(account.Origin{}), "disown", token, false)
			logintest.Check(t, err)
			logintest.Check(t, s.Accounts.Disown(t.Context(), account.Visitor(account.Origin{}), token))
			if err := s.Accounts.Disown(t.Context(), account.Visitor(account.Origin{}), token); !errors.Is(err, account.ErrVoid) {
				t.Errorf("the link works twice: %v", err)
			}
			codes, err := s.Store.RecoveryCodes().Status(t.Context(), u.ID)
			logintest.Check(t, err)
			got := s.user(u.ID)
			if got.Credentials != 1 || codes.Total != 0 || got.Phone != "" || got.PasswordHash != "" || got.Email != ownersMailbox {
				t.Errorf("after it was disowned: %+v, %d codes", got, codes.Total)
			}
			i.read()
			if newest(i.owners, message.PathResetPassword) == "" {
				t.Error("the owner is sent no way to a new password")
			}
		})
	}
}

// TestFE2_AnUnprovenAddressDisownsNothing: it may be a stranger's.
func TestFE2_AnUnprovenAddressDisownsNothing(t *testing.T) {
	s := newSite(t)
	u := s.Person(ownersMailbox, func(u *storage.User) { u.EmailVerified = false })
	logintest.Check(t, s.Accounts.SetPassword(t.Context(), s.person(u, 0, storage.FactorPassword), u.ID, "a wholly new pass phrase", ""))
	mails := s.Inbox()
	if len(mails) != 1 || tokenIn(mails, ownersMailbox, message.PathDisown) != "" {
		t.Errorf("told: %+v", mails)
	}
}

// TestFE2_AResetRemovesWhatIsRecent: on the word of whoever has the mailbox, and
// nothing that is older than the setting.
func TestFE2_AResetRemovesWhatIsRecent(t *testing.T) {
	for name, test := range map[string]struct {
		age    time.Duration
		remove bool
		recent int
		left   int
	}{
		"new, and disowned":    {time.Hour, true, 1, 0},
		"new, and not":         {time.Hour, false, 1, 1},
		"old, and disowned":    {8 * 24 * time.Hour, true, 0, 1},
		"old, and not":         {8 * 24 * time.Hour, false, 0, 1},
		"as old as the recent": {7 * 24 * time.Hour, true, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, ctx := newSite(t), t.Context()
			u := s.Person(ownersMailbox)
			logintest.Check(t, s.enroll(u, s.person(u, 0, storage.FactorPassword)))
			_, err := s.Accounts.ReplaceRecoveryCodes(ctx, s.person(s.user(u.ID), 0, storage.FactorPassword, storage.FactorTOTP), u.ID)
			logintest.Check(t, err)
			s.Clock.Advance(test.age)
			logintest.Check(t, s.Accounts.RequestReset(ctx, account.Visitor(account.Origin{}), ownersMailbox, message.Return{}))
			token := tokenIn(s.Inbox(), ownersMailbox, message.PathResetPassword)
			found, err := s.Accounts.PeekReset(ctx, token)
			logintest.Check(t, err)
			if len(found.Recent.Factors) != test.recent || found.Recent.Recovery != (test.recent == 1) || found.Recent.None() != (test.recent == 0) {
				t.Errorf("recent: %+v", found.Recent)
			}
			_, err = s.Accounts.ResetPassword(ctx, account.Visitor(account.Origin{}), token,
				account.NewPassword{Password: "a wholly new pass phrase", Remove: all(found.Recent, test.remove)})
			logintest.Check(t, err)
			codes, err := s.Store.RecoveryCodes().Status(ctx, u.ID)
			logintest.Check(t, err)
			if got := s.user(u.ID); got.Credentials != test.left || (codes.Total > 0) != (test.left == 1) {
				t.Errorf("%d factors and %d codes are left", got.Credentials, codes.Total)
			}
		})
	}
}

// all names everything that is recent, where it is to be removed.
func all(recent account.Recent, remove bool) []string {
	if !remove {
		return nil
	}
	named := []string{account.RecentRecovery, account.RecentPhone}
	for _, c := range recent.Factors {
		named = append(named, string(c.ID))
	}
	return named
}

// TestFE2_AMessageTakesBackNoMore than a reset of the password could: a session may be
// old, and who reads the mailbox alone never gets past an owner's factor with it.
func TestFE2_AMessageTakesBackNoMore(t *testing.T) {
	for name, test := range map[string]struct {
		age  time.Duration
		left int
	}{
		"as a reset could":    {6 * 24 * time.Hour, 0},
		"older than that":     {8 * 24 * time.Hour, 1},
		"of another sitting":  {0, 1},
		"since a moment ago":  {time.Minute, 0},
		"by a second too old": {7*24*time.Hour + time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			i := &intrusion{site: s, id: s.Person(ownersMailbox).ID, began: s.Clock.Now()}
			u, by := i.intruder()
			logintest.Check(t, s.enroll(u, by))
			s.Clock.Advance(test.age)
			if test.age == 0 {
				s.Clock.Advance(time.Second)
				i.began = s.Clock.Now()
			}
			s.Inbox()
			u, by = i.intruder()
			_, err := s.Accounts.ReplaceRecoveryCodes(t.Context(), by, u.ID)
			logintest.Check(t, err)
			i.read()
			logintest.Check(t, s.Accounts.Disown(t.Context(), account.Visitor(account.Origin{}), newest(i.owners, message.PathDisown)))
			codes, err := s.Store.RecoveryCodes().Status(t.Context(), u.ID)
			logintest.Check(t, err)
			if got := s.user(u.ID); got.Credentials != test.left || codes.Total != 0 {
				t.Errorf("%d factors and %d codes are left", got.Credentials, codes.Total)
			}
		})
	}
}

// TestFE2_EachMessageTakesBackWhatWasDoneBefore it in the same session: of any two
// things, though the owner answers the message about the second alone.
func TestFE2_EachMessageTakesBackWhatWasDoneBefore(t *testing.T) {
	firsts := []string{"add a factor", "make recovery codes", "take a phone", "trust a device"}
	seconds := []string{"move the address", "ask to move it", "add a factor", "make recovery codes", "take a phone", "set a password", "take a username", "use a recovery code"}
	for _, first := range firsts {
		for _, second := range seconds {
			t.Run(first+", then "+second, func(t *testing.T) {
				s := &site{logintest.New(t, logintest.Options{SMS: manyMessages()})}
				i := &intrusion{site: s, id: s.Person(ownersMailbox).ID, began: s.Clock.Now()}
				for _, move := range []string{first, second} {
					s.Clock.Advance(time.Hour)
					i.owners = nil
					u, by := i.intruder()
					intruderMoves[move](i, u, by)
					i.read()
				}
				if len(i.owners) == 0 {
					t.Fatal("the owner is told nothing")
				}
				session, by := i.intruder()
				logintest.Check(t, i.press(account.Visitor(account.Origin{}), i.owners[len(i.owners)-1]))
				i.read()
				_, err := s.Accounts.ResetPassword(t.Context(), account.Visitor(account.Origin{}), newest(i.owners, message.PathResetPassword),
					account.NewPassword{Password: "a wholly new pass phrase"})
				logintest.Check(t, err)
				i.nothingWorks(t, session, by)
			})
		}
	}
}

// TestFE2_ARecoveryEndsLockouts: failures that an intruder made at the
// owner's own factor keep nobody out after it.
func TestFE2_ARecoveryEndsLockouts(t *testing.T) {
	s := newSite(t)
	i := &intrusion{site: s, id: s.Person(ownersMailbox).ID}
	u, by := i.intruder()
	logintest.Check(t, s.enroll(u, by))
	s.Clock.Advance(time.Hour)
	_, err := s.Store.Lockouts().Attempt(t.Context(), u.ID, storage.FactorTOTP, s.Clock.Now(), storage.Backoff{Base: time.Hour, Max: time.Hour, Window: time.Hour}, 1)
	logintest.Check(t, err)
	s.Inbox()
	i.began = s.Clock.Now()
	u, by = i.intruder()
	logintest.Check(t, s.Accounts.SetPassword(t.Context(), by, u.ID, "the pass phrase of mallory", ""))
	i.read()
	if locked, err := s.Store.Lockouts().ListByUser(t.Context(), u.ID); err != nil || len(locked) != 1 {
		t.Fatalf("before: %v, %v", locked, err)
	}
	logintest.Check(t, s.Accounts.Disown(t.Context(), account.Visitor(account.Origin{}), newest(i.owners, message.PathDisown)))
	if locked, err := s.Store.Lockouts().ListByUser(t.Context(), u.ID); err != nil || len(locked) != 0 {
		t.Errorf("lockouts that are left: %v, %v", locked, err)
	}
}
