package op

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
)

// keyFor makes a key that signs with the algorithm.
func keyFor(t testing.TB, alg jose.SignatureAlgorithm) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch alg {
	case jose.ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.ES384:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case jose.EdDSA, algEd25519:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// possess asks userinfo with a token by the scheme DPoP and a proof.
func (p *prover) possess(token string, change ...map[string]any) *http.Request {
	p.t.Helper()
	r := userinfoRequest("GET", "", "", "DPoP "+token)
	r.Header.Set("DPoP", p.proof("GET", testIssuer+userinfoPath, append([]map[string]any{{"ath": athOf(token)}}, change...)...))
	return r
}

func (n *node) ask(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, r)
	return w
}

// A token that was bought with a proof says so everywhere, signed and sealed.
func TestPR1_TokensAreBound(t *testing.T) {
	t.Parallel()
	n := newNode(t, opaqueClient(), resourceServer("gateway", true))
	for id, who := range map[string]as{"wiki": asWiki, "app": asApp, "opaque": basicAuth("opaque", testSecret)} {
		p := n.prover()
		a := n.exchange(p.with(who), n.code(id)).want(t, http.StatusOK, "")
		if a.TokenType != "DPoP" || len(a.AccessToken) > 512 && id == "opaque" {
			t.Errorf("%s: token_type %q, %d characters", id, a.TokenType, len(a.AccessToken))
		}
		var said struct {
			TokenType    string        `json:"token_type"`
			Confirmation *confirmation `json:"cnf"`
			Active       bool          `json:"active"`
		}
		told := n.introspect(basicAuth("gateway", testSecret), a.AccessToken).want(t, http.StatusOK, "")
		if err := json.Unmarshal(told.Body.Bytes(), &said); err != nil || !said.Active || said.TokenType != "DPoP" || said.Confirmation == nil || said.Confirmation.KeyThumbprint != p.thumbprint() {
			t.Errorf("%s: introspection says %s, %v", id, told.Body, err)
		}
		if w := n.ask(p.possess(a.AccessToken)); w.Code != http.StatusOK {
			t.Errorf("%s: userinfo says %d %s", id, w.Code, w.Body)
		}
		next := n.refresh(p.with(who), a.RefreshToken).want(t, http.StatusOK, "")
		if next.TokenType != "DPoP" {
			t.Errorf("%s: refreshed as %q", id, next.TokenType)
		}
	}
	if a := n.signedIn(); a.TokenType != "Bearer" || claimsOf(t, a.AccessToken)["cnf"] != nil {
		t.Errorf("without a proof: %q %v", a.TokenType, claimsOf(t, a.AccessToken)["cnf"])
	}
}

// A bound token is worth nothing without its key, nor an unbound one as a bound one
// (RFC 9449 sections 7.1, 7.2).
func TestPR1_ABoundTokenNeedsItsKey(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	p, thief := n.prover(), n.prover()
	bound := n.exchange(p.with(asApp), n.code("app")).want(t, http.StatusOK, "").AccessToken
	bearer := n.signedIn().AccessToken
	with := func(r *http.Request, change func(http.Header)) *http.Request {
		change(r.Header)
		return r
	}
	used := p.possess(bound)
	if w := n.ask(used); w.Code != http.StatusOK {
		t.Fatalf("in order: %d %s", w.Code, w.Body)
	}
	for name, tc := range map[string]struct {
		r      *http.Request
		code   string
		scheme string
	}{
		"as a bearer token":        {userinfoRequest("GET", "", "", "Bearer "+bound), "invalid_token", "Bearer"},
		"as a bearer with a proof": {with(p.possess(bound), func(h http.Header) { h.Set("Authorization", "Bearer "+bound) }), "invalid_token", "Bearer"},
		"in a body":                {userinfoRequest("POST", "", "access_token="+bound), "invalid_token", "Bearer"},
		"without a proof":          {userinfoRequest("GET", "", "", "DPoP "+bound), "invalid_dpop_proof", "DPoP"},
		"with two proofs":          {with(p.possess(bound), func(h http.Header) { h.Add("DPoP", p.proof("GET", testIssuer+userinfoPath)) }), "invalid_dpop_proof", "DPoP"},
		"with another key":         {thief.possess(bound), "invalid_token", "DPoP"},
		"without ath":              {p.possess(bound, map[string]any{"ath": nil}), "invalid_dpop_proof", "DPoP"},
		"for another token":        {p.possess(bound, map[string]any{"ath": athOf(bearer)}), "invalid_dpop_proof", "DPoP"},
		"for another method":       {p.possess(bound, map[string]any{"htm": "POST"}), "invalid_dpop_proof", "DPoP"},
		"for another endpoint":     {p.possess(bound, map[string]any{"htu": testIssuer + "/token"}), "invalid_dpop_proof", "DPoP"},
		"with an old proof":        {p.possess(bound, map[string]any{"iat": n.clock.Now().Unix() - 61}), "invalid_dpop_proof", "DPoP"},
		"with a proof again":       {used, "invalid_dpop_proof", "DPoP"},
		"a bearer token as bound":  {p.possess(bearer), "invalid_token", "DPoP"},
		"garbage":                  {p.possess("x"), "invalid_token", "DPoP"},
		"no token":                 {userinfoRequest("GET", "", "", "DPoP"), "", "DPoP"},
	} {
		w := n.ask(tc.r)
		challenge := w.Header().Values("WWW-Authenticate")
		if w.Code != http.StatusUnauthorized || len(challenge) == 0 || !strings.HasPrefix(challenge[0], tc.scheme+" ") ||
			tc.code != "" && !strings.Contains(challenge[0], `error="`+tc.code+`"`) {
			t.Errorf("%s: %d %q %s", name, w.Code, challenge, w.Body)
		}
		if last := challenge[len(challenge)-1]; !strings.HasPrefix(last, "DPoP ") || !strings.Contains(last, `algs="RS256 PS256 ES256 ES384 EdDSA Ed25519"`) {
			t.Errorf("%s: DPoP is not offered: %q", name, challenge)
		}
	}
	if w := n.ask(with(p.possess(bound), func(h http.Header) { h.Set("Authorization", "dPoP "+bound) })); w.Code != http.StatusOK {
		t.Errorf("a scheme of any case: %d %s", w.Code, w.Body)
	}
}

