package storagetest

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// testLockdown: an account in wrong hands is shut by every door, whatever was issued
// or asked for before, until its recovery.
func (f fixture) testLockdown(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	s := f.signedIn(t)
	device := f.device(t, s.User)
	want(t, "PlanDeletion", users.PlanDeletion(ctx, planOf(s.User, f.clock.Now().Add(time.Hour)), f.event(t, storage.EventDeletionPlanned)), nil)
	s = f.signedInAs(t, s.User)
	f.clock.Advance(time.Minute)
	now := f.clock.Now()
	e, m := f.event(t, storage.EventLockedDown), f.message(t)
	var noted storage.Holdings
	note := func(had storage.Holdings) storage.Event { noted = had; return e }

	before, err := users.Holdings(ctx, s.ID, now)
	want(t, "Holdings", err, nil)
	equal(t, "holdings before", before, storage.Holdings{Sessions: 2, Grants: 4, Devices: 1})
	had, err := users.Lockdown(ctx, storage.Lockdown{UserID: s.ID, Now: now}, note, m)
	want(t, "Lockdown", err, nil)
	equal(t, "what ended", had, before)
	equal(t, "noted", noted, before)
	equal(t, "told", f.told(t, e, m), true)
	after, err := users.Holdings(ctx, s.ID, now)
	want(t, "Holdings", err, nil)
	equal(t, "holdings after", after, storage.Holdings{})
	_, err = users.Lockdown(ctx, storage.Lockdown{UserID: s.ID, Now: now}, note)
	want(t, "Lockdown twice", err, storage.ErrNotFound)
	_, err = users.Lockdown(ctx, storage.Lockdown{UserID: "nobody", Now: now}, note)
	want(t, "Lockdown of nobody", err, storage.ErrNotFound)

	u := f.read(t, s.ID)
	equal(t, "locked", u.Locked(), true)
	equal(t, "deletion is off", u.DeleteAt.IsZero(), true)
	f.shut(t, s, u, device)
	want(t, "Enable", users.Enable(ctx, s.ID, now, f.event(t, storage.EventUserEnabled)), storage.ErrNotFound)
	f.shut(t, s, f.read(t, s.ID), device)

	for name, lift := range map[string]func() error{
		"a window that is over": func() error {
			return users.LiftLockdown(ctx, s.ID, now, f.event(t, storage.EventLockdownLifted))
		},
		"a password that is no recovery": func() error {
			c := storage.PasswordChange{UserID: s.ID, Epoch: u.PasswordEpoch, Hash: "new", Now: now}
			if err := users.ChangePassword(ctx, c, f.event(t, storage.EventPasswordChanged)); err != nil {
				return err
			}
			return storage.ErrNotFound
		},
	} {
		want(t, name, lift(), storage.ErrNotFound)
		f.shut(t, s, f.read(t, s.ID), device)
	}
	want(t, "LiftLockdown", users.LiftLockdown(ctx, s.ID, now.Add(-time.Second), f.event(t, storage.EventLockdownLifted)), nil)
	want(t, "LiftLockdown twice", users.LiftLockdown(ctx, s.ID, now.Add(-time.Second), f.event(t, storage.EventLockdownLifted)), storage.ErrNotFound)
	u = f.read(t, s.ID)
	equal(t, "disabled after the undo", u.Disabled(), false)
	f.alive(t, "after the undo", s, false, false, false, false, false, false)
	f.session(t, u)
}

