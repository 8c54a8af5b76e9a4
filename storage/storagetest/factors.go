package storagetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func (f fixture) testFactors(t *testing.T) {
	t.Run("credentials", f.testCredentials)
	t.Run("TestTP2_one use of a step", f.testOneStep)
	t.Run("uses of a credential", f.testCredentialUses)
	t.Run("a person's count of credentials", f.testCredentialCount)
	t.Run("TestTD3_sessions rest on trust no more", f.testSessionTrust)
	t.Run("no more credentials than may be", f.testCredentialLimit)
	t.Run("recovery codes", f.testRecoveryCodes)
	t.Run("TestRC3_one use of a recovery code", f.testOneRecoveryCode)
	t.Run("lockouts", f.testLockouts)
	t.Run("TestTH2_few of many attempts", f.testAttempts)
	t.Run("trusted devices", f.testTrustedDevices)
	t.Run("one rotation of a trusted device", f.testOneDeviceRotation)
	t.Run("TestTD3_cleared by changes", f.testTrustCleared)
	t.Run("TestSE5_resetting factors ends everything", f.testResetFactors)
	t.Run("one claim of a job", f.testJobs)
}

func (f fixture) credential(t *testing.T, u *storage.User, kind storage.FactorKind) *storage.Credential {
	t.Helper()
	c := &storage.Credential{ID: f.id(t), UserID: u.ID, Kind: kind, Name: "phone", CreatedAt: f.clock.Now()}
	if kind == storage.FactorPasskey {
		c.ExternalID, c.Public = rand.Text(), []byte(`{"key":"AAAA"}`)
	} else {
		c.Secret, c.Counter = "v1.k.n.c", 100
	}
	want(t, "Create credential", f.s.Credentials().Add(t.Context(), c, storage.FactorStart{PasswordEpoch: u.PasswordEpoch}, f.event(t, storage.EventFactorAdded)), nil)
	return c
}

// changeOf is a change of a credential that was allowed to the person.
func changeOf(u *storage.User, c *storage.Credential) storage.CredentialChange {
	return storage.CredentialChange{UserID: u.ID, ID: c.ID, PasswordEpoch: u.PasswordEpoch}
}

// setOf is a new set of recovery codes that was allowed to the person.
func (f fixture) setOf(u *storage.User, hashes []string) storage.RecoverySet {
	return storage.RecoverySet{UserID: u.ID, PasswordEpoch: u.PasswordEpoch, Hashes: hashes, Now: f.clock.Now()}
}

func (f fixture) testCredentials(t *testing.T) {
	ctx, credentials := t.Context(), f.s.Credentials()
	u, stranger := f.user(t), f.user(t)
	totp := f.credential(t, u, storage.FactorTOTP)
	f.clock.Advance(time.Second)
	key := f.credential(t, u, storage.FactorPasskey)
	got, err := credentials.ListByUser(ctx, u.ID)
	want(t, "ListByUser", err, nil)
	equal(t, "credentials", got, []storage.Credential{*totp, *key})
	byID, err := credentials.ByExternalID(ctx, key.ExternalID)
	want(t, "ByExternalID", err, nil)
	equal(t, "passkey", byID, key)
	_, err = credentials.ByExternalID(ctx, "other")
	want(t, "ByExternalID of another", err, storage.ErrNotFound)
	event := func() storage.Event { return f.event(t, storage.EventFactorAdded) }
	again := *key
	again.ID, again.UserID = f.id(t), stranger.ID
	want(t, "Add of a registered passkey", credentials.Add(ctx, &again, storage.FactorStart{PasswordEpoch: firstEpoch}, event()), storage.ErrConflict)
	again.ExternalID = "late"
	want(t, "Add under an old password", credentials.Add(ctx, &again, storage.FactorStart{PasswordEpoch: firstEpoch - 1}, event()), storage.ErrConsumed)
	again.ExternalID, again.UserID = "new", "nobody"
	want(t, "Add for nobody", credentials.Add(ctx, &again, storage.FactorStart{PasswordEpoch: firstEpoch}, event()), storage.ErrNotFound)
	f.clock.Advance(time.Second)
	f.credential(t, u, storage.FactorTOTP) // several have no external id

	want(t, "Rename of another's", credentials.Rename(ctx, changeOf(stranger, key), "mine", event()), storage.ErrNotFound)
	want(t, "Rename", credentials.Rename(ctx, changeOf(u, key), "yubikey", event()), nil)
	want(t, "Delete of another's", credentials.Delete(ctx, changeOf(stranger, totp), false, event()), storage.ErrNotFound)
	e, m := event(), f.message(t)
	want(t, "Delete", credentials.Delete(ctx, changeOf(u, totp), false, e, m), nil)
	equal(t, "told", f.told(t, e, m), true)
	want(t, "Delete twice", credentials.Delete(ctx, changeOf(u, totp), false, event()), storage.ErrNotFound)
	got, err = credentials.ListByUser(ctx, u.ID)
	want(t, "ListByUser", err, nil)
	if len(got) != 2 || got[0].Name != "yubikey" {
		t.Errorf("credentials after Rename and Delete = %+v", got)
	}
}

