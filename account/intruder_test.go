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
	// began is when the intruder's session did; zero is none.
	began time.Time
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
	var proofs []storage.Proof
	for _, kind := range kinds {
		proofs = append(proofs, storage.Proof{Kind: kind, At: i.Clock.Now()})
	}
	return u, account.Person(account.Evidence{User: u, Proofs: proofs, Began: i.began}, account.Origin{})
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
		_, err := i.Accounts.StopEmailChange(ctx, by, l.token)
		return err
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
	"take a phone": func(i *intrusion, u *storage.User, by account.Actor) { _ = i.takePhone(u, by) },
	"use a recovery code": func(i *intrusion, u *storage.User, by account.Actor) {
		codes, err := i.Accounts.ReplaceRecoveryCodes(i.T.Context(), by, u.ID)
		if err == nil {
			i.read()
			i.Clock.Advance(time.Second)
			a := i.attempt(i.user(u.ID), by)
			a.Person, err = i.Factors.Person(i.T.Context(), a.Person.User)
			logintest.Check(i.T, err)
			_, err = i.Factors.Recovery().Verify(i.T.Context(), a, mfa.Response{Code: codes[0]})
			logintest.Check(i.T, err)
		}
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

// attempt is one of the actor's to show a factor, as pages make it.
func (i *intrusion) attempt(u *storage.User, by account.Actor) mfa.Attempt {
	return mfa.Attempt{ID: string(i.ID()), Person: mfa.Person{User: u}, Now: i.Clock.Now(), Began: i.Accounts.Sitting(by)}
}

// takePhone has a number of theirs confirmed.
func (i *intrusion) takePhone(u *storage.User, by account.Actor) error {
	const number = "+4930123456"
	a := i.attempt(u, by)
	if _, err := i.Accounts.RequestPhone(i.T.Context(), by, a, number); err != nil {
		return err
	}
	for _, m := range i.Inbox() {
		if m.To == number {
			return i.Accounts.ConfirmPhone(i.T.Context(), by, a, number, m.Code)
		}
	}
	return errors.New("no code came")
}

func manyMessages() *mfa.SMSLimits {
	many := mfa.SMSPots{PerNumber: 100, PerCountry: 1000, PerDay: 1000}
	return &mfa.SMSLimits{Countries: []string{"DE"}, Factor: many, Confirmation: many}
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
			if rapid.Bool().Draw(r, "in a new session") {
				i.began = s.Clock.Now()
			}
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
			if l == links[0] && err != nil && (l == order[0] || !errors.Is(err, account.ErrVoid)) {
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

// TestFE2_AnyOneMessageOfASittingTakesItAllBack is a property over what an intruder does
// in one session, in any order and over hours: whichever of the messages the owner
// answers, and though they answer no other, nothing of it stays. What they have had for
// longer than the intruder's session does.
func TestFE2_AnyOneMessageOfASittingTakesItAllBack(t *testing.T) {
	names := []string{"move the address", "ask to move it", "add a factor", "make recovery codes", "take a phone", "set a password", "take a username", "plan the deletion", "trust a device", "use a recovery code"}
	rapid.Check(t, func(r *rapid.T) {
		s, ctx := &site{logintest.New(t, logintest.Options{SMS: manyMessages()})}, t.Context()
		i := &intrusion{site: s, id: s.Person(ownersMailbox).ID}
		owners := rapid.Bool().Draw(r, "the owner has an app")
		if u, by := i.intruder(); owners {
			logintest.Check(t, s.enroll(u, by))
		}
		s.Inbox()
		s.Clock.Advance(time.Hour)
		i.began = s.Clock.Now()
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 1, 6).Draw(r, "moves") {
			u, by := i.intruder()
			intruderMoves[name](i, u, by)
			i.read()
			s.Clock.Advance(time.Duration(rapid.IntRange(1, 40).Draw(r, "minutes")) * time.Minute)
		}
		session, by := i.intruder()
		links := slices.DeleteFunc(slices.Clone(i.owners), func(l sent) bool {
			return l.path != message.PathStopEmail && !slices.Contains(recoveries, l.path)
		})
		if len(links) == 0 {
			return // nothing that an owner is told of
		}
		var err error
		for _, l := range rapid.Permutation(links).Draw(r, "the owner's links") {
			if err = i.press(account.Visitor(account.Origin{}), l); err == nil {
				break
			}
			if l.path != message.PathStopEmail || !errors.Is(err, account.ErrVoid) { // what was to be stopped may have happened
				r.Fatalf("a link to %s: %v", l.path, err)
			}
		}
		if err != nil {
			return // only requests, each void by what came after it
		}
		i.read()
		_, err = s.Accounts.ResetPassword(ctx, account.Visitor(account.Origin{}), newest(i.owners, message.PathResetPassword),
			account.NewPassword{Password: "a wholly new pass phrase"})
		logintest.Check(t, err)
		if owners {
			if got := s.user(i.id); got.Credentials != 1 {
				r.Fatalf("%d factors are left of the owner's one", got.Credentials)
			}
			credentials, err := s.Store.Credentials().ListByUser(ctx, i.id)
			logintest.Check(t, err)
			if !credentials[0].CreatedAt.Before(i.began) {
				r.Error("the factor that is left is the intruder's")
			}
			return
		}
		i.nothingWorks(r, session, by)
	})
}

// nothingWorks: neither links in the intruder's mailboxes, nor sessions, nor what
// was enrolled.
func (i *intrusion) nothingWorks(r rapid.TB, session *storage.User, by account.Actor) {
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
	if got.Email != ownersMailbox || got.PasswordHash != kept.PasswordHash || got.Credentials != 0 || codes.Total != 0 || got.Phone != "" ||
		len(devices) != 0 || !got.DeleteAt.IsZero() || got.PasswordEpoch == session.PasswordEpoch {
		r.Errorf("the intruder keeps something: %+v, %d codes, %d devices", got, codes.Total, len(devices))
	}
}
