package op

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/fetch"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

const keysURI = "https://signer.example.com/keys"

// publishedKeys is what clients publish, as if each call fetched it.
type publishedKeys struct {
	mu    sync.Mutex
	keys  []jose.JSONWebKey
	calls []fetch.Request
	err   error
	// object is what is at another address; empty is nothing.
	object string
}

func (p *publishedKeys) set(keys ...jose.JSONWebKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = keys
}

// Get implements fetcher.
func (p *publishedKeys) Get(_ context.Context, address string, r fetch.Request) (*fetch.Answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, r)
	if p.object != "" && address == "https://signer.example.com/object" {
		return &fetch.Answer{Status: http.StatusOK, Body: []byte(p.object + "\n")}, nil
	}
	if p.err != nil || address != keysURI {
		return nil, errors.Join(p.err, errors.New("called "+address))
	}
	return &fetch.Answer{Status: http.StatusOK, Body: keySetOf(p.keys...), FetchedAt: time.Unix(int64(len(p.calls)), 0)}, nil
}

// keySetOf is a JWK Set of the public parts.
func keySetOf(keys ...jose.JSONWebKey) []byte {
	set := jose.JSONWebKeySet{}
	for _, k := range keys {
		set.Keys = append(set.Keys, k.Public())
	}
	raw, err := json.Marshal(set)
	if err != nil {
		panic(err)
	}
	return raw
}

// signingKey makes a key of a client.
func signingKey(t testing.TB, kid string) jose.JSONWebKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return jose.JSONWebKey{Key: key, KeyID: kid, Algorithm: "ES256"}
}

// sign signs claims; each value wins over those before it, and nil removes.
func sign(t testing.TB, key any, alg jose.SignatureAlgorithm, claims ...map[string]any) string {
	t.Helper()
	all := map[string]any{}
	for _, c := range claims {
		maps.Copy(all, c)
	}
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return testenv.SignJWT(t, alg, key, map[string]any{"typ": "JWT"}, all)
}

var assertionIDs atomic.Int64

// assertion are the claims of one that is in order.
func (n *node) assertion(id string) map[string]any {
	now := n.clock.Now().Unix()
	return map[string]any{
		"iss": id, "sub": id, "aud": testIssuer, "jti": strconv.FormatInt(assertionIDs.Add(1), 10), "iat": now, "exp": now + 60,
	}
}

func asserting(assertion string) as {
	return func(_ *http.Request, f url.Values) {
		f.Set("client_assertion_type", assertionType)
		f.Set("client_assertion", assertion)
	}
}

// signer is a service that signs with a key at its address.
func signerClient() client.Client {
	c := robotClient()
	c.ID, c.AuthMethod, c.Secrets, c.JWKSURI = "signer", client.AuthMethodPrivateKeyJWT, nil, keysURI
	return c
}

const hmacSecret = "a-secret-of-more-than-32-characters-for-hmac"

func secretSigner() client.Client {
	c := robotClient()
	c.ID, c.AuthMethod = "hmac", client.AuthMethodSecretJWT
	c.Secrets = []client.Secret{{Verifier: "secret:" + hmacSecret, Key: client.HMACKey(hmacSecret)}}
	return c
}

func (n *node) token(who as) *answer {
	n.t.Helper()
	return n.post(tokenPath, who, "grant_type", "client_credentials")
}

