package op

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// hybridClient is registered for every response type and mode.
func hybridClient() client.Client {
	c := siteClient()
	c.ID = "hybrid"
	c.GrantTypes = append(slices.Clone(c.GrantTypes), client.GrantImplicit)
	c.ResponseTypes, c.ResponseModes = client.ResponseTypes(), client.ResponseModes()
	c.AuthorizationAlg = "ES256"
	return c
}

func asHybrid(r *http.Request, _ url.Values) { r.SetBasicAuth("hybrid", testSecret) }

// hybridSite is a signed-in site with that client; change alters it.
func hybridSite(t testing.TB, change ...func(*client.Client)) *site {
	t.Helper()
	s := signedInSite(t)
	c := hybridClient()
	for _, alter := range change {
		alter(&c)
	}
	s.start(s.config([]client.Client{siteClient(), c, robotClient()}))
	return s
}

// hybrid is a request of that client.
func hybrid(responseType string, more ...string) url.Values {
	return authorization(append([]string{"client_id", "hybrid", "response_type", responseType}, more...)...)
}

// frontTypes are the response types with tokens in them.
func frontTypes() []string { return client.ResponseTypes()[1:] }

// Each response type is answered with what its words say, in the fragment, and the
// hashes tie it together (OpenID Connect Core 3.2.2.5, 3.2.2.10, 3.3.2.5, 3.3.2.11).
func TestAZ4_WhatResponseTypesAnswer(t *testing.T) {
	t.Parallel()
	s := hybridSite(t)
	for _, responseType := range frontTypes() {
		w := s.get(authorizePath, hybrid(responseType))
		answer := answerAt(t, w, testRedirect)
		if !strings.HasPrefix(w.Header().Get("Location"), testRedirect+"#") {
			t.Errorf("%s: %s", responseType, w.Header().Get("Location"))
		}
		for word, parameter := range map[string]string{"code": "code", "id_token": "id_token", "token": "access_token"} {
			if answer.Has(parameter) != client.InResponseType(responseType, word) {
				t.Errorf("%s: %s is there: %t", responseType, parameter, answer.Has(parameter))
			}
		}
		if answer.Get("state") != "s-1" || answer.Get("iss") != testIssuer || answer.Has("refresh_token") || answer.Has("error") {
			t.Errorf("%s: %v", responseType, answer)
		}
		token := answer.Get("access_token")
		if token != "" {
			if answer.Get("token_type") != "Bearer" || answer.Get("expires_in") != "600" || answer.Get("scope") != "openid profile" {
				t.Errorf("%s: %v", responseType, answer)
			}
			if w := s.ask(userinfoRequest("GET", "", "", "Bearer "+token)); w.Code != http.StatusOK {
				t.Errorf("%s: userinfo says %d %s", responseType, w.Code, w.Body)
			}
		}
		if id := answer.Get("id_token"); id != "" {
			claims := claimsOf(t, id)
			if claims["nonce"] != "n-1" || claims["sub"] != string(testUserID) || claims["aud"] != "hybrid" ||
				text(claims["at_hash"]) != hashOrNone(token) || text(claims["c_hash"]) != hashOrNone(answer.Get("code")) {
				t.Errorf("%s: claims %v", responseType, claims)
			}
			// Where nothing else tells them, the ID token has the claims of the scopes (Core 5.4).
			if got := claims["name"] != nil; got != (responseType == "id_token") {
				t.Errorf("%s: the ID token has name: %t", responseType, got)
			}
		}
		if code := answer.Get("code"); code != "" {
			a := s.exchange(asHybrid, code).want(t, http.StatusOK, "")
			if claims := claimsOf(t, a.IDToken); claims["sub"] != string(testUserID) || claims["nonce"] != "n-1" {
				t.Errorf("%s: the second ID token has %v", responseType, claims)
			}
		}
	}
	for _, g := range s.store.grants() {
		if g.Origin == storage.OriginImplicit && (g.Refreshable || g.Offline || !g.ExpiresAt.Equal(g.CreatedAt.Add(10*time.Minute))) {
			t.Errorf("a grant without a code is %+v", g)
		}
	}
}

