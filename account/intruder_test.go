package account_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"pgregory.net/rapid"
)

// sent is a link that reached a mailbox.
type sent struct{ path, token string }

// intrusion is a person whose account an intruder works on, who has the password
// and mailboxes of their own. Every link that is sent is kept by whose mailbox it
// reached.
type intrusion struct {
	*site
	id storage.ID
	// owners and intruders are the links, oldest first.
	owners, intruders []sent
}

const ownersMailbox = "ada@example.com"

// read sorts what was sent into the two mailboxes.
func (i *intrusion) read() {
	i.T.Helper()
	for _, m := range i.Inbox() {
		for _, word := range strings.Fields(m.Text) {
			u, err := url.Parse(word)
			if err != nil || u.Query().Get(message.TokenParam) == "" {
				continue
			}
			link := sent{u.Path, u.Query().Get(message.TokenParam)}
			if m.To == ownersMailbox {
				i.owners = append(i.owners, link)
			} else {
				i.intruders = append(i.intruders, link)
			}
		}
	}
}

// intruder is the person with fresh proofs of all that there is to show: whatever
// is enrolled is the intruder's, or was stolen.
func (i *intrusion) intruder() (*storage.User, account.Actor) {
	u := i.user(i.id)
	kinds := []storage.FactorKind{storage.FactorPassword}
	if u.Credentials > 0 {
		kinds = append(kinds, storage.FactorTOTP)
	}
	return u, i.person(u, 0, kinds...)
}

// press follows a link of any kind.
func (i *intrusion) press(by account.Actor, l sent) error {
	ctx := i.T.Context()
	switch l.path {
	case message.PathUndoEmail:
		return i.Accounts.UndoEmail(ctx, by, l.token)
	case message.PathDisown:
		return i.Accounts.Disown(ctx, by, l.token)
	case message.PathStopEmail:
		return i.Accounts.StopEmailChange(ctx, by, l.token)
	case message.PathConfirmEmail:
		_, err := i.Accounts.ConfirmEmail(ctx, by, l.token)
		return err
	case message.PathKeepAccount:
		return i.Accounts.KeepAccountByLink(ctx, by, l.token)
	case message.PathResetPassword:
		_, err := i.Accounts.ResetPassword(ctx, by, l.token, account.NewPassword{Password: "chosen in some mailbox"})
		return err
	}
	i.T.Fatalf("a link to %s", l.path)
	return nil
}

// newest is the token of the intruder's or owner's newest link to a page.
func newest(links []sent, path string) string {
	for _, l := range slices.Backward(links) {
		if l.path == path {
			return l.token
		}
	}
	return ""
}

// intruderMoves are what an intruder tries; none minds whether it works.
var intruderMoves = map[string]func(i *intrusion, u *storage.User, by account.Actor){
	"move the address": func(i *intrusion, u *storage.User, by account.Actor) {
		to := string(i.ID()) + "@evil.example"
		if _, err := i.Accounts.RequestEmailChange(i.T.Context(), by, u.ID, to); err == nil {
			i.read()
			_, _ = i.Accounts.ConfirmEmail(i.T.Context(), by, newest(i.intruders, message.PathConfirmEmail))
		}
	},
	"ask to move it": func(i *intrusion, u *storage.User, by account.Actor) {
		_, _ = i.Accounts.RequestEmailChange(i.T.Context(), by, u.ID, string(i.ID())+"@evil.example")
	},
	"add a factor": func(i *intrusion, u *storage.User, by account.Actor) { _ = i.enroll(u, by) },
	"make recovery codes": func(i *intrusion, u *storage.User, by account.Actor) {
		_, _ = i.Accounts.ReplaceRecoveryCodes(i.T.Context(), by, u.ID)
	},
	"set a password": func(i *intrusion, u *storage.User, by account.Actor) {
		_ = i.Accounts.SetPassword(i.T.Context(), by, u.ID, "the pass phrase of mallory", "")
	},
	"take a username": func(i *intrusion, u *storage.User, by account.Actor) {
		_ = i.Accounts.SetProfile(i.T.Context(), by, u.ID, u.Profile, "mallory"+string(i.ID())[20:])
	},
	"plan the deletion": func(i *intrusion, u *storage.User, by account.Actor) {
		_, _ = i.Accounts.PlanDeletion(i.T.Context(), by, u.ID)
	},
	"trust a device": func(i *intrusion, u *storage.User, by account.Actor) {
		_, _, _ = i.Accounts.TrustDevice(i.T.Context(), by, u.ID, mfa.ACRPassword)
	},
	"press the oldest link": func(i *intrusion, _ *storage.User, by account.Actor) {
		if len(i.intruders) > 0 {
			_ = i.press(by, i.intruders[0])
			i.intruders = i.intruders[1:]
		}
	},
	"press the newest link": func(i *intrusion, _ *storage.User, by account.Actor) {
		if n := len(i.intruders); n > 0 {
			_ = i.press(by, i.intruders[n-1])
			i.intruders = i.intruders[:n-1]
		}
	},
}

