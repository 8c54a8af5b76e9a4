package mfa

import (
	"errors"
	"fmt"
	"testing"

	"github.com/latchkey-id/latchkey/storage"
)

// confirmed has a code sent to a number that somebody says is theirs.
func (b *bench) confirmed(who int, number string) error {
	a := b.attempt(fmt.Sprint("account ", who, " to ", number))
	u := *b.user
	u.ID = storage.ID(fmt.Sprint("account ", who))
	a.Person.User = &u
	_, err := b.nodes[0].Phone().Begin(b.t.Context(), a, number)
	return err
}

func isLimited(err error) bool {
	var limited *LimitedError
	return errors.As(err, &limited)
}

// TestLK1_InventedNumbersKeepNobodyOut: a few accounts that confirm numbers empty
// the pots of confirmations, and that of nobody's factor, not even of the number's
// owner. The other way round factors spend nothing of confirmations.
func TestLK1_InventedNumbersKeepNobodyOut(t *testing.T) {
	t.Parallel()
	eachClock(t, func(t *testing.T, b *bench) {
		const own = "+4915112345642" // that of the person who signs in
		refused := 0
		for i := range 30 {
			number := own
			if i >= 10 {
				number = fmt.Sprintf("+49151000000%02d", i)
			}
			if err := b.confirmed(i%4, number); isLimited(err) {
				refused++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if err := b.confirmed(5, "+12125550100"); err != nil {
			t.Errorf("the pot of another country: %v", err)
		}
		if refused == 0 || b.tally.of("confirmation country", potEmpty) == 0 {
			t.Fatalf("nothing was emptied: %d refused", refused)
		}
		for i := range 3 {
			if _, err := b.factor(storage.FactorSMS).Begin(t.Context(), b.attempt(fmt.Sprint("sign-in ", i))); err != nil {
				t.Errorf("code %d for a factor: %v", i+1, err)
			}
		}
		b.clock.Advance(day)
		for i := range 40 { // more than the pots of confirmations, of many people
			a := b.attempt(fmt.Sprint("person ", i))
			u := *b.user
			u.ID, u.Phone = storage.ID(fmt.Sprint("person ", i)), fmt.Sprintf("+49151000001%02d", i)
			a.Person.User = &u
			if _, err := b.factor(storage.FactorSMS).Begin(t.Context(), a); err != nil {
				t.Fatalf("code for person %d: %v", i, err)
			}
		}
		if err := b.confirmed(1, "+4915100000200"); err != nil {
			t.Errorf("a confirmation after many codes for factors: %v", err)
		}
	}, func(cfg *Config) {
		cfg.SMS.Factor, cfg.SMS.Confirmation = SMSPots{5, 50, 100}, SMSPots{5, 10, 20}
	})
}

// TestEO4_APotThatRunsLowIsToldBeforeItIsEmpty: once each in the log, and before
// anybody is refused.
func TestEO4_APotThatRunsLowIsToldBeforeItIsEmpty(t *testing.T) {
	t.Parallel()
	eachClock(t, func(t *testing.T, b *bench) {
		for i := 1; i <= 13; i++ {
			err := b.confirmed(i, fmt.Sprintf("+49151000000%02d", i))
			if isLimited(err) != (i > 10) {
				t.Fatalf("message %d of 10: %v", i, err)
			}
			low, empty := b.tally.of("confirmation country", potLow), b.tally.of("confirmation country", potEmpty)
			if wantLow, wantEmpty := min(max(i-7, 0), 1), max(i-10, 0); low != wantLow || empty != wantEmpty {
				t.Errorf("after message %d of 10: low %d times, empty %d times; want %d, %d", i, low, empty, wantLow, wantEmpty)
			}
		}
		for words, want := range map[string]int{
			"pot of text messages is low purpose=confirmation scope=country country=+49 messages=8 of=10":    1,
			"pot of text messages is empty purpose=confirmation scope=country country=+49 messages=11 of=10": 1,
			"pot of text messages is": 2,
		} {
			if got := b.logs.about(words); got != want {
				t.Errorf("%d lines say %q, want %d: %q", got, words, want, b.logs.lines)
			}
		}
	}, func(cfg *Config) { cfg.SMS.Confirmation = SMSPots{5, 10, 100} })
}