func (f fixture) testOneStep(t *testing.T) {
	c := f.credential(t, f.user(t), storage.FactorTOTP)
	won := race(t, func(ctx context.Context) error {
		return f.s.Credentials().Use(ctx, storage.CredentialUse{ID: c.ID, UserID: c.UserID, From: 100, To: 101, Now: f.clock.Now()})
	}, storage.ErrConsumed)
	if won != 1 {
		t.Fatalf("a step was used %d times", won)
	}
}

func (f fixture) testCredentialUses(t *testing.T) {
	for _, test := range []struct {
		name    string
		kind    storage.FactorKind
		counter int64 // in the row
		use     storage.CredentialUse
		want    error
	}{
		{"a later step", storage.FactorTOTP, 100, storage.CredentialUse{From: 100, To: 107}, nil},
		{"a step read before another was used", storage.FactorTOTP, 100, storage.CredentialUse{From: 98, To: 101}, nil},
		{"the same step", storage.FactorTOTP, 100, storage.CredentialUse{From: 99, To: 100}, storage.ErrConsumed},
		{"an earlier step", storage.FactorTOTP, 100, storage.CredentialUse{From: 98, To: 99}, storage.ErrConsumed},
		{"a passkey that counts", storage.FactorPasskey, 5, storage.CredentialUse{From: 5, To: 6}, nil},
		{"a passkey that does not count", storage.FactorPasskey, 0, storage.CredentialUse{}, nil},
		{"a passkey that was used meanwhile", storage.FactorPasskey, 6, storage.CredentialUse{From: 5, To: 7}, storage.ErrConsumed},
		{"PK2: a passkey whose counter stands still", storage.FactorPasskey, 5, storage.CredentialUse{From: 5, To: 5}, storage.ErrConsumed},
		{"PK2: a passkey whose counter goes back", storage.FactorPasskey, 5, storage.CredentialUse{From: 5, To: 4}, storage.ErrConsumed},
		{"another's", storage.FactorTOTP, 100, storage.CredentialUse{UserID: "other", From: 100, To: 101}, storage.ErrNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := t.Context()
			c := f.credential(t, f.user(t), test.kind)
			if c.Counter < test.counter {
				up := storage.CredentialUse{ID: c.ID, UserID: c.UserID, From: c.Counter, To: test.counter, Now: f.clock.Now()}
				want(t, "Use before", f.s.Credentials().Use(ctx, up), nil)
				c.Counter, c.LastUsedAt = test.counter, f.clock.Now()
			}
			use := test.use
			use.ID, use.Now, use.Public = c.ID, f.clock.Now(), []byte(`{"backup":true}`)
			if use.UserID == "" {
				use.UserID = c.UserID
			}
			want(t, "Use", f.s.Credentials().Use(ctx, use), test.want)
			if test.want == nil {
				c.Counter, c.LastUsedAt, c.Public = use.To, use.Now, use.Public
			}
			got, err := f.s.Credentials().ListByUser(ctx, c.UserID)
			want(t, "ListByUser", err, nil)
			equal(t, "credential", got, []storage.Credential{*c})
		})
	}
}

