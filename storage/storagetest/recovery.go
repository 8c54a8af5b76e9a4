package storagetest

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// testOtherPassword: what an actor was allowed under one password is not done under
// another, so that an intruder's request cannot race the owner's answer.
func (f fixture) testOtherPassword(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	u := f.user(t)
	c := f.credential(t, u, storage.FactorTOTP)
	before := *u
	change := storage.PasswordChange{UserID: u.ID, Epoch: u.PasswordEpoch, Hash: "$argon2id$owners", Now: f.clock.Now()}
	want(t, "ChangePassword", users.ChangePassword(ctx, change, f.event(t, storage.EventPasswordChanged)), nil)
	owner, err := users.ByID(ctx, u.ID)
	want(t, "ByID", err, nil)
	for _, who := range []struct {
		is   *storage.User
		want error
	}{{&before, storage.ErrConsumed}, {owner, nil}} {
		for name, write := range map[string]func(e storage.Event, m storage.Message) error{
			"recovery codes": func(e storage.Event, m storage.Message) error {
				return f.s.RecoveryCodes().Replace(ctx, f.setOf(who.is, []string{"p1.mallory"}), e, m)
			},
			"phone": func(e storage.Event, m storage.Message) error {
				p := storage.PhoneChange{UserID: u.ID, PasswordEpoch: who.is.PasswordEpoch, Phone: "+4930", Verified: true, Now: f.clock.Now()}
				return users.ChangePhone(ctx, p, e, m)
			},
			"profile": func(e storage.Event, m storage.Message) error {
				return users.UpdateProfile(ctx, profileOf(who.is, storage.Profile{Name: "Mallory"}, "", f.clock.Now()), e, m)
			},
			"deletion": func(e storage.Event, m storage.Message) error {
				if err := users.PlanDeletion(ctx, planOf(who.is, f.clock.Now().Add(time.Hour)), e, m); err != nil {
					return err
				}
				return users.CancelDeletion(ctx, u.ID, f.clock.Now(), f.event(t, storage.EventDeletionCancelled))
			},
		} {
			e, m := f.event(t, storage.EventFactorAdded), f.message(t)
			want(t, name, write(e, m), who.want)
			equal(t, name+": told", f.told(t, e, m), who.want == nil)
		}
		// The removal comes last: there is one factor.
		want(t, "name of a factor", f.s.Credentials().Rename(ctx, changeOf(who.is, c), "mallory's", f.event(t, storage.EventFactorRenamed)), who.want)
		want(t, "removal of a factor", f.s.Credentials().Delete(ctx, changeOf(who.is, c), false, f.event(t, storage.EventFactorRemoved)), who.want)
		if who.want != nil {
			got, err := users.ByID(ctx, u.ID)
			want(t, "ByID", err, nil)
			equal(t, "person after refused changes", got, owner)
			kept, err := f.s.Credentials().ListByUser(ctx, u.ID)
			want(t, "ListByUser", err, nil)
			equal(t, "factors after refused changes", kept, []storage.Credential{*c})
		}
	}
}

// added is what a person has to sign in with.
func (f fixture) added(t *testing.T, u *storage.User) (credentials, codes int, phone string) {
	t.Helper()
	list, err := f.s.Credentials().ListByUser(t.Context(), u.ID)
	want(t, "ListByUser", err, nil)
	status, err := f.s.RecoveryCodes().Status(t.Context(), u.ID)
	want(t, "Status", err, nil)
	got, err := f.s.Users().ByID(t.Context(), u.ID)
	want(t, "ByID", err, nil)
	equal(t, "count of credentials", got.Credentials, len(list))
	return len(list), status.Total, got.Phone
}

// add adds a factor, recovery codes and a number.
func (f fixture) add(t *testing.T, u *storage.User) {
	t.Helper()
	f.credential(t, u, storage.FactorTOTP)
	want(t, "Replace", f.s.RecoveryCodes().Replace(t.Context(), f.setOf(u, []string{"p1.a"}), f.event(t, storage.EventRecoveryReplaced)), nil)
	p := storage.PhoneChange{UserID: u.ID, PasswordEpoch: u.PasswordEpoch, Phone: "+4930", Verified: true, Now: f.clock.Now()}
	want(t, "ChangePhone", f.s.Users().ChangePhone(t.Context(), p, f.event(t, storage.EventPhoneChanged)), nil)
}

