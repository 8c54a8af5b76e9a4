package op

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
)

// wantedEncryptions are all that a client may have.
func wantedEncryptions() (all []client.Encryption) {
	for _, alg := range client.EncryptionAlgs() {
		for _, enc := range client.ContentEncryptions() {
			all = append(all, client.Encryption{Alg: alg, Enc: enc})
		}
	}
	return all
}

// decrypted is what is in a JWE, whose header is as the client wants it.
func decrypted(t testing.TB, text string, key jose.JSONWebKey, how client.Encryption, nested bool) string {
	t.Helper()
	parsed, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{jose.KeyAlgorithm(how.Alg)}, []jose.ContentEncryption{jose.ContentEncryption(how.Enc)})
	if err != nil {
		t.Fatalf("%v: %v: %s", how, err, text)
	}
	if cty := parsed.Header.ExtraHeaders[jose.HeaderContentType]; parsed.Header.KeyID != key.KeyID || (cty == "JWT") != nested {
		t.Errorf("%v: header %+v", how, parsed.Header)
	}
	content, err := parsed.Decrypt(key.Key)
	if err != nil {
		t.Fatalf("%v: %v", how, err)
	}
	return string(content)
}

// encryptionKeys are keys of a client, one of a kind, and others beside them that may
// not be encrypted to.
func encryptionKeys(t testing.TB, alg string) (key jose.JSONWebKey, all []jose.JSONWebKey) {
	t.Helper()
	ec := jose.JSONWebKey{Key: keyFor(t, jose.ES256), KeyID: "ec", Use: "enc"}
	rsaKey := jose.JSONWebKey{Key: keyFor(t, jose.RS256), KeyID: "rsa"}
	all = []jose.JSONWebKey{
		{Key: keyFor(t, jose.EdDSA), KeyID: "okp", Use: "enc"}, {Key: keyFor(t, jose.ES256), KeyID: "sig", Use: "sig"}, {Key: keyFor(t, jose.ES256), KeyID: "alg", Algorithm: "ES256"}, ec, rsaKey,
	}
	if strings.HasPrefix(alg, "RSA") {
		return rsaKey, all
	}
	return ec, all
}

// ID tokens and userinfo are encrypted to a key of the client, in every way that
// discovery names, and hold what they hold otherwise (Core 10.2, 5.3.2).
func TestEncryptedTokens(t *testing.T) {
	t.Parallel()
	for _, how := range wantedEncryptions() {
		c := siteClient()
		c.JWKSURI, c.IDTokenEncryptionAlg, c.IDTokenEncryptionEnc = keysURI, how.Alg, how.Enc
		c.UserInfoEncryptionAlg, c.UserInfoEncryptionEnc = how.Alg, how.Enc
		c.UserInfoAlg = "ES256"
		c.ResponseTypes, c.GrantTypes = []string{"code", "id_token"}, append(c.GrantTypes, client.GrantImplicit)
		c.ResponseModes = append(c.ResponseModes, "fragment")
		plain := c
		plain.ID, plain.UserInfoAlg = "plain", ""
		plain.Secrets = []client.Secret{{Verifier: "secret:" + testSecret}}
		s := signedInSite(t)
		s.start(s.config([]client.Client{c, plain}))
		key, all := encryptionKeys(t, how.Alg)
		s.keys.set(all...)
		a := s.exchange(asWiki, s.code("wiki")).want(t, http.StatusOK, "")
		signed := decrypted(t, a.IDToken, key, how, true)
		if claims := claimsOf(t, signed); claims["aud"] != "wiki" || claims["at_hash"] == nil || headerOf(t, signed)["alg"] != "ES256" {
			t.Errorf("%v: ID token %v", how, claims)
		}
		w := s.ask(userinfoRequest("GET", "", "", "Bearer "+a.AccessToken))
		if w.Header().Get("Content-Type") != "application/jwt" {
			t.Errorf("%v: userinfo is %s", how, w.Header().Get("Content-Type"))
		}
		if claims := claimsOf(t, decrypted(t, w.Body.String(), key, how, true)); claims["iss"] != testIssuer || claims["sub"] != string(testUserID) {
			t.Errorf("%v: userinfo %v", how, claims)
		}
		refreshed := s.refresh(asWiki, a.RefreshToken).want(t, http.StatusOK, "")
		decrypted(t, refreshed.IDToken, key, how, true)

		other := s.exchange(basicAuth("plain", testSecret), s.code("plain")).want(t, http.StatusOK, "")
		w = s.ask(userinfoRequest("GET", "", "", "Bearer "+other.AccessToken))
		var claims map[string]any
		if err := json.Unmarshal([]byte(decrypted(t, w.Body.String(), key, how, false)), &claims); err != nil || claims["sub"] != string(testUserID) {
			t.Errorf("%v: userinfo that is not signed %v, %v", how, claims, err)
		}

		implicit := answerAt(t, s.get(authorizePath, authorization("response_type", "id_token", "code_challenge", "", "code_challenge_method", "")), testRedirect)
		if claims := claimsOf(t, decrypted(t, implicit.Get("id_token"), key, how, true)); claims["nonce"] != "n-1" {
			t.Errorf("%v: by the front channel %v", how, claims)
		}
	}
}

