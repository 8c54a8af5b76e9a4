package keys

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

var everyAlg = []string{RS256, PS256, ES256, ES384, EdDSA}

func TestSignAndVerify(t *testing.T) {
	r := newRing(t, &storagetest.SigningKeys{}, storagetest.NewClock().Now, everyAlg...)
	load(t, r)
	for _, alg := range everyAlg {
		token := sign(t, r, alg)
		for range 2 { // the second time from memory
			payload, err := r.Verify(t.Context(), token, "JWT", alg)
			if err != nil || string(payload) != `{"sub":"ada"}` {
				t.Errorf("%s: Verify = %s, %v", alg, payload, err)
			}
		}
		header := headerOf(t, token)
		if header["alg"] != alg || header["typ"] != "JWT" || header["kid"] == "" || len(header) != 3 {
			t.Errorf("%s: header %v", alg, header)
		}
	}
}

// A key signs by no algorithm but its own, whatever its row says.
func TestKY4_AKeySignsByItsOwnAlgorithmAlone(t *testing.T) {
	fits := map[string][]string{RS256: {RS256, PS256}, ES256: {ES256}, ES384: {ES384}, EdDSA: {EdDSA}}
	for made, own := range fits {
		private, err := testenv.SigningKey(made)
		if err != nil {
			t.Fatal(err)
		}
		for _, alg := range everyAlg {
			k := &signingKey{row: storage.SigningKey{Alg: alg}, private: private}
			if _, err := k.sign([]byte("text")); (err == nil) != slices.Contains(own, alg) {
				t.Errorf("a key for %s signs by %s: %v", made, alg, err)
			}
		}
	}
}

func headerOf(t *testing.T, token string) map[string]any {
	t.Helper()
	raw, err := decode(strings.Split(token, ".")[0])
	if err != nil {
		t.Fatal(err)
	}
	var header map[string]any
	if err := json.Unmarshal(raw, &header); err != nil {
		t.Fatal(err)
	}
	return header
}

// TestKY4_ForgedTokens tries what forgers try. Each must fail also when the
// honest token was verified before.
func TestKY4_ForgedTokens(t *testing.T) {
	r := newRing(t, &storagetest.SigningKeys{}, storagetest.NewClock().Now, ES256, EdDSA)
	load(t, r)
	honest := sign(t, r, ES256)
	if _, err := r.Verify(t.Context(), honest, "JWT", ES256); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(honest, ".")
	kid := headerOf(t, honest)["kid"].(string)
	header := func(text string) string { return encode([]byte(text)) }
	hs256 := func(head string, key []byte) string {
		input := header(head) + "." + parts[1]
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(input))
		return input + "." + encode(mac.Sum(nil))
	}
	public := r.Keys()[0].Public
	for name, token := range map[string]string{
		"empty":                 "",
		"alg none":              header(`{"alg":"none","typ":"JWT","kid":"`+kid+`"}`) + "." + parts[1] + ".",
		"alg none, old sig":     header(`{"alg":"none","typ":"JWT","kid":"`+kid+`"}`) + "." + parts[1] + "." + parts[2],
		"HS256 with public key": hs256(`{"alg":"HS256","typ":"JWT","kid":"`+kid+`"}`, public),
		"no signature":          parts[0] + "." + parts[1] + ".",
		"cut":                   honest[:len(honest)-1],
		"longer":                honest + "A",
		"changed payload":       parts[0] + "." + header(`{"sub":"eve"}`) + "." + parts[2],
		"unknown kid":           foreign(t, map[jose.HeaderKey]any{"kid": "eve"}),
		"no kid":                foreign(t, nil),
		"our kid, other key":    foreign(t, map[jose.HeaderKey]any{"kid": kid}),
		"embedded jwk":          foreignJWK(t, kid),
		"jku":                   foreign(t, map[jose.HeaderKey]any{"kid": kid, "jku": "https://evil.example/jwks"}),
		"x5u":                   foreign(t, map[jose.HeaderKey]any{"kid": kid, "x5u": "https://evil.example/cert"}),
		"several signatures":    fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, parts[1], parts[0], parts[2]),
		"flattened JSON":        fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, parts[1], parts[0], parts[2]),
		"too long":              honest + strings.Repeat("A", maxJWSLength),
		"five parts":            honest + ".A.A",
	} {
		if payload, err := r.Verify(t.Context(), token, "JWT", ES256, EdDSA); !errors.Is(err, ErrInvalidJWS) {
			t.Errorf("%s: Verify = %s, %v", name, payload, err)
		}
	}
}