// testRecovery: an owner's link removes what is younger than it tells of, once, and
// voids the younger links.
func (f fixture) testRecovery(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	event := func() storage.Event { return f.event(t, storage.EventAccountRecovered) }
	move := func(u *storage.User, from, to string) {
		t.Helper()
		c := storage.EmailChange{UserID: u.ID, PasswordEpoch: u.PasswordEpoch, From: from, To: to, Verified: true, Now: f.clock.Now()}
		want(t, "ChangeEmail", users.ChangeEmail(ctx, c, f.event(t, storage.EventEmailChanged)), nil)
	}
	for name, test := range map[string]struct {
		epoch int64
		// since is from when on, in minutes from the factor that was there before;
		// zero says nothing.
		since     int
		moves     bool
		want      error
		remaining int
	}{
		"of a factor, at the same address":         {0, 2, false, nil, 1},
		"of an older change, at the same address":  {0, -1, false, nil, 0},
		"of an epoch that never was":               {7, 2, false, storage.ErrNotFound, 2},
		"of an address that was not taken away":    {0, 0, false, storage.ErrNotFound, 2},
		"of an address that was taken away":        {0, 0, true, nil, 2},
		"of a factor, before the address was":      {0, 2, true, nil, 1},
		"of a factor, at the intruder's address":   {1, 2, true, nil, 1},
		"of a later change, at the first address":  {0, 9, true, nil, 2},
		"of an epoch that never was, after a move": {2, 2, true, storage.ErrNotFound, 2},
	} {
		t.Run(name, func(t *testing.T) {
			u := f.user(t)
			old := f.clock.Now()
			f.credential(t, u, storage.FactorPasskey)
			f.clock.Advance(2 * time.Minute)
			f.add(t, u)
			f.clock.Advance(2 * time.Minute)
			s := f.session(t, u)
			d := f.device(t, u)
			if test.moves {
				move(u, u.Email, "mallory."+u.Email)
			}
			f.clock.Advance(10 * time.Minute)
			back := storage.Recovery{UserID: u.ID, Epoch: test.epoch, Now: f.clock.Now()}
			if test.since != 0 {
				back.Since = old.Add(time.Duration(test.since) * time.Minute)
			}
			e, m := event(), f.message(t)
			want(t, "Recover", users.Recover(ctx, back, e, m), test.want)
			equal(t, "told", f.told(t, e, m), test.want == nil)
			credentials, codes, phone := f.added(t, u)
			equal(t, "credentials", credentials, test.remaining)
			equal(t, "recovery codes and phone stay", []bool{codes > 0, phone != ""}, []bool{test.remaining == 2, test.remaining == 2})
			_, err := f.s.Sessions().BySecret(ctx, []string{s.SecretHash}, f.clock.Now())
			equal(t, "session lives", err == nil, test.want != nil)
			_, err = f.s.TrustedDevices().BySecret(ctx, []string{d.SecretHash}, f.clock.Now())
			equal(t, "trusted device lives", err == nil, test.want != nil && !test.moves)
			if test.want != nil {
				return
			}
			got, err := users.ByID(ctx, u.ID)
			want(t, "ByID", err, nil)
			address := u.Email
			if test.epoch == 1 {
				address = "mallory." + u.Email
			}
			equal(t, "address and password", []any{got.Email, got.EmailVerified, got.PasswordHash, got.PasswordEpoch}, []any{address, true, "", u.PasswordEpoch + 1})
			want(t, "the link again", users.Recover(ctx, back, event()), storage.ErrNotFound)
			later := storage.Recovery{UserID: u.ID, Epoch: test.epoch, Since: f.clock.Now(), Now: f.clock.Now()}
			want(t, "a link that tells of something later", users.Recover(ctx, later, event()), storage.ErrNotFound)
			older := storage.Recovery{UserID: u.ID, Epoch: test.epoch, Since: old.Add(-time.Hour), Now: f.clock.Now()}
			want(t, "a link that tells of something older", users.Recover(ctx, older, event()), nil)
			credentials, codes, phone = f.added(t, u)
			equal(t, "what is left after the older link", []any{credentials, codes, phone}, []any{0, 0, ""})
			if test.epoch == 0 && test.moves {
				younger := storage.Recovery{UserID: u.ID, Epoch: 1, Since: old, Now: f.clock.Now()}
				want(t, "a younger link", users.Recover(ctx, younger, event()), storage.ErrNotFound)
			}
		})
	}
	t.Run("a reset removes what is recent", func(t *testing.T) {
		u := f.user(t)
		f.credential(t, u, storage.FactorPasskey)
		f.clock.Advance(time.Minute)
		f.add(t, u)
		c := storage.PasswordChange{UserID: u.ID, Epoch: u.PasswordEpoch, Hash: "$argon2id$new", Now: f.clock.Now(), RemoveSince: f.clock.Now()}
		want(t, "ChangePassword", users.ChangePassword(ctx, c, f.event(t, storage.EventPasswordChanged)), nil)
		credentials, codes, phone := f.added(t, u)
		equal(t, "what is left", []any{credentials, codes, phone}, []any{1, 0, ""})
	})
	t.Run("a reset keeps what its owner knows", func(t *testing.T) {
		u := f.user(t)
		f.add(t, u)
		f.credential(t, u, storage.FactorPasskey)
		list, err := f.s.Credentials().ListByUser(ctx, u.ID)
		want(t, "ListByUser", err, nil)
		c := storage.PasswordChange{
			UserID: u.ID, Epoch: u.PasswordEpoch, Hash: "$argon2id$new", Now: f.clock.Now(), RemoveSince: f.clock.Now(),
			Keep: storage.Kept{Factors: []storage.ID{list[0].ID, "not theirs"}, Phone: true},
		}
		want(t, "ChangePassword", users.ChangePassword(ctx, c, f.event(t, storage.EventPasswordChanged)), nil)
		credentials, codes, phone := f.added(t, u)
		equal(t, "what is left", []any{credentials, codes, phone}, []any{1, 0, "+4930"})
		left, err := f.s.Credentials().ListByUser(ctx, u.ID)
		want(t, "ListByUser", err, nil)
		equal(t, "the factor", left[0].ID, list[0].ID)
		c.Epoch, c.Keep = u.PasswordEpoch+1, storage.Kept{Recovery: true}
		want(t, "ChangePassword", users.ChangePassword(ctx, c, f.event(t, storage.EventPasswordChanged)), nil)
		credentials, codes, phone = f.added(t, u)
		equal(t, "what is left then", []any{credentials, codes, phone}, []any{0, 0, ""})
	})
}