// testLockdownEnds: which recovery lifts which lockdown, and that nobody who is
// disabled besides gets in by one.
func (f fixture) testLockdownEnds(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	recovers := func(u *storage.User, now time.Time) error {
		return users.Recover(ctx, storage.Recovery{UserID: u.ID, Epoch: u.EmailEpoch, Since: now.Add(-time.Hour), Now: now}, f.event(t, storage.EventAccountRecovered))
	}
	byDesk := func(u *storage.User, now time.Time) error {
		c := storage.PasswordChange{UserID: u.ID, Epoch: u.PasswordEpoch, Hash: "new", Now: now, Lifts: true}
		return users.ChangePassword(ctx, c, f.event(t, storage.EventPasswordChanged))
	}
	undo := func(u *storage.User, now time.Time) error {
		return users.LiftLockdown(ctx, u.ID, now.Add(-time.Hour), f.event(t, storage.EventLockdownLifted))
	}
	for name, c := range map[string]struct {
		held, disabledBefore, disabledAfter bool
		end                                 func(*storage.User, time.Time) error
		open                                bool
	}{
		"its owner's recovery":                     {end: recovers, open: true},
		"its owner's recovery while it is held":    {held: true, end: recovers},
		"the help desk":                            {end: byDesk, open: true},
		"the help desk while it is held":           {held: true, end: byDesk, open: true},
		"undone":                                   {end: undo, open: true},
		"undone while it is held":                  {held: true, end: undo, open: true},
		"undone of who was disabled before":        {disabledBefore: true, end: undo},
		"recovered by who was disabled before":     {disabledBefore: true, end: recovers},
		"undone of who was disabled since":         {disabledAfter: true, end: undo},
		"given back to who was disabled meanwhile": {disabledAfter: true, end: byDesk},
	} {
		u, now := f.user(t), f.clock.Now()
		disable := func() {
			want(t, name+": Disable", users.Disable(ctx, u.ID, now, f.event(t, storage.EventUserDisabled)), nil)
		}
		if c.disabledBefore {
			disable()
		}
		lock := storage.Lockdown{UserID: u.ID, Now: now}
		note := func(storage.Holdings) storage.Event { return f.event(t, storage.EventLockedDown) }
		_, err := users.Lockdown(ctx, lock, note)
		want(t, name+": Lockdown", err, nil)
		if c.held { // an open lockdown can be held from then on
			lock.Held = true
			_, err := users.Lockdown(ctx, lock, note)
			want(t, name+": Lockdown held", err, nil)
			_, err = users.Lockdown(ctx, lock, note)
			want(t, name+": Lockdown held twice", err, storage.ErrNotFound)
		}
		if c.disabledAfter {
			disable()
			want(t, name+": Disable twice", users.Disable(ctx, u.ID, now, f.event(t, storage.EventUserDisabled)), storage.ErrNotFound)
		}
		want(t, name, c.end(f.read(t, u.ID), now), nil)
		got := f.read(t, u.ID)
		equal(t, name+": shut", got.Disabled(), !c.open)
		equal(t, name+": locked down", !got.LockedAt.IsZero(), c.held && !c.open)
		if c.disabledBefore || c.disabledAfter {
			want(t, name+": Enable", users.Enable(ctx, u.ID, now, f.event(t, storage.EventUserEnabled)), nil)
			equal(t, name+": shut once enabled", f.read(t, u.ID).Disabled(), false)
		}
	}
}

func (f fixture) read(t *testing.T, id storage.ID) *storage.User {
	t.Helper()
	u, err := f.s.Users().ByID(t.Context(), id)
	want(t, "ByID", err, nil)
	return u
}

// shut: nothing of old works, and nothing new begins, under the password epoch of now.
func (f fixture) shut(t *testing.T, s signedIn, u *storage.User, device *storage.TrustedDevice) {
	t.Helper()
	ctx := t.Context()
	f.alive(t, "locked down", s, false, false, false, false, false, false)
	for _, g := range []*storage.Grant{s.keptOffline, s.otherOffline} {
		_, err := f.s.Grants().Rotate(ctx, f.rotation(g))
		want(t, "Rotate", err, storage.ErrNotFound)
	}
	_, err := f.s.TrustedDevices().BySecret(ctx, []string{device.SecretHash}, f.clock.Now())
	want(t, "trusted device", err, storage.ErrNotFound)
	late := *s.kept
	late.SID, late.SecretHash = f.id(t), "p1."+rand.Text()
	err = f.s.Sessions().Create(ctx, &late, storage.SessionStart{PasswordEpoch: u.PasswordEpoch}, f.event(t, storage.EventSignIn))
	want(t, "a sign-in", err, storage.ErrConflict)
	_, err = f.s.Grants().Create(ctx, f.newGrant(t, u, ""), storage.GrantStart{PasswordEpoch: u.PasswordEpoch}, f.event(t, storage.EventGrantIssued))
	if err == nil {
		t.Error("a grant was made")
	}
}
