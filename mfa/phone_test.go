package mfa

import (
	"errors"
	"testing"

	"github.com/latchkey-id/latchkey/storage"
)

func TestEO2_ANumberIsProvedByACodeThatWentThere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		const number, other = "+4915100000001", "+4915100000002"
		ctx, phone, a := t.Context(), b.nodes[0].Phone(), b.attempt("new number")
		b.user.Phone, b.user.PhoneVerified = "", false
		if _, err := phone.Begin(ctx, a, "+33612345678"); !errors.Is(err, ErrNotOffered) {
			t.Errorf("a country that no message goes to = %v", err)
		}
		if _, err := phone.Begin(ctx, a, number); err != nil {
			t.Fatal(err)
		}
		sent := b.post.last()
		if sent.kind != storage.MessagePhoneVerify || sent.channel != storage.ChannelSMS || sent.to != number {
			t.Errorf("sent %+v", sent)
		}
		code := Response{Code: sent.code}
		if err := phone.Confirm(ctx, a, other, code); !errors.Is(err, ErrExpired) {
			t.Errorf("for another number = %v", err)
		}
		if err := phone.Confirm(ctx, b.attempt("another"), number, code); !errors.Is(err, ErrExpired) {
			t.Errorf("in another attempt = %v", err)
		}
		// The number may be theirs already: it still is no second factor.
		theirs := a
		theirs.Person.User = &storage.User{ID: b.user.ID, Phone: number, PhoneVerified: true}
		if _, err := b.factor(storage.FactorSMS).Verify(ctx, theirs, code); !errors.Is(err, ErrExpired) {
			t.Errorf("as a second factor = %v", err)
		}
		if err := phone.Confirm(ctx, a, number, Response{Code: "wrong!"}); !isWrong(err) {
			t.Errorf("a wrong code = %v", err)
		}
		if err := phone.Confirm(ctx, a, number, code); err != nil {
			t.Errorf("the code: %v", err)
		}
		if err := phone.Confirm(ctx, a, number, code); !errors.Is(err, ErrExpired) {
			t.Errorf("the code again = %v", err)
		}
		if n := b.countEvents(storage.EventFactorPassed); n != 0 {
			t.Errorf("%d events say that a factor passed", n)
		}
	})
}
