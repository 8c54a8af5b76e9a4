package mfa

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// TestPK1_OneOfManyTakesAChallenge: one signature is one sign-in on all nodes,
// even of a passkey that does not count.
func TestPK1_OneOfManyTakesAChallenge(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, b *bench) {
		k := newKey(t, b.user)
		k.credential.Counter = 0
		b.enrollPasskey(k)
		a := b.attempt("sign in")
		response := k.get(b.begin(a))
		if passed := b.race(50, storage.FactorPasskey, func(int) (Attempt, Response) { return a, response }); passed != 1 {
			t.Errorf("%d of 50 passed with one signature", passed)
		}
	}, func(cfg *Config) {
		cfg.Policy.Tries, cfg.Policy.Lockout.Free, cfg.Policy.DisableAfter = 1000, 1000, 10_000
	})
}

func TestTP4_OneOfManyConfirmsAnEnrollment(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, b *bench) {
		e, _ := b.nodes[0].Enroller(storage.FactorTOTP)
		a := b.attempt("enroll")
		shown, err := e.Start(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := secretEncoding.DecodeString(shown.Secret)
		if err != nil {
			t.Fatal(err)
		}
		code := Response{Code: codeAt(t, secret, b.clock.Now())}
		var group sync.WaitGroup
		begin, errs := make(chan struct{}), make([]error, 10)
		for i := range errs {
			e, _ := b.nodes[i%2].Enroller(storage.FactorTOTP)
			group.Go(func() {
				<-begin
				_, errs[i] = b.confirm(e, a, code, "phone")
			})
		}
		close(begin)
		group.Wait()
		confirmed := 0
		for _, err := range errs {
			switch {
			case err == nil:
				confirmed++
			case !errors.Is(err, ErrExpired):
				t.Errorf("one of many: %v", err)
			}
		}
		if n := len(b.attempt("").Person.Credentials); confirmed != 1 || n != 1 {
			t.Errorf("%d confirmed, %d credentials", confirmed, n)
		}
	})
}

// TestOT3_NoCodeIsInAnEventOrAnError: right or wrong, what people type and what
// we keep of it is in neither.
func TestOT3_NoCodeIsInAnEventOrAnError(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		ctx, secret := t.Context(), b.enrollTOTP("phone")
		codes := b.recoveryCodes()
		b.clock.Advance(time.Minute)
		right := map[storage.FactorKind]string{storage.FactorTOTP: codeAt(t, secret, b.clock.Now()), storage.FactorRecovery: codes[0]}
		for _, k := range sentKinds {
			if _, err := b.factor(k).Begin(ctx, b.attempt("sign in")); err != nil {
				t.Fatal(err)
			}
			right[k] = b.post.last().code
		}
		value := b.trust()
		const canary = "canary-7Q"
		told := ""
		for k, code := range right {
			for _, typed := range []string{canary, code, code} {
				if _, err := b.factor(k).Verify(ctx, b.attempt("sign in"), Response{Code: typed, Passkey: []byte(canary)}); err != nil {
					told += fmt.Sprintf("%v %+v %v\n", err, err, errors.Unwrap(err))
				}
			}
		}
		if _, err := b.nodes[0].Passkeys().Confirm(ctx, b.attempt("enroll"), Response{Passkey: []byte(canary)}, "key"); err != nil {
			told += fmt.Sprintf("%v %v\n", err, errors.Unwrap(err))
		}
		events, err := json.Marshal(b.events())
		if err != nil {
			t.Fatal(err)
		}
		told += string(events)
		if !strings.Contains(told, string(storage.EventFactorPassed)) || !strings.Contains(told, string(storage.EventFactorFailed)) {
			t.Fatalf("nothing to search: %s", told)
		}
		secrets := []string{canary, secretEncoding.EncodeToString(secret), strings.Split(value, ".")[1]}
		for _, code := range right {
			secrets = append(secrets, `"`+code, " "+code, code+`"`)
		}
		for _, s := range append(secrets, codes...) {
			if strings.Contains(told, s) {
				t.Errorf("%q is told in %s", s, told)
			}
		}
	})
}
