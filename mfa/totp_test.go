package mfa

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// TestTP_RFC6238Vectors holds codes to appendix B, whose eight digits end in
// our six.
func TestTP_RFC6238Vectors(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		step, ok, err := matchingStep(secret, want[2:], time.Unix(at, 0))
		if err != nil || !ok || step != at/30 {
			t.Errorf("at %d: step %d, %t, %v; want step %d", at, step, ok, err, at/30)
		}
	}
}

// TestTP3_OneSpellingAndOneStepOfDrift: what the library accepts besides is refused.
func TestTP3_OneSpellingAndOneStepOfDrift(t *testing.T) {
	t.Parallel()
	secret, now := []byte("12345678901234567890"), time.Unix(1234567890, 0)
	code := codeAt(t, secret, now)
	for _, spelling := range []string{
		"", " " + code, code + " ", code + "\n", code + "\u00a0", "\u2003" + code, code[:3] + " " + code[3:], code[1:], "0" + code, "+" + code[1:],
		strings.Map(func(r rune) rune { return r - '0' + '０' }, code), strings.Map(func(r rune) rune { return r - '0' + '٠' }, code), code + code,
	} {
		if _, ok, err := matchingStep(secret, spelling, now); ok || err != nil {
			t.Errorf("%q is taken for %q, %v", spelling, code, err)
		}
	}
	for drift, want := range map[int]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		code := codeAt(t, secret, now.Add(time.Duration(drift)*totpPeriod))
		if _, ok, err := matchingStep(secret, code, now); ok != want || err != nil {
			t.Errorf("a code %d steps away: %t, %v", drift, ok, err)
		}
	}
}

func codeAt(t testing.TB, secret []byte, at time.Time) string {
	t.Helper()
	code, err := stepCode(secretEncoding.EncodeToString(secret), at.Unix()/30)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrollTOTP enrolls an authenticator and returns its secret.
func (b *bench) enrollTOTP(name string) []byte {
	b.t.Helper()
	e, ok := b.nodes[0].Enroller(storage.FactorTOTP)
	if !ok {
		b.t.Fatal("TOTP cannot be enrolled")
	}
	a := b.attempt("enroll " + name)
	shown, err := e.Start(b.t.Context(), a)
	if err != nil {
		b.t.Fatal(err)
	}
	secret, err := secretEncoding.DecodeString(shown.Secret)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.confirm(e, a, Response{Code: codeAt(b.t, secret, b.clock.Now())}, name); err != nil {
		b.t.Fatal(err)
	}
	return secret
}

func TestTP2_AStepPassesOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		secret := b.enrollTOTP("phone")
		b.clock.Advance(time.Minute)
		code := codeAt(t, secret, b.clock.Now())
		totp := b.factor(storage.FactorTOTP)
		before := b.attempt("before") // read before the step was spent
		proof, err := totp.Verify(t.Context(), b.attempt("first"), Response{Code: code})
		if err != nil {
			t.Fatal(err)
		}
		if proof.Kind != storage.FactorTOTP || !proof.At.Equal(b.clock.Now()) || proof.CredentialID != b.attempt("").Person.Credentials[0].ID {
			t.Errorf("proof = %+v", proof)
		}
		for name, a := range map[string]Attempt{"known to be spent": b.attempt("again"), "read before": before} {
			if _, err := totp.Verify(t.Context(), a, Response{Code: code}); !isWrong(err) {
				t.Errorf("%s: the code again = %v", name, err)
			}
		}
		earlier := codeAt(t, secret, b.clock.Now().Add(-totpPeriod))
		if _, err := totp.Verify(t.Context(), b.attempt("earlier"), Response{Code: earlier}); !isWrong(err) {
			t.Errorf("a code of an earlier step = %v", err)
		}
		if n := b.countEvents(storage.EventFactorPassed); n != 1 {
			t.Errorf("%d events say that a factor passed", n)
		}
		if n := b.countEvents(storage.EventFactorFailed); n != 3 {
			t.Errorf("%d events say that a factor failed", n)
		}
	})
}

func isWrong(err error) bool {
	var wrong *WrongError
	return errors.As(err, &wrong)
}