func text(v any) string { s, _ := v.(string); return s }

func hashOrNone(token string) string {
	if token == "" {
		return ""
	}
	return tokenHash("ES256", token)
}

// The order of the words means nothing.
func TestAZ4_ResponseTypesInAnyOrder(t *testing.T) {
	t.Parallel()
	s := hybridSite(t, func(c *client.Client) { c.ResponseTypes = []string{"token id_token"} })
	for _, responseType := range []string{"token id_token", "id_token token"} {
		if answer := answerAt(t, s.get(authorizePath, hybrid(responseType)), testRedirect); !answer.Has("id_token") || !answer.Has("access_token") {
			t.Errorf("%s: %v", responseType, answer)
		}
	}
}

// Nothing is issued to whom the response type is not for, and nothing secret is put in a
// query: the refusal comes in the fragment (requirement AZ4).
func TestAZ4_RefusedResponseTypes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*client.Client)
		form   url.Values
		code   string
	}{
		"not registered":            {func(c *client.Client) { c.ResponseTypes = []string{"code"} }, hybrid("id_token token"), "unauthorized_client"},
		"another of them":           {func(c *client.Client) { c.ResponseTypes = []string{"code id_token"} }, hybrid("code id_token token"), "unauthorized_client"},
		"without the grant":         {func(c *client.Client) { c.GrantTypes = []string{client.GrantAuthorizationCode} }, hybrid("code id_token"), "unauthorized_client"},
		"without that of the code":  {func(c *client.Client) { c.GrantTypes = []string{client.GrantImplicit} }, hybrid("code token"), "unauthorized_client"},
		"no nonce, implicit":        {nil, hybrid("id_token", "nonce", ""), "invalid_request"},
		"no nonce, token":           {nil, hybrid("id_token token", "nonce", ""), "invalid_request"},
		"no nonce, hybrid":          {nil, hybrid("code id_token", "nonce", ""), "invalid_request"},
		"no nonce, all":             {nil, hybrid("code id_token token", "nonce", ""), "invalid_request"},
		"no openid":                 {nil, hybrid("id_token token", "scope", "profile"), "invalid_scope"},
		"in a query":                {nil, hybrid("id_token token", "response_mode", "query"), "invalid_request"},
		"in a signed query":         {nil, hybrid("code id_token", "response_mode", "query.jwt"), "invalid_request"},
		"in an unknown mode":        {nil, hybrid("id_token", "response_mode", "x"), "invalid_request"},
		"in a mode of others":       {func(c *client.Client) { c.ResponseModes = []string{"query", "fragment"} }, hybrid("id_token", "response_mode", "form_post"), "invalid_request"},
		"a token alone":             {nil, hybrid("token"), "unsupported_response_type"},
		"bound to a key":            {func(c *client.Client) { c.DPoPBound = true }, hybrid("id_token token"), "unauthorized_client"},
		"nobody is signed in":       {nil, hybrid("id_token", "prompt", "none"), "login_required"},
		"a fragment by nobody else": {func(c *client.Client) { c.ResponseModes = []string{"query"} }, hybrid("id_token"), "invalid_request"},
	} {
		if tc.change == nil {
			tc.change = func(*client.Client) {}
		}
		s := hybridSite(t, tc.change)
		if tc.code == "login_required" {
			s.signIn.Who = nil
		}
		w := s.get(authorizePath, tc.form)
		answer := answerAt(t, w, testRedirect)
		if answer.Get("error") != tc.code || answer.Get("state") != "s-1" || answer.Get("iss") != testIssuer || !strings.HasPrefix(w.Header().Get("Location"), testRedirect+"#") {
			t.Errorf("%s: %s", name, w.Header().Get("Location"))
		}
		for _, secret := range []string{"code", "id_token", "access_token"} {
			if answer.Has(secret) {
				t.Errorf("%s: %s was issued", name, secret)
			}
		}
		if got := len(s.store.grants()); got != 0 {
			t.Errorf("%s: %d grants", name, got)
		}
	}
}

