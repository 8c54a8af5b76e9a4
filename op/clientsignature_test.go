package op

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// signEd25519 signs under the name of RFC 9864, which the library does not know.
func signEd25519(t testing.TB, key ed25519.PrivateKey, header map[string]any, payload []byte) string {
	t.Helper()
	if header["alg"] == nil {
		header["alg"] = "Ed25519"
	}
	raw, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	input := base64.RawURLEncoding.EncodeToString(raw) + "." + base64.RawURLEncoding.EncodeToString(payload)
	return input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(input)))
}

// What is signed by the name Ed25519 is held to all that the library holds the others
// to (KY4).
func TestKY4_Ed25519ByItsOwnName(t *testing.T) {
	t.Parallel()
	key := keyFor(t, jose.EdDSA).(ed25519.PrivateKey)
	other := keyFor(t, jose.EdDSA).Public()
	good := signEd25519(t, key, map[string]any{}, []byte(`{"a":1}`))
	parts := strings.Split(good, ".")
	for name, c := range map[string]struct {
		text string
		key  any
		ok   bool
	}{
		"as it should be":       {good, key.Public(), true},
		"a JWK":                 {good, jose.JSONWebKey{Key: key.Public()}, true},
		"another key":           {good, other, false},
		"a key of another kind": {good, keyFor(t, jose.ES256).Public(), false},
		"no key":                {good, nil, false},
		"another payload":       {parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"a":2}`)) + "." + parts[2], key.Public(), false},
		"no signature":          {parts[0] + "." + parts[1] + ".", key.Public(), false},
		"a critical member":     {signEd25519(t, key, map[string]any{"crit": []string{"exp"}, "exp": 1}, []byte("{}")), key.Public(), false},
		"a critical b64":        {signEd25519(t, key, map[string]any{"crit": []string{"b64"}, "b64": false}, []byte("{}")), key.Public(), false},
	} {
		signed, err := parseClientSignature(c.text)
		if err == nil {
			_, err = signed.verify(c.key)
		}
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []struct {
		registered, said string
		same             bool
	}{{"", "ES256", true}, {"EdDSA", "Ed25519", true}, {"Ed25519", "EdDSA", true}, {"ES256", "ES384", false}, {"EdDSA", "ES256", false}} {
		if sameAlg(c.registered, c.said) != c.same {
			t.Errorf("%s and %s", c.registered, c.said)
		}
	}
}
