package mfa

import (
	"bytes"
	"errors"
	"testing"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// nodeWith is a node on the stores of the bench that has other keys, the one that makes
// first: hash keys and sealing keys of the same names.
func (b *bench) nodeWith(names ...string) *Factors {
	b.t.Helper()
	list := make([]keys.SecretKey, len(names))
	for i, name := range names {
		list[i] = keys.SecretKey{ID: name, Key: bytes.Repeat([]byte{name[1] - '0'}, 32)}
	}
	cfg := b.cfg[0]
	var err1, err2, err3 error
	cfg.Hasher, err1 = keys.NewHasher(list)
	cfg.Sealer, err2 = keys.NewSealer(list)
	nodes, err3 := New(cfg)
	if err := errors.Join(err1, err2, err3); err != nil {
		b.t.Fatal(err)
	}
	return nodes
}

// wantUnjudged lets a node that lacks a key refuse again and again: not one of its
// answers is a verdict, counts as a failure, or uses a try up.
func (b *bench) wantUnjudged(what string, try func() error) {
	b.t.Helper()
	for range 3 * DefaultPolicy().Tries {
		if err := try(); !errors.Is(err, keys.ErrUnknownKey) || refused(err) {
			b.t.Fatalf("%s: %v", what, err)
		}
	}
	if failed := b.countEvents(storage.EventFactorFailed); failed != 0 || len(b.attempt("").Person.Lockouts) != 0 {
		b.t.Errorf("%s: %d failures, lockouts %+v", what, failed, b.attempt("").Person.Lockouts)
	}
}

// sent counts the codes that went out.
func (p *postbox) sent() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.codes)
}

func get(t *testing.T, nodes *Factors, k storage.FactorKind) Factor {
	t.Helper()
	f, ok := nodes.Get(k)
	if !ok {
		t.Fatalf("no factor %s", k)
	}
	return f
}

// TestKY5_ASentCodeOfAnUnknownKeyIsNotJudged: while a hash key is rolled over the nodes,
// a code by email or SMS is asked for at one node and typed at another that does not
// know its key yet. That sends no second one beside it, and says nothing of it.
func TestKY5_ASentCodeOfAnUnknownKeyIsNotJudged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		ahead, behind := b.nodeWith("k2", "k1"), b.nodeWith("k1")
		for _, k := range sentKinds {
			a := b.attempt("while a key is rolled " + string(k))
			if _, err := get(t, ahead, k).Begin(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			sent, code := b.post.sent(), Response{Code: b.post.last().code}
			b.wantUnjudged("begin "+string(k), func() error { _, err := get(t, behind, k).Begin(t.Context(), a); return err })
			b.wantUnjudged("verify "+string(k), func() error { _, err := get(t, behind, k).Verify(t.Context(), a, code); return err })
			if n := b.post.sent(); n != sent {
				t.Errorf("%s: %d messages more", k, n-sent)
			}
			if _, err := get(t, ahead, k).Verify(t.Context(), a, code); err != nil {
				t.Errorf("%s where its key is known: %v", k, err)
			}
		}
	})
}

// TestKY5_ACodeIsFoundByNodesThatMakeUnderDifferentKeys: in the second step of a roll
// every node knows both keys, and makes with the one or the other.
func TestKY5_ACodeIsFoundByNodesThatMakeUnderDifferentKeys(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		after, before := b.nodeWith("k2", "k1"), b.nodeWith("k1", "k2")
		for _, pair := range [][2]*Factors{{after, before}, {before, after}} {
			for _, k := range sentKinds {
				a := b.attempt(string(b.id()))
				if _, err := get(t, pair[0], k).Begin(t.Context(), a); err != nil {
					t.Fatal(err)
				}
				if _, err := get(t, pair[1], k).Verify(t.Context(), a, Response{Code: b.post.last().code}); err != nil {
					t.Errorf("%s: %v", k, err)
				}
			}
		}
	})
}

// TestKY5_AnAppUnderAnUnknownSealingKeyIsNotJudged: the same of an authenticator app,
// while it is set up, and when it signs in.
func TestKY5_AnAppUnderAnUnknownSealingKeyIsNotJudged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		ahead, behind := b.nodeWith("k2", "k1"), b.nodeWith("k1")
		enroller := func(nodes *Factors) Enroller {
			e, ok := nodes.Enroller(storage.FactorTOTP)
			if !ok {
				t.Fatal("TOTP cannot be enrolled")
			}
			return e
		}
		a := b.attempt("enroll")
		shown, err := enroller(ahead).Start(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := secretEncoding.DecodeString(shown.Secret)
		if err != nil {
			t.Fatal(err)
		}
		b.wantUnjudged("start of an enrollment", func() error { _, err := enroller(behind).Start(t.Context(), a); return err })
		code := func() Response { return Response{Code: codeAt(t, secret, b.clock.Now())} }
		b.wantUnjudged("confirm", func() error { _, err := enroller(behind).Confirm(t.Context(), a, code(), "app"); return err })
		if _, err := b.confirm(enroller(ahead), a, code(), "app"); err != nil {
			t.Fatalf("confirm where the key is known: %v", err)
		}

		b.clock.Advance(totpPeriod)
		a = b.attempt("sign in")
		b.wantUnjudged("verify", func() error { _, err := get(t, behind, storage.FactorTOTP).Verify(t.Context(), a, code()); return err })
		if _, err := get(t, ahead, storage.FactorTOTP).Verify(t.Context(), a, code()); err != nil {
			t.Errorf("verify where the key is known: %v", err)
		}
	})
}