func (f fixture) testCredentialLimit(t *testing.T) {
	u := f.user(t)
	won := race(t, func(ctx context.Context) error {
		c := &storage.Credential{ID: f.id(t), UserID: u.ID, Kind: storage.FactorTOTP, Secret: "v1", CreatedAt: f.clock.Now()}
		return f.s.Credentials().Add(ctx, c, storage.FactorStart{PasswordEpoch: u.PasswordEpoch}, f.event(t, storage.EventFactorAdded))
	}, storage.ErrFull)
	if won != 20 {
		t.Fatalf("%d credentials of one person", won)
	}
}

func (f fixture) testRecoveryCodes(t *testing.T) {
	ctx, codes := t.Context(), f.s.RecoveryCodes()
	u, stranger := f.user(t), f.user(t)
	status := func(what string, wanted storage.RecoveryCodes) {
		t.Helper()
		got, err := codes.Status(ctx, u.ID)
		want(t, "Status", err, nil)
		equal(t, what, got, wanted)
	}
	event := func() storage.Event { return f.event(t, storage.EventRecoveryUsed) }
	status("without codes", storage.RecoveryCodes{})
	want(t, "Replace", codes.Replace(ctx, f.setOf(u, []string{"p1.a", "p1.b", "p1.c"}), event()), nil)
	want(t, "Replace of another", codes.Replace(ctx, f.setOf(stranger, []string{"p1.x"}), event()), nil)
	e, m := event(), f.message(t)
	want(t, "Consume", codes.Consume(ctx, u.ID, []string{"p2.b", "p1.b"}, f.clock.Now(), e, m), nil)
	equal(t, "told", f.told(t, e, m), true)
	e, m = event(), f.message(t)
	want(t, "Consume twice", codes.Consume(ctx, u.ID, []string{"p1.b"}, f.clock.Now(), e, m), storage.ErrConsumed)
	equal(t, "told of nothing", f.told(t, e, m), false)
	want(t, "Consume of another's", codes.Consume(ctx, u.ID, []string{"p1.x"}, f.clock.Now(), event()), storage.ErrNotFound)
	status("after one use", storage.RecoveryCodes{Total: 3, Remaining: 2, CreatedAt: f.clock.Now(), KeyID: "p1"})
	f.clock.Advance(time.Second)
	want(t, "Replace", codes.Replace(ctx, f.setOf(u, []string{"p1.d"}), event()), nil)
	want(t, "RC3: Consume of the old set", codes.Consume(ctx, u.ID, []string{"p1.a"}, f.clock.Now(), event()), storage.ErrNotFound)
	status("of the new set", storage.RecoveryCodes{Total: 1, Remaining: 1, CreatedAt: f.clock.Now(), KeyID: "p1"})
	want(t, "Replace for nobody", codes.Replace(ctx, f.setOf(&storage.User{ID: "nobody"}, []string{"p1.d"}), event()), storage.ErrNotFound)
}

func (f fixture) testOneRecoveryCode(t *testing.T) {
	u := f.user(t)
	want(t, "Replace", f.s.RecoveryCodes().Replace(t.Context(), f.setOf(u, []string{"p1.a", "p1.b"}), f.event(t, storage.EventRecoveryReplaced)), nil)
	won := race(t, func(ctx context.Context) error {
		return f.s.RecoveryCodes().Consume(ctx, u.ID, []string{"p1.a"}, f.clock.Now(), f.event(t, storage.EventRecoveryUsed))
	}, storage.ErrConsumed)
	if won != 1 {
		t.Fatalf("a recovery code was used %d times", won)
	}
}