func TestCL1_AssertionsOfAKey(t *testing.T) {
	t.Parallel()
	key, other := signingKey(t, "k1"), signingKey(t, "k1")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	n := newNode(t, signerClient(), secretSigner())
	n.keys.set(key, jose.JSONWebKey{Key: weak, KeyID: "weak"})
	now := n.clock.Now().Unix()
	for name, tc := range map[string]struct {
		claims map[string]any
		ok     bool
	}{
		"in order":                 {nil, true},
		"for the token endpoint":   {map[string]any{"aud": testIssuer + "/token"}, true},
		"for the push endpoint":    {map[string]any{"aud": []string{testIssuer + "/par"}}, true},
		"for five minutes":         {map[string]any{"exp": now + 300}, true},
		"a clock that is ahead":    {map[string]any{"nbf": now + 8, "iat": now + 8}, true},
		"a clock that is behind":   {map[string]any{"exp": now - 5}, true},
		"without iat":              {map[string]any{"iat": nil}, true},
		"for another":              {map[string]any{"aud": "https://other.example.com"}, false},
		"for us and another":       {map[string]any{"aud": []string{testIssuer, "https://other.example.com"}}, false},
		"for nobody":               {map[string]any{"aud": nil}, false},
		"for a part of us":         {map[string]any{"aud": testIssuer + "/"}, false},
		"of another issuer":        {map[string]any{"iss": "wiki"}, false},
		"without issuer":           {map[string]any{"iss": nil}, false},
		"about another":            {map[string]any{"sub": "wiki"}, false},
		"about nobody":             {map[string]any{"sub": nil}, false},
		"without jti":              {map[string]any{"jti": nil}, false},
		"with a long jti":          {map[string]any{"jti": strings.Repeat("x", 513)}, false},
		"without exp":              {map[string]any{"exp": nil}, false},
		"expired":                  {map[string]any{"exp": now - 10}, false},
		"for ten years":            {map[string]any{"exp": now + 315_360_000}, false},
		"beyond all time":          {map[string]any{"exp": 1e300}, false},
		"for six minutes":          {map[string]any{"exp": now + 360}, false},
		"of the future":            {map[string]any{"nbf": now + 60}, false},
		"issued in the future":     {map[string]any{"iat": now + 60}, false},
		"an exp that is a string":  {map[string]any{"exp": "soon"}, false},
		"a subject that is a list": {map[string]any{"sub": []string{"signer"}}, false},
	} {
		a := n.token(asserting(sign(t, key, jose.ES256, n.assertion("signer"), tc.claims)))
		if tc.ok && a.Code != http.StatusOK || !tc.ok && (a.Code != http.StatusUnauthorized || a.Error != "invalid_client" || a.AccessToken != "") {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
	}
	good := func() string { return sign(t, key, jose.ES256, n.assertion("signer")) }
	parts := strings.Split(good(), ".")
	public := keySetOf(key)
	for name, who := range map[string]as{
		"of a stranger's key":         asserting(sign(t, other, jose.ES256, n.assertion("signer"))),
		"unsigned":                    asserting("eyJhbGciOiJub25lIn0." + parts[1] + "."),
		"of a weak key":               asserting(sign(t, jose.JSONWebKey{Key: weak, KeyID: "weak"}, jose.RS256, n.assertion("signer"))),
		"under the public key":        asserting(sign(t, public, jose.HS256, n.assertion("signer"))),
		"cut":                         asserting(parts[0] + "." + parts[1]),
		"no JWT":                      asserting("x"),
		"of a client with a secret":   asserting(sign(t, key, jose.ES256, n.assertion("wiki"))),
		"of an HMAC client":           asserting(sign(t, key, jose.ES256, n.assertion("hmac"))),
		"of a client that is not":     asserting(sign(t, key, jose.ES256, n.assertion("nobody"))),
		"of another type":             func(r *http.Request, f url.Values) { asserting(good())(r, f); f.Set("client_assertion_type", "x") },
		"without type":                func(r *http.Request, f url.Values) { asserting(good())(r, f); f.Del("client_assertion_type") },
		"a type without one":          func(r *http.Request, f url.Values) { asserting(good())(r, f); f.Del("client_assertion") },
		"a secret in its place":       bodyAuth("signer", testSecret),
		"nothing but the client's id": func(_ *http.Request, f url.Values) { f.Set("client_id", "signer") },
	} {
		if a := n.token(who); a.Code != http.StatusUnauthorized || a.Error != "invalid_client" {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
	}
	both := func(r *http.Request, f url.Values) { asserting(good())(r, f); r.SetBasicAuth("wiki", testSecret) }
	n.token(both).want(t, http.StatusBadRequest, "invalid_request")
	named := func(r *http.Request, f url.Values) { asserting(good())(r, f); f.Set("client_id", "wiki") }
	n.token(named).want(t, http.StatusBadRequest, "invalid_request")
}

func TestCL1_AssertionsOfASecret(t *testing.T) {
	t.Parallel()
	n := newNode(t, signerClient(), secretSigner())
	n.token(asserting(sign(t, []byte(hmacSecret), jose.HS256, n.assertion("hmac")))).want(t, http.StatusOK, "")
	for name, who := range map[string]as{
		"another secret":        asserting(sign(t, []byte(hmacSecret+"x"), jose.HS256, n.assertion("hmac"))),
		"another algorithm":     asserting(sign(t, []byte(hmacSecret+hmacSecret), jose.HS512, n.assertion("hmac"))),
		"the secret itself":     basicAuth("hmac", hmacSecret),
		"of a client with keys": asserting(sign(t, []byte(hmacSecret), jose.HS256, n.assertion("signer"))),
		"of a basic client":     asserting(sign(t, []byte(testSecret), jose.HS256, n.assertion("wiki"))),
		"of nobody":             asserting(sign(t, []byte(hmacSecret), jose.HS256, n.assertion("nobody"))),
		"a key of nobody":       asserting(sign(t, make([]byte, 32), jose.HS256, n.assertion("nobody"))),
		"expired":               asserting(sign(t, []byte(hmacSecret), jose.HS256, n.assertion("hmac"), map[string]any{"exp": 1})),
	} {
		if a := n.token(who); a.Code != http.StatusUnauthorized || a.Error != "invalid_client" {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
	}
}

// An assertion is spent once, also where it comes many times at once.
func TestPR1_AnAssertionIsSpentOnce(t *testing.T) {
	t.Parallel()
	key := signingKey(t, "k1")
	n := newNode(t, signerClient())
	n.keys.set(key)
	once := asserting(sign(t, key, jose.ES256, n.assertion("signer"), map[string]any{"exp": n.clock.Now().Unix() + 300}))
	var taken atomic.Int64
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if n.token(once).Code == http.StatusOK {
				taken.Add(1)
			}
		})
	}
	all.Wait()
	if taken.Load() != 1 {
		t.Errorf("one assertion was taken %d times", taken.Load())
	}
	n.provider.failures = failureLimit{}
	n.clock.Advance(5*time.Minute + 5*time.Second) // within the leeway of its end
	n.token(once).want(t, http.StatusUnauthorized, "invalid_client")
}

