package storagetest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func (f fixture) device(t *testing.T, u *storage.User) *storage.TrustedDevice {
	t.Helper()
	now := f.clock.Now()
	d := &storage.TrustedDevice{
		ID: f.id(t), UserID: u.ID, SecretHash: "p1." + rand.Text(), PasswordEpoch: u.PasswordEpoch, ACR: "aal2",
		UserAgent: "Test/1", Address: "192.0.2.1", CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(10 * time.Hour),
	}
	want(t, "Create device", f.s.TrustedDevices().Create(t.Context(), d, f.event(t, storage.EventDeviceTrusted)), nil)
	return d
}

func (f fixture) testTrustedDevices(t *testing.T) {
	ctx, devices := t.Context(), f.s.TrustedDevices()
	u, stranger := f.user(t), f.user(t)
	d := f.device(t, u)
	other := f.device(t, u)
	event := func() storage.Event { return f.event(t, storage.EventDeviceForgotten) }
	got, err := devices.BySecret(ctx, []string{"p0.none", d.SecretHash}, f.clock.Now())
	want(t, "BySecret", err, nil)
	equal(t, "device", got, d)
	_, err = devices.BySecret(ctx, []string{d.SecretHash}, d.ExpiresAt)
	want(t, "BySecret when expired", err, storage.ErrNotFound)
	old := *d
	old.ID, old.SecretHash, old.PasswordEpoch = f.id(t), "p1.old", u.PasswordEpoch-1
	want(t, "Create under an old epoch", devices.Create(ctx, &old, event()), storage.ErrConflict)

	f.clock.Advance(time.Minute)
	want(t, "Rotate", devices.Rotate(ctx, d.ID, d.SecretHash, "p1.next"+string(d.ID), f.clock.Now(), event()), nil)
	want(t, "Rotate of the old secret", devices.Rotate(ctx, d.ID, d.SecretHash, "p1.x", f.clock.Now(), event()), storage.ErrConsumed)
	_, err = devices.BySecret(ctx, []string{d.SecretHash}, f.clock.Now())
	want(t, "BySecret of the old secret", err, storage.ErrNotFound)
	d.SecretHash, d.LastUsedAt = "p1.next"+string(d.ID), f.clock.Now()
	want(t, "Rotate when expired", devices.Rotate(ctx, d.ID, d.SecretHash, "p1.x", d.ExpiresAt, event()), storage.ErrConsumed)
	listed, err := devices.ListByUser(ctx, u.ID, f.clock.Now())
	want(t, "ListByUser", err, nil)
	equal(t, "devices", listed, []storage.TrustedDevice{*d, *other})

	want(t, "Delete of another's", devices.Delete(ctx, stranger.ID, d.ID, event()), storage.ErrNotFound)
	want(t, "Delete", devices.Delete(ctx, u.ID, d.ID, event()), nil)
	want(t, "Delete twice", devices.Delete(ctx, u.ID, d.ID, event()), storage.ErrNotFound)
	want(t, "DeleteAll", devices.DeleteAll(ctx, u.ID, event()), nil)
	want(t, "DeleteAll twice", devices.DeleteAll(ctx, u.ID, event()), storage.ErrNotFound)
	d = f.device(t, u)
	want(t, "Disable", f.s.Users().Disable(ctx, u.ID, f.clock.Now(), event()), nil)
	want(t, "Enable", f.s.Users().Enable(ctx, u.ID, f.clock.Now(), event()), nil)
	_, err = devices.BySecret(ctx, []string{d.SecretHash}, f.clock.Now())
	want(t, "BySecret after disabling", err, storage.ErrNotFound)
}

func (f fixture) testOneDeviceRotation(t *testing.T) {
	d := f.device(t, f.user(t))
	won := race(t, func(ctx context.Context) error {
		return f.s.TrustedDevices().Rotate(ctx, d.ID, d.SecretHash, "p1."+rand.Text(), f.clock.Now(), f.event(t, storage.EventDeviceTrustUsed))
	}, storage.ErrConsumed)
	if won != 1 {
		t.Fatalf("%d rotations of one secret", won)
	}
}