// A client without a key that fits gets no ID token, not even a plain one, and loses
// nothing: the code and the refresh token work once it has a key.
func TestEncryptedTokens_WithoutAKey(t *testing.T) {
	t.Parallel()
	c := siteClient()
	c.ID, c.JWKSURI, c.IDTokenEncryptionAlg, c.IDTokenEncryptionEnc = "sealed", keysURI, "ECDH-ES", "A256GCM"
	n, asSealed := newNode(t, c), basicAuth("sealed", testSecret)
	key, all := encryptionKeys(t, "ECDH-ES")
	n.keys.set(signingKey(t, "k1"))
	n.keys.keys[0].Use = "sig"
	code := n.code("sealed")
	n.exchange(asSealed, code).want(t, http.StatusBadRequest, "invalid_client_metadata")
	n.keys.err = errors.New("down")
	n.exchange(asSealed, code).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	n.keys.err = nil
	n.keys.set(all...)
	a := n.exchange(asSealed, code).want(t, http.StatusOK, "")
	decrypted(t, a.IDToken, key, c.IDTokenEncryption(), true)
}

// ourKey is a published key of ours that can be encrypted to.
func ourKey(t testing.TB, n *node, alg string) jose.JSONWebKey {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(n.provider.cfg.Keys.JWKS().Body, &set); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		if k.Use == "enc" && (k.Algorithm == "") == strings.HasPrefix(alg, "ECDH") {
			return k
		}
	}
	t.Fatalf("no key for %s", alg)
	return jose.JSONWebKey{}
}

