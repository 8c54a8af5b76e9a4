package op

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// prover makes DPoP proofs with one key.
type prover struct {
	t   testing.TB
	n   *node
	key jose.JSONWebKey
	// nonce is put into each proof; empty puts none.
	nonce string
}

func (n *node) prover() *prover {
	n.t.Helper()
	key := signingKey(n.t, "")
	key.Algorithm = ""
	return &prover{t: n.t, n: n, key: key}
}

// thumbprint is what tokens are bound to.
func (p *prover) thumbprint() string {
	p.t.Helper()
	sum, err := p.key.Thumbprint(5) // crypto.SHA256
	if err != nil {
		p.t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// claims are those of a proof that is in order.
func (p *prover) claims(method, address string) map[string]any {
	claims := map[string]any{
		"jti": "p" + strconv.FormatInt(assertionIDs.Add(1), 10), "htm": method, "htu": address, "iat": p.n.clock.Now().Unix(),
	}
	if p.nonce != "" {
		claims["nonce"] = p.nonce
	}
	return claims
}

// proof makes one; change lays claims over those in order, and nil removes.
func (p *prover) proof(method, address string, change ...map[string]any) string {
	p.t.Helper()
	return signProof(p.t, p.key.Key, jose.ES256, dpopType, p.key.Public(), append([]map[string]any{p.claims(method, address)}, change...)...)
}

// signProof signs a proof with the key, and puts another into its header: a nil one is
// left out.
func signProof(t testing.TB, key any, alg jose.SignatureAlgorithm, typ string, shown any, claims ...map[string]any) string {
	t.Helper()
	all := map[string]any{}
	for _, c := range claims {
		maps.Copy(all, c)
	}
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	payload, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if alg == algEd25519 {
		return signEd25519(t, key.(ed25519.PrivateKey), map[string]any{"typ": typ, "jwk": shown}, payload)
	}
	header := map[string]any{"typ": typ}
	if shown != nil {
		header["jwk"] = shown
	}
	return testenv.SignJWT(t, alg, key, header, payload)
}

// with authenticates as somebody and proves to hold the key.
func (p *prover) with(who as, change ...map[string]any) as {
	return func(r *http.Request, f url.Values) {
		if who != nil {
			who(r, f)
		}
		r.Header.Set("DPoP", p.proof(r.Method, testIssuer+r.URL.Path, change...))
	}
}

// sending authenticates as robot and sends headers as they are.
func sending(proofs ...string) as {
	return func(r *http.Request, f url.Values) {
		asRobot(r, f)
		for _, proof := range proofs {
			r.Header.Add("DPoP", proof)
		}
	}
}

// athOf is the ath of a proof for an access token.
func athOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// TestPR1_WhatADPoPProofIs goes through RFC 9449 sections 4.2 and 4.3, sentence by
// sentence, each fault alone.
func TestPR1_WhatADPoPProofIs(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	p, other := n.prover(), n.prover()
	const address = testIssuer + tokenPath
	now := n.clock.Now().Unix()
	for name, claims := range map[string]map[string]any{
		"in order":                  {},
		"a query and a fragment":    {"htu": address + "?a=b#c"},
		"another spelling":          {"htu": "HTTPS://ID.example.com:443/token"},
		"an escaped letter":         {"htu": testIssuer + "/t%6Fken"},
		"a clock that is behind":    {"iat": now - 60},
		"a clock that is ahead":     {"iat": now + 60},
		"parts of a second":         {"iat": float64(now) + 0.5},
		"claims that nobody asked":  {"sub": "x", "exp": 1},
		"an ath that is not needed": {"ath": "x"},
	} {
		if a := n.token(sending(p.proof("POST", address, claims))); a.Code != http.StatusOK || a.TokenType != "DPoP" {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
	}
	for name, claims := range map[string]map[string]any{
		"no jti":              {"jti": nil},
		"an empty jti":        {"jti": ""},
		"a long jti":          {"jti": strings.Repeat("x", 513)},
		"a jti that is none":  {"jti": 7},
		"no htm":              {"htm": nil},
		"another method":      {"htm": "GET"},
		"in lower case":       {"htm": "post"},
		"no htu":              {"htu": nil},
		"another endpoint":    {"htu": testIssuer + "/userinfo"},
		"another host":        {"htu": "https://evil.example/token"},
		"another scheme":      {"htu": "http://id.example.com/token"},
		"another port":        {"htu": "https://id.example.com:444/token"},
		"a longer path":       {"htu": address + "/"},
		"a user in it":        {"htu": "https://x@id.example.com/token"},
		"a path alone":        {"htu": "/token"},
		"no address":          {"htu": "https://%zz"},
		"no iat":              {"iat": nil},
		"an iat that is none": {"iat": "now"},
		"too old":             {"iat": now - 61},
		"of the future":       {"iat": now + 61},
		"beyond all time":     {"iat": 1e300},
	} {
		if a := n.token(sending(p.proof("POST", address, claims))); a.Code != http.StatusBadRequest || a.Error != codeInvalidDPoPProof {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
	}
	claims := func() map[string]any { return p.claims("POST", address) }
	good := p.proof("POST", address)
	parts := strings.Split(good, ".")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	jwk, err := json.Marshal(p.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	unsigned := encode([]byte(`{"alg":"none","typ":"dpop+jwt","jwk":`+string(jwk)+`}`)) + "." + parts[1] + "."
	signed := func(key any, alg jose.SignatureAlgorithm, typ string, shown any) string {
		return signProof(t, key, alg, typ, shown, claims())
	}
	secret := []byte(strings.Repeat("k", 32))
	for name, headers := range map[string][]string{
		"twice":                  {good, p.proof("POST", address)},
		"two in one header":      {good + ", " + p.proof("POST", address)},
		"no JWT":                 {"x"},
		"empty":                  {""},
		"three parts of nothing": {".."},
		"too long":               {p.proof("POST", address, map[string]any{"x": strings.Repeat("x", 9<<10)})},
		"another type":           {signed(p.key.Key, jose.ES256, "JWT", p.key.Public())},
		"no type":                {signed(p.key.Key, jose.ES256, "", p.key.Public())},
		"no key":                 {signed(p.key.Key, jose.ES256, dpopType, nil)},
		"a key that is text":     {signed(p.key.Key, jose.ES256, dpopType, "x")},
		"a private key":          {signed(p.key.Key, jose.ES256, dpopType, p.key)},
		"a key of somebody else": {signed(p.key.Key, jose.ES256, dpopType, other.key.Public())},
		"a secret":               {signed(secret, jose.HS256, dpopType, map[string]any{"kty": "oct", "k": encode(secret)})},
		"none":                   {unsigned},
		"a weak key":             {signed(weak, jose.RS256, dpopType, jose.JSONWebKey{Key: weak.Public()})},
		"an unknown curve":       {signed(p521, jose.ES512, dpopType, jose.JSONWebKey{Key: p521.Public()})},
		"a signature cut off":    {parts[0] + "." + parts[1] + "."},
		"another payload":        {parts[0] + "." + encode([]byte(`{"jti":"x"}`)) + "." + parts[2]},
		"a payload of no JSON":   {signText(t, p, "x")},
	} {
		if a := n.token(sending(headers...)); a.Code != http.StatusBadRequest || a.Error != codeInvalidDPoPProof || a.AccessToken != "" {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
	}
	n.token(sending(good)).want(t, http.StatusOK, "") // none of that spent it
}

// signText signs what is no JSON as a proof.
func signText(t *testing.T, p *prover, text string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: p.key.Key},
		(&jose.SignerOptions{}).WithType(dpopType).WithHeader("jwk", p.key.Public()))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	made, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Every algorithm that discovery names works.
func TestPR1_EveryAlgorithmOfProofs(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	p := n.prover()
	for _, alg := range clientAlgs {
		key := keyFor(t, alg)
		proof := signProof(t, key, alg, dpopType, jose.JSONWebKey{Key: key.Public()}, p.claims("POST", testIssuer+tokenPath))
		a := n.token(sending(proof)).want(t, http.StatusOK, "")
		cnf, _ := claimsOf(t, a.AccessToken)["cnf"].(map[string]any)
		sum, err := (&jose.JSONWebKey{Key: key.Public()}).Thumbprint(5)
		if err != nil || cnf["jkt"] != base64.RawURLEncoding.EncodeToString(sum) {
			t.Errorf("%s: cnf is %v, %v", alg, cnf, err)
		}
	}
}

// FuzzDPoPProof: no proof panics, and what is taken is for the request, of now, and by
// an asymmetric key that is named as its thumbprint.
func FuzzDPoPProof(f *testing.F) {
	n := newNode(f)
	p := n.prover()
	const address = testIssuer + tokenPath
	good := p.proof("POST", address)
	now := n.clock.Now()
	f.Add(good, "POST", address)
	f.Add(good+"x", "POST", address)
	f.Add(strings.Replace(good, ".", "..", 1), "GET", address)
	f.Add(p.proof("GET", "https://id.example.com:443/userinfo?x"), "GET", testIssuer+"/userinfo")
	f.Add("e30.e30.", "", "")
	f.Fuzz(func(t *testing.T, text, method, address string) {
		proof, err := parseProof(text, method, address, now)
		if err != nil {
			return
		}
		iat := timeOf(*proof.claims.IssuedAt)
		if len(proof.Key) != 43 || proof.claims.Method != method || proof.claims.ID == "" || iat.Before(now.Add(-time.Minute)) || iat.After(now.Add(time.Minute)) {
			t.Errorf("%q is taken as %+v", text, proof)
		}
	})
}
