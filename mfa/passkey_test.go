package mfa

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/latchkey-id/latchkey/storage"
)

func TestPK1_APasskeyIsASecondFactor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		k := newKey(t, b.user)
		k.authenticator.Options.BackupEligible, k.authenticator.Options.BackupState = true, true
		credential := b.enrollPasskey(k)
		a := b.attempt("sign in")
		options := b.begin(a)
		if !strings.Contains(string(options), `"userVerification":"preferred"`) || !strings.Contains(string(options), credential.ExternalID) {
			t.Errorf("options = %s", options)
		}
		proof, err := b.nodes[1].Passkeys().Verify(t.Context(), a, k.get(options))
		if err != nil {
			t.Fatal(err)
		}
		want := storage.Proof{Kind: storage.FactorPasskey, At: b.clock.Now(), CredentialID: credential.ID, UserVerified: true, Synced: true}
		if proof != want {
			t.Errorf("proof = %+v", proof)
		}
		kept := b.attempt("").Person.Credentials[0]
		if kept.Counter != 2 || !kept.LastUsedAt.Equal(b.clock.Now()) || !strings.Contains(string(kept.Public), `"flags"`) {
			t.Errorf("kept %+v", kept)
		}
	})
}

// TestPK1_AChallengeIsOneAttemptsAndSpentOnce: nothing that was signed for
// another site, challenge or attempt passes, and nothing passes twice.
func TestPK1_AChallengeIsOneAttemptsAndSpentOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		k := newKey(t, b.user)
		b.enrollPasskey(k)
		ctx, passkeys := t.Context(), b.nodes[0].Passkeys()
		for name, origin := range map[string]virtualwebauthn.RelyingParty{
			"another origin":             {ID: "id.example.com", Origin: "https://id.example.com.evil.example"},
			"another port":               {ID: "id.example.com", Origin: "https://id.example.com:8443"},
			"plain http":                 {ID: "id.example.com", Origin: "http://id.example.com"},
			"a sibling of the host":      {ID: "id.example.com", Origin: "https://shop.example.com"},
			"another relying party's id": {ID: "example.com", Origin: "https://id.example.com"},
		} {
			phished := *k
			phished.rp = origin
			a := b.attempt(name)
			if _, err := passkeys.Verify(ctx, a, phished.get(b.begin(a))); !isWrong(err) {
				t.Errorf("%s = %v", name, err)
			}
		}
		k.credential.Counter = 10

		a := b.attempt("replay")
		response := k.get(b.begin(a))
		if _, err := passkeys.Verify(ctx, b.attempt("elsewhere"), response); !errors.Is(err, ErrExpired) {
			t.Errorf("in another attempt = %v", err)
		}
		if _, err := passkeys.Verify(ctx, a, response); err != nil {
			t.Errorf("where it belongs: %v", err)
		}
		if _, err := passkeys.Verify(ctx, a, response); !errors.Is(err, ErrExpired) {
			t.Errorf("again = %v", err)
		}

		var made struct {
			PublicKey map[string]any `json:"publicKey"`
		}
		a = b.attempt("invented")
		if err := json.Unmarshal(b.begin(a), &made); err != nil {
			t.Fatal(err)
		}
		made.PublicKey["challenge"] = strings.Repeat("A", 43)
		invented, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := passkeys.Verify(ctx, a, k.get(invented)); !errors.Is(err, ErrExpired) {
			t.Errorf("an invented challenge = %v", err)
		}

		a = b.attempt("enrollment")
		shown, err := passkeys.Start(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := passkeys.Verify(ctx, a, k.get(shown.Options)); !errors.Is(err, ErrExpired) {
			t.Errorf("a challenge that was made to enroll = %v", err)
		}
		for _, garbage := range []string{"", "{}", "null", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`} {
			if _, err := passkeys.Verify(ctx, b.attempt("garbage "+garbage), Response{Passkey: []byte(garbage)}); !isWrong(err) {
				t.Errorf("%q = %v", garbage, err)
			}
		}
		stranger, a := newKey(t, b.user), b.attempt("stranger")
		if _, err := passkeys.Verify(ctx, a, stranger.get(b.begin(a))); !isWrong(err) {
			t.Errorf("a key that was never enrolled = %v", err)
		}
		forged := *k
		forged.credential.Key = stranger.credential.Key
		a = b.attempt("forged")
		if _, err := passkeys.Verify(ctx, a, forged.get(b.begin(a))); !isWrong(err) {
			t.Errorf("another key's signature = %v", err)
		}
	}, func(cfg *Config) { cfg.Policy.Lockout.Free, cfg.Policy.DisableAfter = 1000, 10_000 })
}

func TestPK2_ACounterThatDoesNotRiseIsRefusedAndTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		k := newKey(t, b.user)
		k.credential.Counter = 7
		b.enrollPasskey(k)
		clone := *k
		a := b.attempt("owner")
		if _, err := b.nodes[0].Passkeys().Verify(t.Context(), a, k.get(b.begin(a))); err != nil {
			t.Fatal(err)
		}
		a = b.attempt("clone")
		if _, err := b.nodes[0].Passkeys().Verify(t.Context(), a, clone.get(b.begin(a))); !errors.Is(err, ErrCloned) {
			t.Errorf("a counter that was seen = %v", err)
		}
		clone.credential.Counter = 0
		a = b.attempt("reset")
		if _, err := b.nodes[0].Passkeys().Verify(t.Context(), a, clone.get(b.begin(a))); !errors.Is(err, ErrCloned) {
			t.Errorf("a counter that counts no more = %v", err)
		}
		if events, told := b.countEvents(storage.EventPasskeyCloned), b.notices(storage.MessagePasskeyCloned); events != 2 || told != 2 {
			t.Errorf("%d events and %d notices of two regressions", events, told)
		}
		if n := b.tally.of(storage.FactorPasskey, resultCloned); n != 2 {
			t.Errorf("metrics counted %d", n)
		}
		a = b.attempt("owner again")
		if _, err := b.nodes[0].Passkeys().Verify(t.Context(), a, k.get(b.begin(a))); err != nil {
			t.Errorf("the owner's own: %v", err)
		}
	})
}

func TestPK2_UserVerificationIsOfEachResponse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		k := newKey(t, b.user)
		k.credential.Counter = 0 // it does not count, as synced passkeys do not
		b.enrollPasskey(k)
		k.authenticator.Options.UserNotVerified = true
		a := b.attempt("second factor")
		proof, err := b.nodes[0].Passkeys().Verify(t.Context(), a, k.get(b.begin(a)))
		if err != nil || proof.UserVerified {
			t.Errorf("as a second factor = %+v, %v", proof, err)
		}
		options, err := b.nodes[0].Passkeys().BeginDiscoverable(t.Context(), b.browser("one"))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.nodes[0].Passkeys().FinishDiscoverable(t.Context(), b.browser("one"), k.get(options)); !isWrong(err) {
			t.Errorf("without a password = %v", err)
		}
		k.authenticator.Options.UserNotPresent = true
		a = b.attempt("nobody there")
		if _, err := b.nodes[0].Passkeys().Verify(t.Context(), a, k.get(b.begin(a))); !isWrong(err) {
			t.Errorf("with nobody present = %v", err)
		}
	})
}

// browser is an attempt of nobody yet.
func (b *bench) browser(id string) Attempt {
	return Attempt{ID: id, Now: b.clock.Now(), AddressBucket: "192.0.2.1", Locale: "en"}
}

func TestPK1_APasskeySignsInWithoutAPassword(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		ctx, passkeys := t.Context(), b.nodes[0].Passkeys()
		k := newKey(t, b.user)
		credential := b.enrollPasskey(k)
		begin := func(browser string) json.RawMessage {
			options, err := passkeys.BeginDiscoverable(ctx, b.browser(browser))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(options), `"userVerification":"required"`) || strings.Contains(string(options), credential.ExternalID) {
				t.Errorf("options = %s", options)
			}
			return options
		}
		first, second := begin("one"), begin("one") // two tabs
		response := k.get(first)
		if _, _, err := passkeys.FinishDiscoverable(ctx, b.browser("other"), response); !errors.Is(err, ErrExpired) {
			t.Errorf("in another browser = %v", err)
		}
		u, proof, err := passkeys.FinishDiscoverable(ctx, b.browser("one"), response)
		if err != nil || u.ID != b.user.ID || proof.CredentialID != credential.ID || !proof.UserVerified {
			t.Fatalf("= %+v, %+v, %v", u, proof, err)
		}
		if level := Level([]storage.Proof{proof}, time.Time{}, DefaultPolicy()); level.ACR != ACRPhishingResistant {
			t.Errorf("level = %+v", level)
		}
		if _, _, err := passkeys.FinishDiscoverable(ctx, b.browser("one"), response); !errors.Is(err, ErrExpired) {
			t.Errorf("again = %v", err)
		}
		if _, _, err := passkeys.FinishDiscoverable(ctx, b.browser("one"), k.get(second)); err != nil {
			t.Errorf("in the other tab: %v", err)
		}

		stranger := newKey(t, b.user)
		if _, _, err := passkeys.FinishDiscoverable(ctx, b.browser("one"), stranger.get(begin("one"))); !isWrong(err) {
			t.Errorf("an unknown passkey = %v", err)
		}
		eve, a := b.newUser("eve@example.com"), b.attempt("not for sign-in")
		posing := *k
		handle, _ := eve.ID.Bytes()
		posing.authenticator.Options.UserHandle = handle[:]
		if _, _, err := passkeys.FinishDiscoverable(ctx, b.browser("one"), posing.get(begin("one"))); !isWrong(err) {
			t.Errorf("in another's name = %v", err)
		}
		if _, _, err := passkeys.FinishDiscoverable(ctx, b.browser(a.ID), k.get(b.begin(a))); !errors.Is(err, ErrExpired) {
			t.Errorf("a challenge for a second factor = %v", err)
		}
		if err := b.store.Users().Disable(ctx, b.user.ID, b.clock.Now(), b.event(storage.EventUserDisabled)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := passkeys.FinishDiscoverable(ctx, b.browser("one"), k.get(begin("one"))); !isWrong(err) {
			t.Errorf("of a disabled account = %v", err)
		}
	})
}

// TestTH3_NobodyLocksAnothersPasskeysByFailing: only an address is counted.
func TestTH3_NobodyLocksAnothersPasskeysByFailing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		ctx, passkeys := t.Context(), b.nodes[0].Passkeys()
		k := newKey(t, b.user)
		b.enrollPasskey(k)
		try := func(k *key, bucket string) error {
			a := b.browser("browser at " + bucket)
			a.AddressBucket = bucket
			options, err := passkeys.BeginDiscoverable(ctx, a)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = passkeys.FinishDiscoverable(ctx, a, k.get(options))
			return err
		}
		forged := *k
		forged.credential.Key = newKey(t, b.user).credential.Key
		for i := range signInPerAddress {
			if err := try(&forged, "198.51.100.1"); !isWrong(err) {
				t.Fatalf("forged signature %d = %v", i+1, err)
			}
		}
		mustBeLimited(t, "one more from that address", try(&forged, "198.51.100.1"))
		if err := try(k, "192.0.2.1"); err != nil {
			t.Errorf("the owner, elsewhere: %v", err)
		}
	})
}

func TestPK3_WhatIsEnrolledIsCheckedToo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		ctx, passkeys := t.Context(), b.nodes[0].Passkeys()
		k := newKey(t, b.user)
		phished := *k
		phished.rp.Origin = "https://evil.example"
		a, options := b.startPasskey("phished")
		if _, err := passkeys.Confirm(ctx, a, phished.create(options), "key"); !isWrong(err) {
			t.Errorf("from another origin = %v", err)
		}
		if _, err := passkeys.Confirm(ctx, a, k.create(options), "key"); !errors.Is(err, ErrExpired) {
			t.Errorf("a challenge that was spent = %v", err)
		}
		a, options = b.startPasskey("one")
		if _, err := passkeys.Confirm(ctx, b.attempt("other"), k.create(options), "key"); !errors.Is(err, ErrExpired) {
			t.Errorf("in another attempt = %v", err)
		}
		if _, err := b.confirm(passkeys, a, k.create(options), strings.Repeat("é", 100)); err != nil {
			t.Fatal(err)
		}
		if name := b.attempt("").Person.Credentials[0].Name; name != strings.Repeat("é", 64) {
			t.Errorf("name = %q", name)
		}
		a, options = b.startPasskey("again")
		if !strings.Contains(string(options), b.attempt("").Person.Credentials[0].ExternalID) {
			t.Error("a passkey that is enrolled is not excluded")
		}
		if _, err := b.confirm(passkeys, a, k.create(options), "key"); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("a passkey that is enrolled = %v", err)
		}
		for i := len(b.attempt("").Person.Credentials); i < 20; i++ {
			b.enrollPasskey(newKey(t, b.user))
		}
		a, options = b.startPasskey("too many")
		if _, err := b.confirm(passkeys, a, newKey(t, b.user).create(options), "key"); !errors.Is(err, storage.ErrFull) {
			t.Errorf("one more than anybody may have = %v", err)
		}
	})
}

func TestPasskeysNeedAHostWithAName(t *testing.T) {
	t.Parallel()
	for issuer, want := range map[string]bool{
		"https://id.example.com": true, "http://localhost:8080": true, "http://127.0.0.1:8080": false, "http://[::1]:8080": false,
	} {
		u, err := url.Parse(issuer)
		if err != nil {
			t.Fatal(err)
		}
		f, err := New(Config{Issuer: u, Brand: "Latchkey", Policy: DefaultPolicy()})
		if err != nil {
			t.Fatal(err)
		}
		if _, has := f.Get(storage.FactorPasskey); has != want || (f.Passkeys() != nil) != want {
			t.Errorf("%s has passkeys: %t", issuer, has)
		}
		if _, has := f.Enroller(storage.FactorPasskey); has != want {
			t.Errorf("%s enrolls passkeys: %t", issuer, has)
		}
	}
}
