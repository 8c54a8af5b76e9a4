package storagetest

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// testEpochRaised: what anybody was issued under the epoch before is dead, what
// they sign in with is not.
func (f fixture) testEpochRaised(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	s, other := f.signedIn(t), f.signedIn(t)
	alone := f.newGrant(t, s.User, "")
	want(t, "Create grant without a session", f.createGrant(ctx, alone, f.event(t, storage.EventGrantIssued)), nil)
	device := f.device(t, s.User)
	moved := f.user(t)
	change := storage.EmailChange{UserID: moved.ID, PasswordEpoch: moved.PasswordEpoch, From: moved.Email, To: "moved." + moved.Email, Now: f.clock.Now()}
	want(t, "ChangeEmail", users.ChangeEmail(ctx, change, f.event(t, storage.EventEmailChanged)), nil)
	inv := f.invitation(t, "epoch@example.com")
	f.clock.Advance(time.Minute)
	now := f.clock.Now()

	e := f.event(t, storage.EventEpochRaised)
	had, err := users.RaiseEpoch(ctx, now, func(had storage.Holdings) storage.Event {
		e.Detail = had.String()
		return e
	})
	want(t, "RaiseEpoch", err, nil)
	equal(t, "what there was", had.Sessions > 1 && had.Grants > 1 && had.Devices > 0, true)
	f.alive(t, "after the epoch was raised", s, false, false, false, false, false, false)
	f.alive(t, "another, after the epoch was raised", other, false, false, false, false, false, false)
	got, err := f.s.Grants().ByID(ctx, alone.ID)
	want(t, "ByID", err, nil)
	equal(t, "grant without a session revoked at", got.Grant.RevokedAt, now)
	equal(t, "reason", got.Grant.RevokedReason, storage.RevokedEpoch)
	_, err = f.s.TrustedDevices().BySecret(ctx, []string{device.SecretHash}, now)
	want(t, "trusted device", err, storage.ErrNotFound)
	_, err = f.s.Invitations().Valid(ctx, []string{inv.TokenHash}, now)
	want(t, "unused invitation", err, storage.ErrNotFound)
	for what, back := range map[string]storage.Recovery{
		"a link that undoes a change of address": {UserID: moved.ID, Epoch: 0, Now: now},
		"a link that disowns a change":           {UserID: s.ID, Epoch: 0, Since: now.Add(-time.Hour), Now: now},
	} {
		want(t, what, users.Recover(ctx, back, f.event(t, storage.EventAccountRecovered)), storage.ErrNotFound)
	}
	events, err := f.s.Events().List(ctx, storage.EventFilter{Type: storage.EventEpochRaised, Limit: 10})
	want(t, "List events", err, nil)
	equal(t, "events", len(events), 1)
	equal(t, "it says", events[0].Detail, had.String())

	for issuedAt, revoked := range map[time.Time]bool{now.Add(-time.Microsecond): true, now: false, now.Add(time.Hour): false} {
		got, err := f.s.AccessTokens().Revoked(ctx, "service", "a client's own", issuedAt)
		want(t, "Revoked", err, nil)
		equal(t, "a client's own token of "+issuedAt.Sub(now).String()+" is revoked", got, revoked)
	}

	reset := storage.PasswordChange{UserID: s.ID, Epoch: s.PasswordEpoch, Hash: rand.Text(), Now: now}
	want(t, "a reset that waited", users.ChangePassword(ctx, reset, f.event(t, storage.EventPasswordChanged)), storage.ErrConflict)
	late := *s.kept
	late.SID, late.SecretHash = f.id(t), "p1."+rand.Text()
	err = f.s.Sessions().Create(ctx, &late, storage.SessionStart{PasswordEpoch: s.PasswordEpoch}, f.event(t, storage.EventSignIn))
	want(t, "a sign-in that was under way", err, storage.ErrConflict)

	u, err := users.ByID(ctx, s.ID)
	want(t, "ByID", err, nil)
	s.PasswordEpoch, s.EmailEpoch, s.UpdatedAt = s.PasswordEpoch+1, s.EmailEpoch+1, now
	equal(t, "person", u, s.User)
	f.session(t, u) // a new one
}
