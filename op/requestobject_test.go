package op

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
)

// objectClient signs request objects with a published key.
func objectClient() client.Client {
	c := siteClient()
	c.ID, c.JWKSURI, c.RequestURIs = "objects", keysURI, []string{"https://signer.example.com/object"}
	c.Secrets = []client.Secret{{Verifier: "secret:" + testSecret}}
	return c
}

func unsignedClient() client.Client {
	c := objectClient()
	c.ID, c.JWKSURI, c.RequestObjectSigningAlg = "unsigned", "", "none"
	return c
}

// objectOf are the members of an object with the request of a client.
func objectOf(id string, pairs ...string) map[string]any {
	claims := map[string]any{"iss": id, "aud": testIssuer}
	for name, values := range authorization(append([]string{"client_id", id, "state", "inside"}, pairs...)...) {
		claims[name] = values[0]
	}
	return claims
}

func objectSite(t *testing.T) (*site, jose.JSONWebKey) {
	t.Helper()
	s := signedInSite(t)
	s.start(s.config([]client.Client{siteClient(), objectClient(), unsignedClient()}))
	key := signingKey(t, "k1")
	s.keys.set(key)
	return s, key
}

// outside is a request with an object and little else.
func outside(id, object string, pairs ...string) url.Values {
	form := url.Values{"client_id": {id}, "request": {object}, "redirect_uri": {testRedirect}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// What is inside counts, and nothing else.
func TestPR1_RequestObjects(t *testing.T) {
	t.Parallel()
	s, key := objectSite(t)
	object := sign(t, key, jose.ES256, objectOf("objects", "scope", "openid email"), map[string]any{
		"max_age": 7000, "claims": map[string]any{"userinfo": map[string]any{"name": nil}},
	})
	w := s.get(authorizePath, outside("objects", object, "redirect_uri", "https://evil.example/", "state", "outside", "nonce", "x", "scope", "openid profile", "prompt", "login"))
	answer := answerAt(t, w, testRedirect)
	if answer.Get("code") == "" || answer.Get("state") != "inside" {
		t.Fatalf("answer is %v", answer)
	}
	request := s.signIn.Checked[0].Request
	if strings.Join(request.Scopes, " ") != "openid email" || request.Nonce != "n-1" || len(request.Prompt) != 0 || *request.MaxAge != 7000 || len(request.Claims.UserInfo) != 1 {
		t.Errorf("read as %+v", request)
	}
	posted := sign(t, key, jose.ES256, objectOf("objects", "response_mode", "form_post"))
	if fields := formFields(t, s.get(authorizePath, outside("objects", posted)), testRedirect); fields["code"] == "" || fields["state"] != "inside" {
		t.Errorf("posts %v", fields)
	}
	plain := "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString(encoded(t, objectOf("unsigned"))) + "."
	if answer := answerAt(t, s.get(authorizePath, outside("unsigned", plain)), testRedirect); answer.Get("code") == "" {
		t.Errorf("unsigned: %v", answer)
	}
}

func TestPR1_RefusedRequestObjects(t *testing.T) {
	t.Parallel()
	s, key := objectSite(t)
	other := signingKey(t, "k1")
	now := s.clock.Now().Unix()
	object := func(change ...map[string]any) string {
		return sign(t, key, jose.ES256, append([]map[string]any{objectOf("objects", "response_mode", "query")}, change...)...)
	}
	parts := strings.Split(object(), ".")
	for name, tc := range map[string]struct{ object, id, code string }{
		"of a stranger's key":     {sign(t, other, jose.ES256, objectOf("objects")), "objects", "invalid_request_object"},
		"unsigned":                {"eyJhbGciOiJub25lIn0." + parts[1] + ".", "objects", "invalid_request_object"},
		"its signature left away": {parts[0] + "." + parts[1] + ".", "objects", "invalid_request_object"},
		"under the public key":    {sign(t, keySetOf(key), jose.HS256, objectOf("objects")), "objects", "invalid_request_object"},
		"of another client":       {object(map[string]any{"client_id": "wiki"}), "objects", "invalid_request_object"},
		"issued by another":       {object(map[string]any{"iss": "wiki"}), "objects", "invalid_request_object"},
		"for another provider":    {object(map[string]any{"aud": "https://other.example.com"}), "objects", "invalid_request_object"},
		"expired":                 {object(map[string]any{"exp": now - 60}), "objects", "invalid_request_object"},
		"of the future":           {object(map[string]any{"nbf": now + 60}), "objects", "invalid_request_object"},
		"nested":                  {object(map[string]any{"request": object()}), "objects", "invalid_request_object"},
		"a reference in it":       {object(map[string]any{"request_uri": "https://evil.example/"}), "objects", "invalid_request_object"},
		"odd kinds":               {object(map[string]any{"scope": []string{"openid"}}), "objects", "invalid_request_object"},
		"no object":               {"x", "objects", "invalid_request_object"},
		"encrypted":               {"a.b.c.d.e", "objects", "invalid_request_object"},
		"a client without keys":   {object(), "wiki", "request_not_supported"},
		"a scope of others":       {object(map[string]any{"scope": "read"}), "objects", "invalid_scope"},
		"no PKCE method":          {object(map[string]any{"code_challenge_method": nil}), "objects", "invalid_request"},
	} {
		answer := answerAt(t, s.get(authorizePath, outside(tc.id, tc.object)), testRedirect)
		if answer.Get("error") != tc.code || answer.Has("code") {
			t.Errorf("%s: %v, want %s", name, answer, tc.code)
		}
	}
	evil := object(map[string]any{"redirect_uri": "https://evil.example/"})
	wantPage(t, s.get(authorizePath, outside("objects", evil)), http.StatusBadRequest, "return address")
	if answer := answerAt(t, s.get(authorizePath, outside("objects", object(), "response_type", "token")), testRedirect); answer.Has("code") {
		t.Errorf("another response type outside: %v", answer)
	}
}

// A reference is fetched only where it is registered.
func TestFT1_RequestURIs(t *testing.T) {
	t.Parallel()
	s, key := objectSite(t)
	for uri, code := range map[string]string{
		"https://evil.example/object": "request_uri_not_supported", "https://signer.example.com/object?x": "request_uri_not_supported",
		"http://127.0.0.1/": "request_uri_not_supported", "https://signer.example.com/object": "invalid_request_uri",
	} {
		before := len(s.keys.calls)
		form := url.Values{"client_id": {"objects"}, "redirect_uri": {testRedirect}, "request_uri": {uri}}
		answer := answerAt(t, s.get(authorizePath, form), testRedirect)
		if answer.Get("error") != code || answer.Has("code") {
			t.Errorf("%s: %v, want %s", uri, answer, code)
		}
		if called := len(s.keys.calls) - before; (called > 0) != (code == "invalid_request_uri") {
			t.Errorf("%s: called %d times", uri, called)
		}
	}
	s.keys.object = sign(t, key, jose.ES256, objectOf("objects"))
	form := url.Values{"client_id": {"objects"}, "request_uri": {"https://signer.example.com/object#v2"}}
	if answer := answerAt(t, s.get(authorizePath, form), testRedirect); answer.Get("code") == "" || answer.Get("state") != "inside" {
		t.Errorf("answer is %v", answer)
	}
	form.Set("request", s.keys.object)
	form.Set("redirect_uri", testRedirect)
	if answer := answerAt(t, s.get(authorizePath, form), testRedirect); answer.Get("error") != "invalid_request" {
		t.Errorf("both ways: %v", answer)
	}
}

// An object may be pushed: it is judged then, and the browser brings nothing of it.
func TestPR1_PushedRequestObjects(t *testing.T) {
	t.Parallel()
	s, key := objectSite(t)
	who := basicAuth("objects", testSecret)
	object := sign(t, key, jose.ES256, objectOf("objects"))
	a := s.push(who, url.Values{"request": {object}, "scope": {"openid profile"}}).want(t, http.StatusCreated, "")
	uri, _, _ := strings.Cut(strings.SplitN(a.Body.String(), `"request_uri":"`, 2)[1], `"`)
	answer := answerAt(t, s.get(authorizePath, url.Values{"client_id": {"objects"}, "request_uri": {uri}}), testRedirect)
	if answer.Get("code") == "" || answer.Get("state") != "inside" {
		t.Errorf("answer is %v", answer)
	}
	s.push(who, url.Values{"request": {object + "x"}}).want(t, http.StatusBadRequest, "invalid_request_object")
	for name, id := range map[string]any{"nobody's": nil, "an empty name's": "", "another's": "wiki"} {
		whose := sign(t, key, jose.ES256, objectOf("objects"), map[string]any{"client_id": id})
		if a := s.push(who, url.Values{"request": {whose}}); a.Code != http.StatusBadRequest || a.Error != "invalid_request_object" {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
	}
}
