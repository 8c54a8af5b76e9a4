package mfa

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// sentKinds are the factors whose codes are sent.
var sentKinds = []storage.FactorKind{storage.FactorEmail, storage.FactorSMS}

func TestEO1_ACodeIsKeptAsAHashAndPassesOnce(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, b *bench) {
		for _, k := range sentKinds {
			f, a := b.factor(k), b.attempt("sign in with "+string(k))
			shown, err := f.Begin(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			code := b.post.last()
			if !codeForm.MatchString(code.code) || !code.notAfter.Equal(b.clock.Now().Add(10*time.Minute)) {
				t.Errorf("sent %+v", code)
			}
			if shown.Input != InputCode || shown.Digits != 6 || !shown.CanResend || shown.ResendAfter != 30*time.Second {
				t.Errorf("challenge = %+v", shown)
			}
			kept, _, err := f.(*sentCode).codes().Get(t.Context(), f.(*sentCode).entry(a, f.(*sentCode).to(b.user)))
			if text := fmt.Sprintf("%+v", kept); err != nil || strings.Contains(text, code.code) || strings.Contains(text, code.to) {
				t.Errorf("kept %s, %v", text, err)
			}
			passed := b.race(100, k, func(i int) (Attempt, Response) { return a, Response{Code: code.code} })
			if passed != 1 {
				t.Errorf("%d of 100 passed with one code by %s", passed, k)
			}
		}
	}, func(cfg *Config) {
		cfg.Policy.Tries, cfg.Policy.Lockout.Free, cfg.Policy.DisableAfter = 1000, 1000, 10_000
	})
}

func TestEO2_ACodeIsOfOneAttemptPersonAndDestination(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		for _, k := range sentKinds {
			f, a, other := b.factor(k), b.attempt("A "+string(k)), b.attempt("B "+string(k))
			if _, err := f.Begin(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			code := Response{Code: b.post.last().code}
			if _, err := f.Verify(t.Context(), other, code); !errors.Is(err, ErrExpired) {
				t.Errorf("%s: in an attempt that has no code = %v", k, err)
			}
			for i := 0; b.post.last().code == code.Code; i++ { // but for one time in a million, once
				other = b.attempt(fmt.Sprint("B ", k, i))
				if _, err := f.Begin(t.Context(), other); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := f.Verify(t.Context(), other, code); !isWrong(err) {
				t.Errorf("%s: in an attempt that has another = %v", k, err)
			}
			moved := a
			moved.Person.User = &storage.User{ID: b.user.ID, Email: "eve@example.com", EmailVerified: true, Phone: "+4915199999999", PhoneVerified: true}
			if _, err := f.Verify(t.Context(), moved, code); !errors.Is(err, ErrExpired) {
				t.Errorf("%s: with another destination meanwhile = %v", k, err)
			}
			if _, err := f.Verify(t.Context(), a, code); err != nil {
				t.Errorf("%s: where it belongs: %v", k, err)
			}
		}
	})
}

func TestEO2_ACodeLivesTenMinutes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		f := b.factor(storage.FactorEmail)
		if _, err := f.Begin(t.Context(), b.attempt("late")); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(10 * time.Minute)
		if _, err := f.Verify(t.Context(), b.attempt("late"), Response{Code: b.post.last().code}); !errors.Is(err, ErrExpired) {
			t.Errorf("after ten minutes = %v", err)
		}
	})
}

// TestEO2_ACodeEndsWhereTheStoreKeepsIt: a store whose clock is slow forgets nothing.
func TestEO2_ACodeEndsWhereTheStoreKeepsIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		f := b.factor(storage.FactorEmail)
		if _, err := f.Begin(t.Context(), b.attempt("late")); err != nil {
			t.Fatal(err)
		}
		late := b.attempt("late")
		late.Now = late.Now.Add(10 * time.Minute)
		if _, err := f.Verify(t.Context(), late, Response{Code: b.post.last().code}); !errors.Is(err, ErrExpired) {
			t.Errorf("after ten minutes = %v", err)
		}
	})
}