// A token without a code is no way around what ends codes: its session, its password
// and whom the client is for.
func TestAZ4_TokensRestOnTheirSession(t *testing.T) {
	t.Parallel()
	s := hybridSite(t)
	token := answerAt(t, s.get(authorizePath, hybrid("id_token token")), testRedirect).Get("access_token")
	now := s.clock.Now()
	s.store.must(s.store.Sessions().EndOf(t.Context(), testUserID, testSID, now, s.store.event(storage.EventSessionsEnded, now)))
	if w := s.ask(userinfoRequest("GET", "", "", "Bearer "+token)); w.Code != http.StatusUnauthorized {
		t.Errorf("userinfo says %d after the session", w.Code)
	}
	if answer := answerAt(t, s.get(authorizePath, hybrid("id_token token")), testRedirect); answer.Get("error") != "login_required" || answer.Has("access_token") {
		t.Errorf("behind a session that has ended: %v", answer)
	}
	s.store.Err.Set(storage.ErrUnavailable)
	if answer := answerAt(t, s.get(authorizePath, hybrid("id_token")), testRedirect); answer.Get("error") != codeTemporarilyUnavailable {
		t.Errorf("without a store: %v", answer)
	}
}

// PKCE is for codes, and offline access too (Core 11).
func TestAZ2_PKCEIsForCodes(t *testing.T) {
	t.Parallel()
	s := hybridSite(t, func(c *client.Client) { c.RequirePKCE = nil })
	without := []string{"code_challenge", "", "code_challenge_method", ""}
	for _, responseType := range client.ResponseTypes() {
		answer := answerAt(t, s.get(authorizePath, hybrid(responseType, append(without, "scope", "openid offline_access")...)), testRedirect)
		if refused := answer.Get("error") == "invalid_request"; refused != client.InResponseType(responseType, "code") {
			t.Errorf("%s: %v", responseType, answer)
		}
		if strings.Contains(answer.Get("scope"), "offline_access") {
			t.Errorf("%s: offline access without a code: %v", responseType, answer)
		}
	}
}

// The same answers are posted where the client asks for that, errors too.
func TestAZ4_PostedAnswers(t *testing.T) {
	t.Parallel()
	s := hybridSite(t)
	for _, responseType := range client.ResponseTypes() {
		fields := formFields(t, s.get(authorizePath, hybrid(responseType, "response_mode", "form_post")), testRedirect)
		if (fields["code"] != "") != client.InResponseType(responseType, "code") || (fields["id_token"] != "") != client.InResponseType(responseType, "id_token") {
			t.Errorf("%s: posts %v", responseType, fields)
		}
	}
	fields := formFields(t, s.get(authorizePath, hybrid("code id_token", "response_mode", "form_post", "nonce", "")), testRedirect)
	if fields["error"] != "invalid_request" || fields["code"] != "" {
		t.Errorf("posts %v", fields)
	}
}

