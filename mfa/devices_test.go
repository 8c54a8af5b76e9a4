package mfa

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// trust trusts a browser, as package account does, and returns its cookie.
func (b *bench) trust() string {
	b.t.Helper()
	value, device, err := NewDevices(b.cfg[0]).New(b.user, ACRTwoFactor, b.clock.Now())
	if err == nil {
		err = b.store.TrustedDevices().Create(b.t.Context(), device, b.event(storage.EventDeviceTrusted))
	}
	if err != nil {
		b.t.Fatal(err)
	}
	if want := b.clock.Now().Add(DefaultPolicy().TrustFor); !device.ExpiresAt.Equal(want) {
		b.t.Errorf("trusted until %s, want %s", device.ExpiresAt, want)
	}
	return value
}

func TestTD1_ADeviceIsKnownByASecretThatRotates(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		ctx, devices := t.Context(), NewDevices(b.cfg[0])
		value := b.trust()
		device, err := devices.Find(ctx, value, b.user, b.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		if device.ACR != ACRTwoFactor || strings.Contains(device.SecretHash, strings.Split(value, ".")[1]) {
			t.Errorf("device = %+v", device)
		}
		next, err := devices.Use(ctx, b.attempt("again"), device)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := devices.Find(ctx, value, b.user, b.clock.Now()); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the secret that was used = %v", err)
		}
		if _, err := devices.Find(ctx, next, b.user, b.clock.Now()); err != nil {
			t.Errorf("the next secret: %v", err)
		}
		other := b.trust()
		for name, value := range map[string]string{
			"nothing": "", "an id": string(device.ID), "an id and no secret": string(device.ID) + ".", "another id": strings.Split(other, ".")[0] + "." + strings.Split(next, ".")[1],
		} {
			if _, err := devices.Find(ctx, value, b.user, b.clock.Now()); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s = %v", name, err)
			}
		}
		if used := b.countEvents(storage.EventDeviceTrustUsed); used != 1 {
			t.Errorf("%d uses audited", used)
		}
	})
}

// TestKY5_ADeviceOfAnUnknownKeyIsNotJudged: while a hash key is rolled over the nodes, a
// node may meet a browser that another node trusted under a key that it does not know
// yet. It neither believes nor forgets it; and of a key that was revoked it is not trusted.
func TestKY5_ADeviceOfAnUnknownKeyIsNotJudged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		trust := func(keyID string) (string, Config) {
			cfg := b.cfg[0]
			hasher, err := keys.NewHasher([]keys.SecretKey{{ID: keyID, Key: bytes.Repeat([]byte{2}, 32)}})
			if err != nil {
				t.Fatal(err)
			}
			cfg.Hasher = hasher
			value, device, err := NewDevices(cfg).New(b.user, ACRTwoFactor, b.clock.Now())
			if err == nil {
				err = b.store.TrustedDevices().Create(t.Context(), device, b.event(storage.EventDeviceTrusted))
			}
			if err != nil {
				t.Fatal(err)
			}
			return value, cfg
		}
		find := func(cfg Config, value string) error {
			_, err := NewDevices(cfg).Find(t.Context(), value, b.user, b.clock.Now())
			return err
		}
		value, theirs := trust("another")
		if err := find(b.cfg[0], value); !errors.Is(err, keys.ErrUnknownKey) || errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a device that cannot be judged: %v", err)
		}
		if err := find(theirs, value); err != nil {
			t.Errorf("where its key is known: %v", err)
		}
		value, _ = trust("revoked")
		if err := find(b.cfg[0], value); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a device of a revoked key: %v", err)
		}
	})
}

func TestTD1_OneOfManyUsesASecret(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, b *bench) {
		value := b.trust()
		const many = 50
		errs := make([]error, many)
		var group sync.WaitGroup
		begin := make(chan struct{})
		for i := range many {
			devices, a := NewDevices(b.cfg[i%2]), b.attempt(fmt.Sprint(i))
			device, err := devices.Find(t.Context(), value, b.user, b.clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			group.Go(func() {
				<-begin
				_, errs[i] = devices.Use(t.Context(), a, device)
			})
		}
		close(begin)
		group.Wait()
		used := 0
		for _, err := range errs {
			switch {
			case err == nil:
				used++
			case !errors.Is(err, ErrSpent):
				t.Errorf("one of many: %v", err)
			}
		}
		if used != 1 {
			t.Errorf("%d of %d used one secret", used, many)
		}
	})
}

func TestTD3_TrustEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(b *bench){
		"with the password":                func(b *bench) { b.user.PasswordEpoch++ },
		"in time":                          func(b *bench) { b.clock.Advance(DefaultPolicy().TrustFor) },
		"for anybody else":                 func(b *bench) { b.user = b.newUser("eve@example.com") },
		"when a factor is added":           func(b *bench) { b.enrollTOTP("phone") },
		"when recovery codes are replaced": func(b *bench) { b.recoveryCodes() },
	} {
		t.Run(name, func(t *testing.T) {
			eachClock(t, func(t *testing.T, b *bench) {
				value := b.trust()
				end(b)
				_, err := NewDevices(b.cfg[1]).Find(t.Context(), value, b.user, b.clock.Now())
				if !errors.Is(err, storage.ErrNotFound) {
					t.Errorf("Find = %v", err)
				}
			})
		})
	}
}

func TestTD2_OnlyASecondFactorEarnsTrust(t *testing.T) {
	t.Parallel()
	eachClock(t, func(t *testing.T, b *bench) {
		for _, acr := range []string{"", ACRPassword} {
			if _, _, err := NewDevices(b.cfg[0]).New(b.user, acr, b.clock.Now()); !errors.Is(err, ErrNotOffered) {
				t.Errorf("after %q = %v", acr, err)
			}
		}
		b.cfg[0].Policy.TrustFor = time.Duration(0)
		if _, _, err := NewDevices(b.cfg[0]).New(b.user, ACRTwoFactor, b.clock.Now()); !errors.Is(err, ErrNotOffered) {
			t.Errorf("where policy is off = %v", err)
		}
	})
}