// TestEO3_AnotherCodeReplacesTheFirstAndGivesNoTries: nor does it come at once,
// or without end.
func TestEO3_AnotherCodeReplacesTheFirstAndGivesNoTries(t *testing.T) {
	t.Parallel()
	eachClock(t, func(t *testing.T, b *bench) {
		f := b.factor(storage.FactorEmail)
		begin := func(resend bool) (Challenge, error) {
			a := b.attempt("one")
			a.Resend = resend
			return f.Begin(t.Context(), a)
		}
		if _, err := begin(false); err != nil {
			t.Fatal(err)
		}
		first := b.post.last().code
		if again, err := begin(false); err != nil || b.post.count() != 1 || again.ResendAfter != 30*time.Second {
			t.Errorf("a reload = %+v, %v; %d codes sent", again, err, b.post.count())
		}
		var limited *LimitedError
		if shown, err := begin(true); !errors.As(err, &limited) || limited.RetryAfter > 30*time.Second || b.post.count() != 1 ||
			shown.Digits != codeDigits || shown.ResendAfter != limited.RetryAfter {
			t.Errorf("another code at once = %+v, %v", shown, err)
		}
		for range 3 {
			if _, err := f.Verify(t.Context(), b.attempt("one"), Response{Code: "wrong!"}); !isWrong(err) {
				t.Fatal(err)
			}
		}
		b.clock.Advance(30 * time.Second)
		if shown, err := begin(true); err != nil || shown.ResendAfter != time.Minute {
			t.Fatalf("another code = %+v, %v", shown, err)
		}
		if second := b.post.last().code; second != first {
			if _, err := f.Verify(t.Context(), b.attempt("one"), Response{Code: first}); !isWrong(err) {
				t.Errorf("the code that was replaced = %v", err)
			}
			_, err := f.Verify(t.Context(), b.attempt("one"), Response{Code: "wrong!"})
			var wrong *WrongError
			if !errors.As(err, &wrong) || wrong.TriesLeft != 0 {
				t.Errorf("the fifth try = %v", err)
			}
		}
		if _, err := f.Verify(t.Context(), b.attempt("one"), Response{Code: b.post.last().code}); !errors.Is(err, ErrSpent) {
			t.Errorf("a sixth try, after another code = %v", err)
		}
	})
}

func TestEO3_CodesAreCappedByAttemptAccountAndDestination(t *testing.T) {
	t.Parallel()
	eachClock(t, func(t *testing.T, b *bench) {
		f := b.factor(storage.FactorEmail)
		send := func(attempt string) error {
			a := b.attempt(attempt)
			a.Resend = true
			_, err := f.Begin(t.Context(), a)
			b.clock.Advance(time.Second)
			return err
		}
		for i := range 3 {
			if err := send("one"); err != nil {
				t.Fatalf("code %d of an attempt: %v", i+1, err)
			}
		}
		mustBeLimited(t, "a fourth code of an attempt", send("one"))
		for i := range 2 {
			if err := send(fmt.Sprint("other ", i)); err != nil {
				t.Fatalf("code %d to an account: %v", i+4, err)
			}
		}
		mustBeLimited(t, "a seventh code to an account", send("yet another"))
		if sent, told := b.post.count(), b.countEvents(storage.EventThrottled); sent != 5 || told != 2 {
			t.Errorf("%d codes were sent and %d refusals audited", sent, told)
		}
		// Another account with this address reaches no further.
		b.user.Email = "shared@example.com"
		for i := range 5 {
			b.user = b.newUser(fmt.Sprintf("eve%d@example.com", i))
			b.user.Email = "shared@example.com"
			if err := send(fmt.Sprint("eve ", i)); err != nil {
				t.Fatalf("code %d to a destination: %v", i+1, err)
			}
		}
		b.user = b.newUser("eve6@example.com")
		b.user.Email = "shared@example.com"
		mustBeLimited(t, "a sixth code to a destination", send("eve 6"))
		b.clock.Advance(time.Hour)
		if err := send("an hour later"); err != nil {
			t.Errorf("when the window is over: %v", err)
		}
	}, func(cfg *Config) {
		cfg.Codes.Resend = storage.Backoff{Base: time.Second, Max: time.Second, Window: time.Hour}
		cfg.Codes.PerAttempt, cfg.Codes.PerAccount, cfg.Codes.PerDestination = 3, 6, 5
	})
}

func mustBeLimited(t *testing.T, what string, err error) {
	t.Helper()
	var limited *LimitedError
	if !errors.As(err, &limited) || limited.RetryAfter <= 0 {
		t.Errorf("%s = %v", what, err)
	}
}