// recoveries are the links by which an owner says that it was somebody else.
var recoveries = []string{message.PathUndoEmail, message.PathDisown}

// TestFE2_AfterTheOwnersRecoveryNothingOfTheIntruderWorks is a property over orders
// of moves: an intruder who has the password, and mailboxes of their own, against
// an owner who follows the links in the oldest mailbox, in whatever order, and sets
// a new password. Among them is the first that was sent.
func TestFE2_AfterTheOwnersRecoveryNothingOfTheIntruderWorks(t *testing.T) {
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range intruderMoves {
			if !yield(name) {
				return
			}
		}
	})
	rapid.Check(t, func(r *rapid.T) {
		s, ctx := newSite(t), t.Context()
		i := &intrusion{site: s, id: s.Person(ownersMailbox).ID}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 1, 7).Draw(r, "moves") {
			u, by := i.intruder()
			intruderMoves[name](i, u, by)
			i.read()
			s.Clock.Advance(time.Second)
		}
		session, by := i.intruder()
		links := slices.DeleteFunc(slices.Clone(i.owners), func(l sent) bool { return !slices.Contains(recoveries, l.path) })
		if len(links) == 0 {
			return // the intruder did nothing that an owner is told of
		}
		order := rapid.Permutation(links).Draw(r, "the owner's links")
		// The first may come anywhere among them; what comes after it need not be pressed.
		last := slices.Index(order, links[0])
		for _, l := range order[:last+1] {
			err := i.press(account.Visitor(account.Origin{}), l)
			if l == links[0] && err != nil {
				r.Fatalf("the first link that the owner was sent: %v", err)
			}
			i.read()
			s.Clock.Advance(time.Second)
		}
		_, err := s.Accounts.ResetPassword(ctx, account.Visitor(account.Origin{}), newest(i.owners, message.PathResetPassword),
			account.NewPassword{Password: "a wholly new pass phrase"})
		logintest.Check(t, err)
		i.nothingWorks(r, session, by)
	})
}

// nothingWorks: neither links in the intruder's mailboxes, nor sessions, nor what
// was enrolled.
func (i *intrusion) nothingWorks(r *rapid.T, session *storage.User, by account.Actor) {
	ctx, kept := i.T.Context(), i.user(i.id)
	for _, l := range i.intruders {
		for _, holder := range []account.Actor{account.Visitor(account.Origin{}), by, i.person(kept, 0, storage.FactorPassword)} {
			if err := i.press(holder, l); err == nil {
				r.Errorf("a link of the intruder's to %s works", l.path)
			}
		}
	}
	if err := i.Accounts.SetPassword(ctx, by, i.id, "once more of mallory", ""); err == nil {
		r.Error("a session of before changes the password")
	}
	if _, err := i.Accounts.RequestEmailChange(ctx, by, i.id, "again@evil.example"); err == nil {
		r.Error("a session of before changes the address")
	}
	codes, err := i.Store.RecoveryCodes().Status(ctx, i.id)
	logintest.Check(i.T, err)
	devices, err := i.Store.TrustedDevices().ListByUser(ctx, i.id, i.Clock.Now())
	logintest.Check(i.T, err)
	got := i.user(i.id)
	if got.Email != ownersMailbox || got.PasswordHash != kept.PasswordHash || got.Credentials != 0 || codes.Total != 0 ||
		len(devices) != 0 || !got.DeleteAt.IsZero() || got.PasswordEpoch == session.PasswordEpoch {
		r.Errorf("the intruder keeps something: %+v, %d codes, %d devices", got, codes.Total, len(devices))
	}
}

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
			a := mfa.Attempt{ID: string(i.ID()), Person: mfa.Person{User: u}, Now: i.Clock.Now()}
			if _, err := i.Accounts.RequestPhone(t.Context(), by, a, "+4930123456"); err != nil {
				return err
			}
			return i.Accounts.ConfirmPhone(t.Context(), by, a, "+4930123456", i.Inbox()[0].Code)
		},
		"a removed phone": func(i *intrusion, u *storage.User, by account.Actor) error {
			return i.Accounts.RemovePhone(t.Context(), by, u.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &site{logintest.New(t, logintest.Options{SMS: &mfa.SMSLimits{Countries: []string{"DE"}, Factor: mfa.SMSPots{PerNumber: 10, PerCountry: 100, PerDay: 100}, Confirmation: mfa.SMSPots{PerNumber: 10, PerCountry: 100, PerDay: 100}}})}
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
			logintest.Check(t, s.Accounts.CheckLink(t.Context(), account.Visitor(account.Origin{}), "disown", token, false))
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