// Keys are fetched again for a kid that is not there, once; what cannot be fetched is
// no verdict.
func TestCL1_KeysAreFetchedAgain(t *testing.T) {
	t.Parallel()
	old, next := signingKey(t, "old"), signingKey(t, "next")
	n := newNode(t, signerClient())
	n.keys.set(old)
	n.token(asserting(sign(t, old, jose.ES256, n.assertion("signer")))).want(t, http.StatusOK, "")
	if len(n.keys.calls) != 1 || n.keys.calls[0].Keep != time.Minute || !n.keys.calls[0].NewerThan.IsZero() {
		t.Fatalf("fetched %+v", n.keys.calls)
	}
	n.token(asserting(sign(t, next, jose.ES256, n.assertion("signer")))).want(t, http.StatusUnauthorized, "invalid_client")
	if len(n.keys.calls) != 3 || n.keys.calls[2].NewerThan.IsZero() || n.keys.calls[2].Keep != 10*time.Second {
		t.Errorf("fetched %+v", n.keys.calls)
	}
	n.keys.set(old, next)
	n.token(asserting(sign(t, next, jose.ES256, n.assertion("signer")))).want(t, http.StatusOK, "")
	n.keys.err = errors.New("connection refused by 10.0.0.7")
	a := n.token(asserting(sign(t, next, jose.ES256, n.assertion("signer")))).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	if strings.Contains(a.Body.String(), "10.0.0.7") {
		t.Errorf("the client is told %s", a.Body)
	}
}

// Keys in the registration need no address.
func TestCL1_KeysInTheRegistration(t *testing.T) {
	t.Parallel()
	key, encrypts := signingKey(t, "k1"), signingKey(t, "k2")
	encrypts.Use, encrypts.Algorithm = "enc", ""
	c := signerClient()
	c.JWKSURI, c.JWKS = "", &client.KeySet{}
	if err := json.Unmarshal(keySetOf(key, encrypts), c.JWKS); err != nil {
		t.Fatal(err)
	}
	n := newNode(t, c)
	n.token(asserting(sign(t, key, jose.ES256, n.assertion("signer")))).want(t, http.StatusOK, "")
	unnamed := key
	unnamed.KeyID = ""
	n.token(asserting(sign(t, unnamed, jose.ES256, n.assertion("signer")))).want(t, http.StatusOK, "")
	encrypts.Use, encrypts.Algorithm = "", "ES256"
	n.token(asserting(sign(t, encrypts, jose.ES256, n.assertion("signer")))).want(t, http.StatusUnauthorized, "invalid_client")
	if len(n.keys.calls) != 0 {
		t.Errorf("fetched %+v", n.keys.calls)
	}
}