// signedAnswer opens the one parameter of a signed answer.
func (s *site) signedAnswer(values url.Values) map[string]any {
	s.t.Helper()
	if len(values) != 1 {
		s.t.Fatalf("the answer is %v, want response alone", values)
	}
	payload, err := s.provider.cfg.Keys.Verify(s.t.Context(), values.Get("response"), signedAnswerType, "ES256")
	if err != nil {
		s.t.Fatalf("verify: %v", err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		s.t.Fatal(err)
	}
	return claims
}

// Signed answers (JARM 2.1, 2.3): who, for whom, until when, and all that would be there
// unsigned; errors as well.
func TestAZ5_SignedAnswers(t *testing.T) {
	t.Parallel()
	s := hybridSite(t)
	for _, tc := range []struct{ responseType, mode, separator string }{
		{"code", "jwt", "?"},
		{"code", "query.jwt", "?"},
		{"code", "fragment.jwt", "#"},
		{"code id_token", "jwt", "#"},
		{"id_token token", "fragment.jwt", "#"},
	} {
		for _, prompt := range []string{"", "consent none"} { // the second is refused
			w := s.get(authorizePath, hybrid(tc.responseType, "response_mode", tc.mode, "prompt", prompt))
			claims := s.signedAnswer(answerAt(t, w, testRedirect))
			if got := strings.TrimPrefix(w.Header().Get("Location"), testRedirect)[:1]; got != tc.separator {
				t.Errorf("%v: behind %q", tc, got)
			}
			if claims["iss"] != testIssuer || claims["aud"] != "hybrid" || claims["exp"] != float64(s.clock.Now().Add(10*time.Minute).Unix()) || claims["state"] != "s-1" {
				t.Errorf("%v: %v", tc, claims)
			}
			if prompt != "" {
				if claims["error"] != "invalid_request" || claims["code"] != nil {
					t.Errorf("%v: refused with %v", tc, claims)
				}
				continue
			}
			for word, member := range map[string]string{"code": "code", "id_token": "id_token", "token": "access_token"} {
				if (claims[member] != nil) != client.InResponseType(tc.responseType, word) {
					t.Errorf("%v: %s is %v", tc, member, claims[member])
				}
			}
		}
	}
	fields := formFields(t, s.get(authorizePath, hybrid("code", "response_mode", "form_post.jwt")), testRedirect)
	claims := s.signedAnswer(url.Values{"response": {fields["response"]}})
	s.exchange(asHybrid, text(claims["code"])).want(t, http.StatusOK, "")
	if len(fields) != 1 {
		t.Errorf("posts %v", fields)
	}
	// A signed answer is no other token of ours.
	if answer := answerAt(t, s.get(authorizePath, hybrid("code", "id_token_hint", fields["response"])), testRedirect); answer.Get("error") != "invalid_request" {
		t.Errorf("as a hint: %v", answer)
	}
	if w := s.ask(userinfoRequest("GET", "", "", "Bearer "+fields["response"])); w.Code != http.StatusUnauthorized {
		t.Errorf("as an access token: %d", w.Code)
	}
	// Who is not registered for it is told so in the clear.
	if answer := answerAt(t, s.get(authorizePath, authorization("response_mode", "jwt")), testRedirect); answer.Get("error") != "invalid_request" {
		t.Errorf("not registered: %v", answer)
	}
}

// A request that waits for a person, and one that was pushed, is answered in its mode.
func TestAZ4_ModesSurviveTheSignIn(t *testing.T) {
	t.Parallel()
	s := hybridSite(t)
	s.signIn.Who = nil
	w := s.get(authorizePath, hybrid("code id_token", "response_mode", "jwt"))
	id, asked := strings.CutPrefix(w.Header().Get("Location"), "/login?interaction=")
	if !asked {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	s.becomes(testUser)
	if claims := s.signedAnswer(answerAt(t, s.resume(id), testRedirect)); claims["code"] == nil || claims["id_token"] == nil {
		t.Errorf("answered %v", claims)
	}
	var said pushedResponse
	if err := json.Unmarshal(s.push(asHybrid, hybrid("id_token", "response_mode", "fragment.jwt")).want(t, http.StatusCreated, "").Body.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	query := url.Values{"client_id": {"hybrid"}, "request_uri": {said.RequestURI}}
	if claims := s.signedAnswer(answerAt(t, s.get(authorizePath, query), testRedirect)); claims["id_token"] == nil {
		t.Errorf("answered %v", claims)
	}
}
