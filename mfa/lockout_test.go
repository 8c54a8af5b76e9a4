package mfa

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// wrong tries so many wrong codes, each in an attempt of its own, and returns
// the last error.
func (b *bench) wrong(n int) error {
	b.t.Helper()
	var err error
	for i := range n {
		a := b.attempt(fmt.Sprint("wrong ", b.id(), i))
		if _, err = b.factor(storage.FactorTOTP).Verify(b.t.Context(), a, Response{Code: "not a code"}); err == nil {
			b.t.Fatal("a wrong code passed")
		}
	}
	return err
}

func TestTH2_AnAttemptHasFiveTries(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		secret := b.enrollTOTP("phone")
		b.clock.Advance(time.Minute)
		a, totp := b.attempt("one"), b.factor(storage.FactorTOTP)
		for left := 4; left >= 0; left-- {
			_, err := totp.Verify(t.Context(), a, Response{Code: "not a code"})
			var wrong *WrongError
			if !errors.As(err, &wrong) || wrong.TriesLeft != left {
				t.Fatalf("wrong code = %v, want %d tries left", err, left)
			}
		}
		if _, err := totp.Verify(t.Context(), a, Response{Code: codeAt(t, secret, b.clock.Now())}); !errors.Is(err, ErrSpent) {
			t.Errorf("a sixth try = %v", err)
		}
		if _, err := totp.Verify(t.Context(), b.attempt("two"), Response{Code: codeAt(t, secret, b.clock.Now())}); err != nil {
			t.Errorf("in another attempt: %v", err)
		}
	})
}

func TestTH2_FailuresLockAcrossAttemptsAndAreTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		secret := b.enrollTOTP("phone")
		b.clock.Advance(time.Minute)
		if err := b.wrong(5); !isWrong(err) {
			t.Fatalf("within the free attempts: %v", err)
		}
		err := b.wrong(1)
		var locked *LockedError
		if !errors.As(err, &locked) || !locked.Until.Equal(b.clock.Now().Add(time.Minute)) {
			t.Fatalf("the attempt that locks = %v", err)
		}
		right := Response{Code: codeAt(t, secret, b.clock.Now())}
		for i := range 3 {
			a := b.attempt(fmt.Sprint("locked ", i))
			if _, err := b.factor(storage.FactorTOTP).Verify(t.Context(), a, right); !errors.As(err, &locked) {
				t.Errorf("a right code while it is locked = %v", err)
			}
			if _, err := b.factor(storage.FactorTOTP).Begin(t.Context(), a); !errors.As(err, &locked) {
				t.Errorf("Begin while it is locked = %v", err)
			}
		}
		if events, told := b.countEvents(storage.EventFactorLocked), b.notices(storage.MessageFactorLocked); events != 1 || told != 1 {
			t.Errorf("%d events and %d notices of one lock", events, told)
		}
		b.clock.Advance(time.Minute)
		if err := b.wrong(1); !errors.As(err, &locked) || !locked.Until.Equal(b.clock.Now().Add(2*time.Minute)) {
			t.Errorf("the next failure = %v, want twice the wait", err)
		}
		b.clock.Advance(2 * time.Minute)
		right = Response{Code: codeAt(t, secret, b.clock.Now())}
		if _, err := b.factor(storage.FactorTOTP).Verify(t.Context(), b.attempt("after"), right); err != nil {
			t.Fatalf("a right code after the wait: %v", err)
		}
		if err := b.wrong(5); !isWrong(err) {
			t.Errorf("a success did not forget the failures: %v", err)
		}
		if n := b.tally.of(storage.FactorTOTP, resultLocked); n != 2 {
			t.Errorf("metrics counted %d locks", n)
		}
	})
}

func TestTH2_TooManyFailuresDisableUntilItIsEnrolledAnew(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		secret := b.enrollTOTP("phone")
		b.clock.Advance(time.Minute)
		if err := b.wrong(8); !errors.Is(err, ErrDisabled) {
			t.Fatalf("the last failure = %v", err)
		}
		b.clock.Advance(1000 * time.Hour)
		a, right := b.attempt("later"), Response{Code: codeAt(t, secret, b.clock.Now())}
		if _, err := b.factor(storage.FactorTOTP).Verify(t.Context(), a, right); !errors.Is(err, ErrDisabled) {
			t.Errorf("a right code = %v", err)
		}
		if _, err := b.factor(storage.FactorTOTP).Begin(t.Context(), a); !errors.Is(err, ErrDisabled) {
			t.Errorf("Begin = %v", err)
		}
		if n := b.notices(storage.MessageFactorLocked); n != 1 {
			t.Errorf("%d notices", n)
		}
		anew := b.enrollTOTP("new phone")
		b.clock.Advance(time.Minute)
		if _, err := b.factor(storage.FactorTOTP).Verify(t.Context(), b.attempt("anew"), Response{Code: codeAt(t, anew, b.clock.Now())}); err != nil {
			t.Errorf("enrolled anew: %v", err)
		}
	}, func(cfg *Config) { cfg.Policy.Lockout.Free = 100; cfg.Policy.DisableAfter = 8 })
}

// TestTH2_ManyAtOnceAreCountedFirst: no flood compares more than the free ones.
func TestTH2_ManyAtOnceAreCountedFirst(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, b *bench) {
		b.enrollTOTP("phone")
		b.clock.Advance(time.Minute)
		a := b.attempt("flood")
		b.race(200, storage.FactorTOTP, func(i int) (Attempt, Response) {
			mine := a
			mine.ID = fmt.Sprint(a.ID, i)
			return mine, Response{Code: "not a code"}
		})
		if n := b.countEvents(storage.EventFactorFailed); n < 5 || n > 6 {
			t.Errorf("%d of 200 wrong codes were compared; 5 are free and the next one locks", n)
		}
	})
}