// TestTP2_OneOfMany: whatever the number of nodes and attempts, one code is one
// sign-in.
func TestTP2_OneOfMany(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, b *bench) {
		secret := b.enrollTOTP("phone")
		for round := range 3 {
			b.clock.Advance(time.Minute)
			code := codeAt(t, secret, b.clock.Now())
			a := b.attempt(fmt.Sprint("round ", round))
			passed := b.race(100, storage.FactorTOTP, func(i int) (Attempt, Response) {
				mine := a
				mine.ID = fmt.Sprint(a.ID, i/2)
				return mine, Response{Code: code}
			})
			if passed != 1 {
				t.Errorf("%d of 100 passed with one code", passed)
			}
		}
	}, func(cfg *Config) { cfg.Policy.Lockout.Free = 1000; cfg.Policy.DisableAfter = 10000 })
}

func TestTP1_ASecretOpensInItsOwnRowAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		first, second := b.enrollTOTP("phone"), b.enrollTOTP("tablet")
		b.clock.Advance(time.Minute)
		a := b.attempt("swapped")
		for _, c := range a.Person.Credentials {
			if strings.Contains(c.Secret, secretEncoding.EncodeToString(first)) || !strings.HasPrefix(c.Secret, "v1.k1.") {
				t.Errorf("credential %s is kept as %q", c.Name, c.Secret)
			}
		}
		mine := a.Person.Credentials
		mine[0].Secret, mine[1].Secret = mine[1].Secret, mine[0].Secret
		for _, secret := range [][]byte{first, second} {
			_, err := b.factor(storage.FactorTOTP).Verify(t.Context(), a, Response{Code: codeAt(t, secret, b.clock.Now())})
			if err == nil || refused(err) {
				t.Errorf("with swapped secrets: %v, want a failure that is ours", err)
			}
		}
		// As good as swapped: the same row, given to another person.
		a = b.attempt("given away")
		b.user = b.newUser("eve@example.com")
		eve := b.attempt("given away")
		eve.Person.Credentials = a.Person.Credentials
		for i := range eve.Person.Credentials {
			eve.Person.Credentials[i].UserID = b.user.ID
		}
		_, err := b.factor(storage.FactorTOTP).Verify(t.Context(), eve, Response{Code: codeAt(t, first, b.clock.Now())})
		if err == nil || refused(err) {
			t.Errorf("with another's secret: %v, want a failure that is ours", err)
		}
	})
}

func TestTP4_AnEnrollmentIsConfirmedFirst(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		e, _ := b.nodes[0].Enroller(storage.FactorTOTP)
		a := b.attempt("enroll")
		shown, err := e.Start(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(shown.URI, "otpauth://totp/Latchkey%20%20test:ada@example.com?") ||
			!strings.Contains(shown.URI, "secret="+shown.Secret) || !strings.Contains(shown.URI, "issuer=Latchkey%20%20test") {
			t.Errorf("shown: %s", shown.URI)
		}
		if again, err := e.Start(ctx, a); err != nil || again.Secret != shown.Secret {
			t.Errorf("a reload shows another secret, %v", err)
		}
		if e.Available(b.attempt("").Person) {
			t.Error("an enrollment counts before it is confirmed")
		}
		secret, _ := secretEncoding.DecodeString(shown.Secret)
		code := codeAt(t, secret, b.clock.Now())
		if _, err := e.Confirm(ctx, a, Response{Code: "000000"}, "phone"); !isWrong(err) && code != "000000" {
			t.Errorf("a wrong code = %v", err)
		}
		if _, err := e.Confirm(ctx, b.attempt("another"), Response{Code: code}, "phone"); !errors.Is(err, ErrExpired) {
			t.Errorf("in another attempt = %v", err)
		}
		credential, err := b.confirm(e, a, Response{Code: code}, "  my\tphone\u202e ")
		if err != nil {
			t.Fatal(err)
		}
		if credential.Name != "my phone" || credential.Counter != b.clock.Now().Unix()/30 {
			t.Errorf("credential = %+v", credential)
		}
		if _, err := e.Confirm(ctx, a, Response{Code: code}, "phone"); !errors.Is(err, ErrExpired) {
			t.Errorf("confirmed twice = %v", err)
		}
		if again, err := e.Start(ctx, a); err != nil || again.Secret == shown.Secret {
			t.Errorf("the secret is shown again after it was confirmed, %v", err)
		}
		if _, err := b.factor(storage.FactorTOTP).Verify(ctx, b.attempt("sign in"), Response{Code: code}); !isWrong(err) {
			t.Errorf("the code that confirmed signs in: %v", err)
		}
	})
}