// foreign signs with a key that is not of the ring.
func foreign(t *testing.T, headers map[jose.HeaderKey]any) string {
	t.Helper()
	return foreignWith(t, headers, false)
}

func foreignJWK(t *testing.T, kid string) string {
	t.Helper()
	return foreignWith(t, map[jose.HeaderKey]any{"kid": kid}, true)
}

func foreignWith(t *testing.T, headers map[jose.HeaderKey]any, embed bool) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	options := (&jose.SignerOptions{EmbedJWK: embed}).WithType("JWT")
	for name, value := range headers {
		options = options.WithHeader(name, value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign([]byte(`{"sub":"eve"}`))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestKY4_AlgorithmAndTypeAreTheCallersToChoose(t *testing.T) {
	r := newRing(t, &storagetest.SigningKeys{}, storagetest.NewClock().Now, ES256, EdDSA)
	load(t, r)
	token := sign(t, r, ES256)
	for name, verify := range map[string]func() error{
		"another algorithm": func() error { _, err := r.Verify(t.Context(), token, "JWT", EdDSA); return err },
		"no algorithm":      func() error { _, err := r.Verify(t.Context(), token, "JWT"); return err },
		"another type":      func() error { _, err := r.Verify(t.Context(), token, "at+jwt", ES256); return err },
		"another type, after the right one": func() error {
			if _, err := r.Verify(t.Context(), token, "JWT", ES256); err != nil {
				t.Fatal(err)
			}
			_, err := r.Verify(t.Context(), token, "at+jwt", ES256)
			return err
		},
		"another algorithm, after the right one": func() error { _, err := r.Verify(t.Context(), token, "JWT", EdDSA, RS256); return err },
	} {
		if err := verify(); !errors.Is(err, ErrInvalidJWS) {
			t.Errorf("%s: Verify = %v", name, err)
		}
	}
	if _, err := r.Verify(t.Context(), token, "jwt", ES256); err != nil {
		t.Errorf("types differ in case alone: %v", err)
	}
}

func TestVerifiedCacheIsBounded(t *testing.T) {
	c := newVerifiedCache()
	for i := range 5 * verifiedCacheSize {
		c.put(sha256.Sum256([]byte(fmt.Sprint(i))), verifiedToken{})
	}
	if n := len(c.young) + len(c.old); n > 2*verifiedCacheSize {
		t.Errorf("%d tokens are remembered", n)
	}
	if _, ok := c.get(sha256.Sum256([]byte(fmt.Sprint(5*verifiedCacheSize - 1)))); !ok {
		t.Error("the newest token is forgotten")
	}
}

func FuzzVerify(f *testing.F) {
	r := newRing(f, &storagetest.SigningKeys{}, storagetest.NewClock().Now)
	load(f, r)
	honest := sign(f, r, ES256)
	for _, seed := range []string{honest, "", "..", "e30.e30.", `{"payload":"","signatures":[]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if payload, err := r.Verify(t.Context(), token, "JWT", ES256); err == nil && token != honest {
			t.Errorf("Verify(%q) = %s", token, payload)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	r := newRing(b, &storagetest.SigningKeys{}, storagetest.NewClock().Now, everyAlg...)
	load(b, r)
	for _, alg := range everyAlg {
		b.Run(alg, func(b *testing.B) {
			for b.Loop() {
				sign(b, r, alg)
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	r := newRing(b, &storagetest.SigningKeys{}, storagetest.NewClock().Now, ES256)
	load(b, r)
	token := sign(b, r, ES256)
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.VerifyHint(b.Context(), token, "JWT", ES256); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.Verify(b.Context(), token, "JWT", ES256); err != nil {
				b.Fatal(err)
			}
		}
	})
}