// One proof, one use, at each endpoint, also where many come at once.
func TestPR1_AProofIsSpentOnce(t *testing.T) {
	t.Parallel()
	n := signedInSite(t)
	p := n.prover()
	a := n.exchange(p.with(asWiki), n.code("wiki")).want(t, http.StatusOK, "")
	forToken, pushed := p.proof("POST", testIssuer+tokenPath), p.proof("POST", testIssuer+pushPath)
	possessed := p.possess(a.AccessToken)
	for name, use := range map[string]func() int{
		"client_credentials": func() int { return n.token(sending(forToken)).Code },
		"userinfo":           func() int { return n.ask(possessed.Clone(t.Context())).Code },
		"par": func() int {
			r := formRequest("POST", pushPath, authorization().Encode())
			asWiki(r, nil)
			r.Header.Set("DPoP", pushed)
			return n.ask(r).Code
		},
	} {
		var taken atomic.Int64
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				if use() < http.StatusBadRequest {
					taken.Add(1)
				}
			})
		}
		all.Wait()
		if taken.Load() != 1 {
			t.Errorf("%s: one proof was taken %d times", name, taken.Load())
		}
	}
	n.clock.Advance(time.Minute) // the proof is as old as one may be
	n.token(sending(forToken)).want(t, http.StatusBadRequest, codeInvalidDPoPProof)
}

// A proof that is spent is no code and no grant; neither is one that cannot be.
func TestPR1_WithoutAProofNothingIsIssued(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	p := n.prover()
	once := map[string]any{"jti": "once"}
	n.exchange(p.with(asApp, once), n.code("app")).want(t, http.StatusOK, "")
	grants := len(n.store.grants())
	n.exchange(p.with(asApp, once), n.code("app")).want(t, http.StatusBadRequest, codeInvalidDPoPProof)
	// A proof that is not in order does not cost the code its life.
	code := n.code("app")
	n.exchange(p.with(asApp, map[string]any{"htm": "GET"}), code).want(t, http.StatusBadRequest, codeInvalidDPoPProof)
	if got := len(n.store.grants()); got != grants {
		t.Errorf("%d grants were made", got-grants)
	}
	a := n.exchange(p.with(asApp), code).want(t, http.StatusOK, "")
	// What cannot be judged now is no verdict.
	n.ephemeral.Err.Set(errors.New("away"))
	n.refresh(p.with(asApp), a.RefreshToken).want(t, http.StatusServiceUnavailable, codeTemporarilyUnavailable)
	if w := n.ask(p.possess(a.AccessToken)); w.Code != http.StatusServiceUnavailable {
		t.Errorf("userinfo: %d %s", w.Code, w.Body)
	}
	n.ephemeral.Err.Set(nil)
	n.refresh(p.with(asApp), a.RefreshToken).want(t, http.StatusOK, "")
}