func TestEO4_SMSGoToAllowedCountriesAndNoFurtherThanTheCap(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"+4915112345678": "+49", "+12125550100": "+1212", "+18765550100": "", "+16135550100": "CA", "+33612345678": "FR", "+46701234567": "+4", "+34612345678": "", "": "", "004915112345678": "",
	} {
		if got := (SMSLimits{Countries: []string{"+4", "+49", "+1212", "CA", "FR"}}).country(number); got != want {
			t.Errorf("country of %q = %q, want %q", number, got, want)
		}
	}
	eachClock(t, func(t *testing.T, b *bench) {
		f := b.factor(storage.FactorSMS)
		person := func(phone string) Attempt {
			a := b.attempt("sms to " + phone + fmt.Sprint(b.post.count()))
			u := *b.user
			u.Phone = phone
			a.Person.User = &u
			return a
		}
		if f.Available(person("+33612345678").Person) {
			t.Error("a number in a country that is not allowed is offered")
		}
		if _, err := f.Begin(t.Context(), person("+33612345678")); !errors.Is(err, ErrNotOffered) {
			t.Errorf("to a country that is not allowed = %v", err)
		}
		for i := range 2 {
			if _, err := f.Begin(t.Context(), person("+4915100000001")); err != nil {
				t.Fatalf("message %d to a number: %v", i+1, err)
			}
		}
		_, numberErr := f.Begin(t.Context(), person("+4915100000001"))
		mustBeLimited(t, "a third message to a number", numberErr)
		for i := range 2 {
			if _, err := f.Begin(t.Context(), person(fmt.Sprintf("+491510000001%d", i))); err != nil {
				t.Fatalf("message %d to a country: %v", i+3, err)
			}
		}
		_, countryErr := f.Begin(t.Context(), person("+4915100000003"))
		mustBeLimited(t, "a fifth message to a country", countryErr)
		if _, err := f.Begin(t.Context(), person("+12125550100")); err != nil {
			t.Fatalf("to another country: %v", err)
		}
		_, allErr := f.Begin(t.Context(), person("+12125550101"))
		mustBeLimited(t, "a sixth message in all", allErr)
		if numberErr.Error() != countryErr.Error() || countryErr.Error() != allErr.Error() {
			t.Errorf("a refusal tells which cap was reached: %q, %q, %q", numberErr, countryErr, allErr)
		}
		b.clock.Advance(day)
		if _, err := f.Begin(t.Context(), person("+4915100000001")); err != nil {
			t.Errorf("on the next day: %v", err)
		}
	}, func(cfg *Config) { cfg.SMS.Factor = SMSPots{2, 4, 5} })
}

func TestCodesGoToWhatIsKnownToBeTheirs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		b.user.EmailVerified, b.user.PhoneVerified = false, false
		for _, k := range sentKinds {
			a := b.attempt("unverified")
			if b.factor(k).Available(a.Person) {
				t.Errorf("%s is offered", k)
			}
			if _, err := b.factor(k).Begin(t.Context(), a); !errors.Is(err, ErrNotOffered) {
				t.Errorf("%s: Begin = %v", k, err)
			}
			if _, err := b.factor(k).Verify(t.Context(), a, Response{Code: "123456"}); !errors.Is(err, ErrNotOffered) {
				t.Errorf("%s: Verify = %v", k, err)
			}
		}
		if b.post.count() != 0 {
			t.Errorf("%d codes were sent", b.post.count())
		}
	})
}

// Who set the password by a link in the mailbox proves nothing more by a code from it.
func TestRE1_EmailIsNoFactorToAResetByEmail(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		b.user.ResetByEmail = true
		a := b.attempt("reset")
		if b.factor(storage.FactorEmail).Available(a.Person) {
			t.Error("a code by email is offered after a reset by email")
		}
		if _, err := b.factor(storage.FactorEmail).Begin(t.Context(), a); !errors.Is(err, ErrNotOffered) {
			t.Errorf("Begin = %v", err)
		}
		if !b.factor(storage.FactorSMS).Available(a.Person) {
			t.Error("a code by SMS is not offered")
		}
	})
}

func TestEO5_ACodeThatCannotBeQueuedIsAFailure(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		b.post.fail = errors.New("outbox is gone")
		f, a := b.factor(storage.FactorEmail), b.attempt("one")
		if _, err := f.Begin(t.Context(), a); !errors.Is(err, b.post.fail) {
			t.Errorf("Begin = %v", err)
		}
		if _, _, err := f.(*sentCode).codes().Get(t.Context(), f.(*sentCode).entry(a, f.(*sentCode).to(b.user))); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a code that nobody has is kept: %v", err)
		}
	})
}