func (f fixture) testLockouts(t *testing.T) {
	ctx, lockouts := t.Context(), f.s.Lockouts()
	u := f.user(t)
	b := storage.Backoff{Free: 2, Base: time.Minute, Max: 3 * time.Minute, Window: time.Second}
	const disableAfter = 7
	attempt := func(wanted error) storage.Lockout {
		t.Helper()
		l, err := lockouts.Attempt(ctx, u.ID, storage.FactorTOTP, f.clock.Now(), b, disableAfter)
		if !errors.Is(err, wanted) || wanted == nil && err != nil {
			t.Fatalf("Attempt = %v, want %v", err, wanted)
		}
		return l
	}
	for n := int64(1); n <= disableAfter; n++ {
		f.clock.Advance(b.Wait(n - 1))
		wanted := storage.Lockout{UserID: u.ID, Kind: storage.FactorTOTP, Failures: n, UpdatedAt: f.clock.Now()}
		if wait := b.Wait(n); wait > 0 {
			wanted.LockedUntil = f.clock.Now().Add(wait)
		}
		if n == disableAfter {
			wanted.DisabledAt = f.clock.Now()
		}
		equal(t, fmt.Sprintf("lockout %d", n), attempt(nil), wanted)
		if b.Wait(n) > 0 {
			equal(t, "refused", attempt(storage.ErrLocked), wanted)
			f.clock.Advance(b.Wait(n) - time.Microsecond)
			equal(t, "refused until the wait is over", attempt(storage.ErrLocked), wanted)
			f.clock.Advance(time.Microsecond - b.Wait(n))
		}
	}
	f.clock.Advance(1000 * time.Hour)
	attempt(storage.ErrLocked)
	_, err := lockouts.Attempt(ctx, u.ID, storage.FactorSMS, f.clock.Now(), b, 0)
	want(t, "Attempt with another factor", err, nil)
	got, err := lockouts.ListByUser(ctx, u.ID)
	want(t, "ListByUser", err, nil)
	if len(got) != 2 || got[1].Kind != storage.FactorTOTP || got[1].DisabledAt.IsZero() {
		t.Errorf("lockouts = %+v", got)
	}
	want(t, "Succeeded with another factor", lockouts.Succeeded(ctx, u.ID, storage.FactorSMS, f.clock.Now()), nil)
	attempt(storage.ErrLocked)
	e, m := f.event(t, storage.EventFactorUnlocked), f.message(t)
	want(t, "Unlock", lockouts.Unlock(ctx, u.ID, "", f.clock.Now(), e, m), nil)
	equal(t, "told", f.told(t, e, m), true)
	want(t, "Unlock twice", lockouts.Unlock(ctx, u.ID, "", f.clock.Now(), e, m), storage.ErrNotFound)
	equal(t, "failures after Unlock", attempt(nil).Failures, int64(1))
	for range b.Free {
		attempt(nil)
	}
	attempt(storage.ErrLocked)
	want(t, "Succeeded", lockouts.Succeeded(ctx, u.ID, storage.FactorTOTP, f.clock.Now()), nil)
	equal(t, "failures after Succeeded", attempt(nil).Failures, int64(1))
	for range b.Free {
		attempt(nil)
	}
	f.credential(t, u, storage.FactorTOTP)
	equal(t, "failures after enrolling anew", attempt(nil).Failures, int64(1))
}

func (f fixture) testAttempts(t *testing.T) {
	u := f.user(t)
	b := storage.Backoff{Free: 5, Base: time.Minute, Max: time.Hour}
	var disabled atomic.Int64
	won := race(t, func(ctx context.Context) error {
		_, err := f.s.Lockouts().Attempt(ctx, u.ID, storage.FactorTOTP, f.clock.Now(), b, 100)
		return err
	}, storage.ErrLocked)
	if won != b.Free+1 {
		t.Errorf("%d attempts were let through, want %d", won, b.Free+1)
	}
	won = race(t, func(ctx context.Context) error {
		l, err := f.s.Lockouts().Attempt(ctx, u.ID, storage.FactorSMS, f.clock.Now(), storage.Backoff{Free: 1000}, 100)
		if err == nil && !l.DisabledAt.IsZero() {
			disabled.Add(1)
		}
		return err
	}, storage.ErrLocked)
	if won != 100 || disabled.Load() != 1 {
		t.Errorf("%d attempts were let through, %d of them disabled the factor; want 100 and 1", won, disabled.Load())
	}
}