// Strangers fill no store with proofs: nothing is kept before a credential is in order.
func TestLK2_AProofWithoutACredentialIsNotKept(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	p := n.prover()
	before := len(n.store.entries())
	n.exchange(p.with(asApp), "x").want(t, http.StatusBadRequest, "invalid_grant")
	n.refresh(p.with(asApp), "x").want(t, http.StatusBadRequest, "invalid_grant")
	n.token(p.with(bodyAuth("robot", "wrong"))).want(t, http.StatusUnauthorized, "invalid_client")
	if w := n.ask(p.possess("x")); w.Code != http.StatusUnauthorized {
		t.Errorf("userinfo: %d", w.Code)
	}
	if got := len(n.store.entries()); got != before {
		t.Errorf("%d entries were kept", got-before)
	}
}

// The refresh tokens of a client without credentials are bound to the key of its first
// proof; those of all others to their authentication (RFC 9449 section 5).
func TestPR1_RefreshTokensOfPublicClientsAreBound(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	p, thief := n.prover(), n.prover()
	first := n.exchange(p.with(asApp), n.code("app")).want(t, http.StatusOK, "")
	for name, who := range map[string]as{"no proof": asApp, "another key": thief.with(asApp)} {
		for _, token := range []string{first.RefreshToken} {
			if a := n.refresh(who, token); a.Code != http.StatusBadRequest || a.Error != "invalid_grant" {
				t.Errorf("%s: %d %s", name, a.Code, a.Body)
			}
		}
	}
	second := n.refresh(p.with(asApp), first.RefreshToken).want(t, http.StatusOK, "")
	third := n.refresh(p.with(asApp), second.RefreshToken).want(t, http.StatusOK, "")
	n.clock.Advance(time.Minute) // beyond the grace: whoever has no key ends nothing
	n.refresh(asApp, first.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	n.refresh(thief.with(asApp), first.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	third = n.refresh(p.with(asApp), third.RefreshToken).want(t, http.StatusOK, "")
	n.refresh(p.with(asApp), first.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	n.refresh(p.with(asApp), third.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant") // that was reuse

	plain := n.exchange(asApp, n.code("app")).want(t, http.StatusOK, "")
	bound := n.refresh(p.with(asApp), plain.RefreshToken).want(t, http.StatusOK, "")
	n.refresh(asApp, bound.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant") // from the first proof on

	wiki := n.exchange(p.with(asWiki), n.code("wiki")).want(t, http.StatusOK, "")
	other := n.refresh(thief.with(asWiki), wiki.RefreshToken).want(t, http.StatusOK, "")
	if cnf, _ := claimsOf(t, other.AccessToken)["cnf"].(map[string]any); cnf["jkt"] != thief.thumbprint() {
		t.Errorf("bound to %v", cnf)
	}
}

// A code that names a key is for that key alone (RFC 9449 section 10).
func TestPR1_ACodeMayBeForOneKey(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	p, thief := s.prover(), s.prover()
	code := func(jkt string) string {
		t.Helper()
		return answerAt(t, s.get(authorizePath, authorization("dpop_jkt", jkt)), testRedirect).Get("code")
	}
	s.exchange(asWiki, code(p.thumbprint())).want(t, http.StatusBadRequest, "invalid_grant")
	s.exchange(thief.with(asWiki), code(p.thumbprint())).want(t, http.StatusBadRequest, "invalid_grant")
	if got := len(s.store.grants()); got != 0 {
		t.Errorf("%d grants were made", got)
	}
	s.exchange(p.with(asWiki), code(p.thumbprint())).want(t, http.StatusOK, "")
	for _, jkt := range []string{"x", p.thumbprint() + "=", p.thumbprint()[1:]} {
		if answer := answerAt(t, s.get(authorizePath, authorization("dpop_jkt", jkt)), testRedirect); answer.Get("error") != "invalid_request" {
			t.Errorf("dpop_jkt=%s: %v", jkt, answer)
		}
	}
}

// A proof beside a pushed request binds its code (RFC 9449 section 10.1).
func TestPR1_APushedRequestBindsItsCode(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	p, thief := s.prover(), s.prover()
	uri := func(who as, pairs ...string) string {
		t.Helper()
		var said pushedResponse
		a := s.push(who, authorization(pairs...)).want(t, http.StatusCreated, "")
		if err := json.Unmarshal(a.Body.Bytes(), &said); err != nil {
			t.Fatal(err)
		}
		return said.RequestURI
	}
	code := func(uri string) string { return answerAt(t, s.come(uri), testRedirect).Get("code") }
	s.exchange(thief.with(asWiki), code(uri(p.with(asWiki)))).want(t, http.StatusBadRequest, "invalid_grant")
	s.exchange(asWiki, code(uri(p.with(asWiki)))).want(t, http.StatusBadRequest, "invalid_grant")
	s.exchange(p.with(asWiki), code(uri(p.with(asWiki), "dpop_jkt", p.thumbprint()))).want(t, http.StatusOK, "")
	s.exchange(p.with(asWiki), code(uri(asWiki, "dpop_jkt", p.thumbprint()))).want(t, http.StatusOK, "")
	s.push(p.with(asWiki), authorization("dpop_jkt", thief.thumbprint())).want(t, http.StatusBadRequest, "invalid_request")
	s.push(p.with(asWiki, map[string]any{"htu": testIssuer + tokenPath}), authorization()).want(t, http.StatusBadRequest, codeInvalidDPoPProof)
}

// Who must prove possession gets nothing without, by its registration or for all.
func TestPR1_ProofsMayBeRequired(t *testing.T) {
	t.Parallel()
	bound := wikiClient()
	bound.DPoPBound = true
	for name, cfg := range map[string]func(*Config){
		"the client": func(c *Config) {
			c.Clients = client.NewSnapshot([]client.Client{withSecrets(t, bound), withSecrets(t, robotClient())})
		},
		"everybody": func(c *Config) { c.RequireDPoP = true },
	} {
		s := signedInSite(t, cfg)
		p := s.prover()
		code := s.code("wiki")
		s.exchange(asWiki, code).want(t, http.StatusBadRequest, codeInvalidDPoPProof)
		a := s.exchange(p.with(asWiki), code).want(t, http.StatusOK, "") // the code was left alone
		s.refresh(asWiki, a.RefreshToken).want(t, http.StatusBadRequest, codeInvalidDPoPProof)
		s.refresh(p.with(asWiki), a.RefreshToken).want(t, http.StatusOK, "")
		if got := s.token(asRobot).Code; (got == http.StatusOK) != (name == "the client") {
			t.Errorf("%s: another client gets %d", name, got)
		}
	}
}

// withSecrets is the client with verifiers in the place of its secrets.
func withSecrets(t *testing.T, c client.Client) client.Client {
	t.Helper()
	list := []client.Client{c}
	verifiers(testHasher(t), list)
	return list[0]
}

// Every grant of the table spends the proof and binds its tokens: a grant that forgot
// would be refused as our fault.
func TestPR1_AnUnspentProofIsOurFault(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	kept := n.provider.serveClient(clientEndpoint{
		path: tokenPath, parameters: grantParameters(), authMethods: authMethods, proves: true,
		answer: func(*Provider, context.Context, *tokenRequest) (any, error) { return struct{}{}, nil },
	})
	n.handler = kept
	n.token(asRobot).want(t, http.StatusOK, "")
	n.token(n.prover().with(asRobot)).want(t, http.StatusInternalServerError, codeServerError)
}

// A device that polls proves too, from its first tokens on; what is pending spends nothing.
func TestPR1_TokensOfDevicesAreBound(t *testing.T) {
	t.Parallel()
	s := deviceSite(t)
	p := s.prover()
	told := s.askDevice(asTV, "scope", "openid offline_access")
	s.poll(p.with(asTV), told.DeviceCode).want(t, http.StatusBadRequest, codeAuthorizationPending)
	s.becomes(testUser)
	s.allowed(told.UserCode)
	a := s.poll(p.with(asTV), told.DeviceCode).want(t, http.StatusOK, "")
	if a.TokenType != "DPoP" {
		t.Errorf("token_type %q", a.TokenType)
	}
	s.refresh(asTV, a.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	s.refresh(p.with(asTV), a.RefreshToken).want(t, http.StatusOK, "")
}

// A service that was sent somebody's token gets one that is bound to its own key.
func TestPR1_ExchangedTokensAreBound(t *testing.T) {
	t.Parallel()
	n := exchangeNode(t)
	p := n.prover()
	a := n.exchangeToken(p.with(asReports), n.sent().AccessToken, "resource", filesAPI).want(t, http.StatusOK, "")
	if a.TokenType != "DPoP" {
		t.Errorf("token_type %q", a.TokenType)
	}
	bound, _ := n.seen(asFiles, a.AccessToken)["cnf"].(map[string]any)
	if bound["jkt"] != p.thumbprint() {
		t.Errorf("bound to %v", bound)
	}
}