func encryptedObject(t testing.TB, key jose.JSONWebKey, how client.Encryption, object string) string {
	t.Helper()
	e, err := jose.NewEncrypter(jose.ContentEncryption(how.Enc), jose.Recipient{Algorithm: jose.KeyAlgorithm(how.Alg), Key: key.Key, KeyID: key.KeyID},
		(&jose.EncrypterOptions{}).WithContentType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	made, err := e.Encrypt([]byte(object))
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// PR1: a request object may be encrypted to us, in every way that discovery names;
// what is in it is judged as any other (RFC 9101 section 6).
func TestPR1_EncryptedRequestObjects(t *testing.T) {
	t.Parallel()
	s, key := objectSite(t)
	must := objectClient()
	must.ID, must.RequestObjectEncryptionAlg, must.RequestObjectEncryptionEnc = "must", "ECDH-ES", "A256GCM"
	s.start(s.config([]client.Client{siteClient(), objectClient(), unsignedClient(), must}))
	good := sign(t, key, jose.ES256, objectOf("objects"))
	for _, how := range wantedEncryptions() {
		object := encryptedObject(t, ourKey(t, s.node, how.Alg), how, good)
		if answer := answerAt(t, s.get(authorizePath, outside("objects", object)), testRedirect); answer.Get("code") == "" || answer.Get("state") != "inside" {
			t.Errorf("%v: %v", how, answer)
		}
	}
	gcm, wrapped := client.Encryption{Alg: "ECDH-ES", Enc: "A256GCM"}, client.Encryption{Alg: "ECDH-ES+A256KW", Enc: "A256GCM"}
	encrypt := func(how client.Encryption, object string) string {
		return encryptedObject(t, ourKey(t, s.node, how.Alg), how, object)
	}
	unsigned := "eyJhbGciOiJub25lIn0." + strings.Split(sign(t, key, jose.ES256, objectOf("unsigned")), ".")[1] + "."
	forced := sign(t, key, jose.ES256, objectOf("must"))
	for name, tc := range map[string]struct{ id, object, code string }{
		"unsigned, where it may be":            {"unsigned", encrypt(gcm, unsigned), ""},
		"as it must be":                        {"must", encrypt(gcm, forced), ""},
		"unsigned":                             {"objects", encrypt(gcm, strings.Replace(unsigned, "", "", 1)), "invalid_request_object"},
		"of a stranger":                        {"objects", encrypt(gcm, sign(t, signingKey(t, "k1"), jose.ES256, objectOf("objects"))), "invalid_request_object"},
		"twice":                                {"objects", encrypt(gcm, encrypt(gcm, good)), "invalid_request_object"},
		"of another client":                    {"must", encrypt(gcm, good), "invalid_request_object"},
		"not encrypted where it must be":       {"must", forced, "invalid_request_object"},
		"in another way than it must be":       {"must", encrypt(wrapped, forced), "invalid_request_object"},
		"its content in another way":           {"must", encrypt(client.Encryption{Alg: "ECDH-ES", Enc: "A128CBC-HS256"}, forced), "invalid_request_object"},
		"to a key of a stranger under our kid": {"objects", encryptedObject(t, jose.JSONWebKey{Key: keyFor(t, jose.ES256).Public(), KeyID: ourKey(t, s.node, "ECDH-ES").KeyID}, gcm, good), "invalid_request_object"},
	} {
		form := outside(tc.id, tc.object)
		answer := answerAt(t, s.get(authorizePath, form), testRedirect)
		if answer.Get("error") != tc.code || answer.Has("code") != (tc.code == "") {
			t.Errorf("%s: %v", name, answer)
		}
	}
	pushed := s.post(pushPath, basicAuth("objects", testSecret), "request", encrypt(gcm, good), "client_id", "objects").want(t, http.StatusCreated, "")
	if !strings.Contains(pushed.Body.String(), "request_uri") {
		t.Errorf("pushed: %s", pushed.Body)
	}
}

// An ID token that its client encrypted to us again is a hint as any other (Core 3.1.2.1).
func TestEncryptedHint(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	a := s.exchange(asWiki, s.code("wiki")).want(t, http.StatusOK, "")
	how := client.Encryption{Alg: "RSA-OAEP-256", Enc: "A128CBC-HS256"}
	hint := encryptedObject(t, ourKey(t, s.node, how.Alg), how, a.IDToken)
	if answer := answerAt(t, s.get(authorizePath, authorization("id_token_hint", hint, "prompt", "none")), testRedirect); answer.Get("code") == "" {
		t.Errorf("answer is %v", answer)
	}
}

// signedAnswer asks introspection as RFC 9701 section 4 has it.
func (n *node) signedIntrospection(who as, token, accept string) *httptest.ResponseRecorder {
	n.t.Helper()
	form := url.Values{"token": {token}}
	r := httptest.NewRequest(http.MethodPost, testIssuer+introspectionPath, nil)
	who(r, form)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, withBody(r, form.Encode()))
	return w
}

// TK5: a signed answer of introspection is for who asked, and says what the plain one
// says (RFC 9701): nothing of tokens that are none of their business.
func TestTK5_SignedIntrospection(t *testing.T) {
	t.Parallel()
	encrypting, signing := resourceServer("sealed", true), resourceServer("api", false)
	signing.IntrospectionAlg = "PS256"
	encrypting.JWKSURI, encrypting.IntrospectionEncryptionAlg, encrypting.IntrospectionEncryptionEnc = keysURI, "RSA-OAEP-256", "A256GCM"
	n := newNode(t, signing, encrypting, resourceServer("other", false))
	key, all := encryptionKeys(t, "RSA-OAEP-256")
	n.keys.set(all...)
	a := n.signedIn()
	const jwt = "application/token-introspection+jwt"
	for _, accept := range []string{jwt, "application/json;q=0.5, " + jwt + ";q=1", "APPLICATION/token-introspection+jwt"} {
		w := n.signedIntrospection(basicAuth("api", testSecret), a.AccessToken, accept)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != jwt || w.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: %d %v %s", accept, w.Code, w.Header(), w.Body)
		}
		payload, err := n.provider.cfg.Keys.Verify(t.Context(), w.Body.String(), "token-introspection+jwt", "PS256")
		if err != nil {
			t.Fatal(err)
		}
		var said struct {
			Iss, Aud, Sub string
			Iat, Exp      int64
			Answer        map[string]any `json:"token_introspection"`
		}
		if err := json.Unmarshal(payload, &said); err != nil || said.Iss != testIssuer || said.Aud != "api" || said.Iat != n.clock.Now().Unix() || said.Sub != "" || said.Exp != 0 {
			t.Errorf("%v: %s", err, payload)
		}
		var plain map[string]any
		if err := json.Unmarshal(n.introspect(basicAuth("api", testSecret), a.AccessToken).Body.Bytes(), &plain); err != nil || !equalJSON(t, said.Answer, plain) || plain["active"] != true {
			t.Errorf("says %v, and plainly %v", said.Answer, plain)
		}
	}
	for _, accept := range []string{"", "application/json", "*/*", jwt + ";q=0", "application/jwt"} {
		if w := n.signedIntrospection(basicAuth("api", testSecret), a.AccessToken, accept); w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%q: %v", accept, w.Header())
		}
	}
	w := n.signedIntrospection(basicAuth("sealed", testSecret), a.AccessToken, jwt)
	inner := decrypted(t, w.Body.String(), key, encrypting.IntrospectionEncryption(), true)
	if claims := claimsOf(t, inner); claims["aud"] != "sealed" {
		t.Errorf("encrypted: %v", claims)
	}
	w = n.signedIntrospection(basicAuth("other", testSecret), a.AccessToken, jwt)
	if answer, _ := json.Marshal(claimsOf(t, w.Body.String())["token_introspection"]); string(answer) != `{"active":false}` {
		t.Errorf("another resource server learns %s", answer)
	}
	if w := n.signedIntrospection(basicAuth("api", "wrong"), a.AccessToken, jwt); w.Code != http.StatusUnauthorized || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("nobody: %d %v", w.Code, w.Header())
	}
	mine := n.signedIntrospection(basicAuth("api", testSecret), a.AccessToken, jwt).Body.String()
	if w := n.ask(userinfoRequest("GET", "", "", "Bearer "+mine)); w.Code != http.StatusUnauthorized {
		t.Errorf("as an access token: %d", w.Code)
	}
}