func (f fixture) testResetFactors(t *testing.T) {
	ctx := t.Context()
	s := f.signedIn(t)
	f.credential(t, s.User, storage.FactorPasskey)
	want(t, "Replace", f.s.RecoveryCodes().Replace(ctx, f.setOf(s.User, []string{"p1.a"}), f.event(t, storage.EventRecoveryReplaced)), nil)
	d := f.device(t, s.User)
	_, err := f.s.Lockouts().Attempt(ctx, s.ID, storage.FactorTOTP, f.clock.Now(), storage.Backoff{}, 1)
	want(t, "Attempt", err, nil)
	e, m := f.event(t, storage.EventFactorsReset), f.message(t)
	want(t, "ResetFactors", f.s.Users().ResetFactors(ctx, s.ID, f.clock.Now(), e, m), nil)
	equal(t, "told", f.told(t, e, m), true)
	f.alive(t, "after ResetFactors", s, false, false, false, false, false, false)
	credentials, err := f.s.Credentials().ListByUser(ctx, s.ID)
	want(t, "ListByUser", err, nil)
	codes, err := f.s.RecoveryCodes().Status(ctx, s.ID)
	want(t, "Status", err, nil)
	locked, err := f.s.Lockouts().ListByUser(ctx, s.ID)
	want(t, "ListByUser", err, nil)
	equal(t, "credentials, codes, lockouts", []int{len(credentials), codes.Total, len(locked)}, []int{0, 0, 0})
	_, err = f.s.TrustedDevices().BySecret(ctx, []string{d.SecretHash}, f.clock.Now())
	want(t, "BySecret", err, storage.ErrNotFound)
	want(t, "ResetFactors of nobody", f.s.Users().ResetFactors(ctx, "nobody", f.clock.Now(), f.event(t, storage.EventFactorsReset)), storage.ErrNotFound)
}

var errNotMine = errors.New("another node runs it")

func (f fixture) testJobs(t *testing.T) {
	for _, step := range []struct {
		after time.Duration
		runs  int
	}{{0, 1}, {59 * time.Second, 0}, {time.Second, 1}} {
		f.clock.Advance(step.after)
		won := race(t, func(ctx context.Context) error {
			mine, err := f.s.Jobs().Claim(ctx, "sweep", time.Minute, f.clock.Now())
			if err == nil && !mine {
				err = errNotMine
			}
			return err
		}, errNotMine)
		if won != step.runs {
			t.Errorf("after %s: %d nodes run the job, want %d", step.after, won, step.runs)
		}
	}
	mine, err := f.s.Jobs().Claim(t.Context(), "other", time.Minute, f.clock.Now())
	want(t, "Claim of another job", err, nil)
	equal(t, "mine", mine, true)
}

// A sign-in need not count credentials: the person's row tells.
func (f fixture) testCredentialCount(t *testing.T) {
	ctx, u := t.Context(), f.user(t)
	check := func(what string, credentials int, added time.Time) {
		t.Helper()
		got, err := f.s.Users().ByID(ctx, u.ID)
		want(t, "ByID", err, nil)
		if got.Credentials != credentials || !got.FactorAddedAt.Equal(added) {
			t.Errorf("%s: %d credentials, newest of %s; want %d of %s", what, got.Credentials, got.FactorAddedAt, credentials, added)
		}
	}
	check("before", 0, time.Time{})
	first := f.credential(t, u, storage.FactorTOTP)
	f.clock.Advance(time.Minute)
	second := f.credential(t, u, storage.FactorPasskey)
	check("two", 2, second.CreatedAt)
	want(t, "Delete", f.s.Credentials().Delete(ctx, changeOf(u, second), false, f.event(t, storage.EventFactorRemoved)), nil)
	check("one", 1, first.CreatedAt)
	removal := f.event(t, storage.EventFactorRemoved)
	want(t, "Delete of the last, where one must stay", f.s.Credentials().Delete(ctx, changeOf(u, first), true, removal), storage.ErrConflict)
	check("still one", 1, first.CreatedAt)
	want(t, "ResetFactors", f.s.Users().ResetFactors(ctx, u.ID, f.clock.Now(), f.event(t, storage.EventFactorsReset)), nil)
	check("none", 0, time.Time{})
}