func (f fixture) testTrustCleared(t *testing.T) {
	ctx := t.Context()
	e := func() storage.Event { return f.event(t, storage.EventFactorAdded) }
	for name, change := range map[string]func(*storage.User) error{
		"password": func(u *storage.User) error {
			return f.s.Users().ChangePassword(ctx, storage.PasswordChange{UserID: u.ID, Epoch: u.PasswordEpoch, Hash: "x", Now: f.clock.Now()}, e())
		},
		"phone": func(u *storage.User) error {
			return f.s.Users().ChangePhone(ctx, storage.PhoneChange{UserID: u.ID, PasswordEpoch: u.PasswordEpoch, Now: f.clock.Now()}, e())
		},
		"email": func(u *storage.User) error {
			return f.s.Users().ChangeEmail(ctx, storage.EmailChange{UserID: u.ID, PasswordEpoch: u.PasswordEpoch, From: u.Email, To: "x" + u.Email, Now: f.clock.Now()}, e())
		},
		"recovery codes": func(u *storage.User) error {
			return f.s.RecoveryCodes().Replace(ctx, f.setOf(u, []string{"p1.a"}), e())
		},
		"factor added": func(u *storage.User) error {
			f.credential(t, u, storage.FactorTOTP)
			return nil
		},
		"factor removed": func(u *storage.User) error {
			c := f.credential(t, u, storage.FactorTOTP)
			f.device(t, u)
			return f.s.Credentials().Delete(t.Context(), changeOf(u, c), false, e())
		},
	} {
		t.Run(name, func(t *testing.T) {
			u, stranger := f.user(t), f.user(t)
			f.device(t, u)
			kept := f.device(t, stranger)
			want(t, "change", change(u), nil)
			got, err := f.s.TrustedDevices().ListByUser(t.Context(), u.ID, f.clock.Now())
			want(t, "ListByUser", err, nil)
			equal(t, "devices", len(got), 0)
			_, err = f.s.TrustedDevices().BySecret(t.Context(), []string{kept.SecretHash}, f.clock.Now())
			want(t, "BySecret of another person's", err, nil)
		})
	}
}

// A session that a trusted device opened does not outlive that trust as such.
func (f fixture) testSessionTrust(t *testing.T) {
	ctx, u, now := t.Context(), f.user(t), f.clock.Now()
	open := func() (hash string, d *storage.TrustedDevice) {
		d, hash = f.device(t, u), "p1."+rand.Text()
		s := &storage.Session{
			SID: f.id(t), UserID: u.ID, SecretHash: hash, CreatedAt: now, LastSeenAt: now, IdleExpiresAt: now.Add(time.Hour),
			ExpiresAt: now.Add(time.Hour), Authentication: storage.Authentication{Time: now, ACR: "aal1", AMR: []string{"pwd"}},
			Proofs:        []storage.Proof{{Kind: storage.FactorPassword, At: now}},
			TrustedDevice: d.ID, TrustACR: "aal2",
		}
		want(t, "Create session", f.s.Sessions().Create(t.Context(), s, storage.SessionStart{PasswordEpoch: u.PasswordEpoch}, f.event(t, storage.EventSignIn)), nil)
		return hash, d
	}
	trust := func(hash string) string {
		t.Helper()
		got, err := f.s.Sessions().BySecret(ctx, []string{hash}, now)
		want(t, "BySecret", err, nil)
		if (got.Session.TrustedDevice == "") != (got.Session.TrustACR == "") {
			t.Errorf("trust in %q for %q", got.Session.TrustedDevice, got.Session.TrustACR)
		}
		return got.Session.TrustACR
	}
	first, device := open()
	second, _ := open()
	want(t, "Delete device", f.s.TrustedDevices().Delete(ctx, u.ID, device.ID, f.event(t, storage.EventDeviceForgotten)), nil)
	if trust(first) != "" || trust(second) != "aal2" {
		t.Errorf("forgetting one device left trust %q, and of the other %q", trust(first), trust(second))
	}
	want(t, "DeleteAll", f.s.TrustedDevices().DeleteAll(ctx, u.ID, f.event(t, storage.EventDeviceForgotten)), nil)
	if trust(second) != "" {
		t.Error("forgetting all devices left trust in a session")
	}
}