// What discovery says of encryption follows from the keys that there are.
func TestDiscovery_Encryption(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	read := func() map[string]any {
		var got map[string]any
		w := httptest.NewRecorder()
		n.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, testIssuer+openIDConfigurationPath, nil))
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	algs, encs := []any{"RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"}, []any{"A128CBC-HS256", "A256GCM"}
	got := read()
	for _, name := range []string{"id_token", "userinfo", "request_object", "introspection", "authorization"} {
		if !equalJSON(t, got[name+"_encryption_alg_values_supported"], algs) || !equalJSON(t, got[name+"_encryption_enc_values_supported"], encs) {
			t.Errorf("%s: %v %v", name, got[name+"_encryption_alg_values_supported"], got[name+"_encryption_enc_values_supported"])
		}
	}
	if !slices.Equal(n.provider.cfg.Keys.EncryptionAlgs(), client.EncryptionAlgs()) {
		t.Error("the ring and the rules of clients know other algorithms")
	}
}

// AZ5: signed answers are encrypted once they are signed where the client is registered
// so, in every way that discovery names; errors as well (JARM 2.2).
func TestAZ5_EncryptedAnswers(t *testing.T) {
	t.Parallel()
	for _, how := range wantedEncryptions() {
		s := hybridSite(t, func(c *client.Client) {
			c.JWKSURI, c.AuthorizationEncryptionAlg, c.AuthorizationEncryptionEnc = keysURI, how.Alg, how.Enc
		})
		key, all := encryptionKeys(t, how.Alg)
		s.keys.set(all...)
		for _, prompt := range []string{"", "consent none"} { // the second is refused
			answer := answerAt(t, s.get(authorizePath, hybrid("code", "response_mode", "jwt", "prompt", prompt)), testRedirect)
			claims := s.signedAnswer(url.Values{"response": {decrypted(t, answer.Get("response"), key, how, true)}})
			if claims["aud"] != "hybrid" || claims["state"] != "s-1" || len(answer) != 1 || (claims["code"] == nil) != (prompt != "") || (claims["error"] == nil) != (prompt == "") {
				t.Errorf("%v, prompt %q: %v", how, prompt, claims)
			}
		}
		// What is not signed is not encrypted either: the client has chosen the mode.
		if answer := answerAt(t, s.get(authorizePath, hybrid("code")), testRedirect); answer.Get("code") == "" {
			t.Errorf("%v: %v", how, answer)
		}
	}
}

// A client that has no key to encrypt its answer to gets none, in the clear least of all,
// and nothing is spent: what it pushed is good once it has a key.
func TestAZ5_EncryptedAnswers_WithoutAKey(t *testing.T) {
	t.Parallel()
	s := hybridSite(t, func(c *client.Client) {
		c.JWKSURI, c.AuthorizationEncryptionAlg, c.AuthorizationEncryptionEnc = keysURI, "ECDH-ES", "A256GCM"
	})
	key, all := encryptionKeys(t, "ECDH-ES")
	s.keys.set(signingKey(t, "k1"))
	s.keys.keys[0].Use = "sig"
	var pushed pushedResponse
	if err := json.Unmarshal(s.push(asHybrid, hybrid("code", "response_mode", "jwt")).want(t, http.StatusCreated, "").Body.Bytes(), &pushed); err != nil {
		t.Fatal(err)
	}
	query := url.Values{"client_id": {"hybrid"}, "request_uri": {pushed.RequestURI}}
	refused := func(status int, query url.Values) {
		t.Helper()
		if w := s.get(authorizePath, query); w.Code != status || w.Header().Get("Location") != "" || len(s.store.grants()) > 0 {
			t.Errorf("%d %v, and %d grants; want %d", w.Code, w.Header(), len(s.store.grants()), status)
		}
	}
	refused(http.StatusBadRequest, query)
	refused(http.StatusBadRequest, hybrid("code", "response_mode", "jwt", "prompt", "consent none"))
	s.keys.err = errors.New("down")
	refused(http.StatusServiceUnavailable, query)
	s.keys.err = nil
	s.keys.set(all...)
	answer := answerAt(t, s.get(authorizePath, query), testRedirect)
	claims := s.signedAnswer(url.Values{"response": {decrypted(t, answer.Get("response"), key, client.Encryption{Alg: "ECDH-ES", Enc: "A256GCM"}, true)}})
	s.exchange(asHybrid, text(claims["code"])).want(t, http.StatusOK, "")
}
