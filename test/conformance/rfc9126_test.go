package conformance

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

const pushPath, requestURIs = "/par", "urn:ietf:params:oauth:request_uri:"

// rfc9126 are Pushed Authorization Requests.
var rfc9126 = specification{"9126", "Pushed Authorization Requests", []sentence{
	{section: "2", demands: "the URL of the endpoint MUST use https", by: []string{"config.TestCF2_Issuer"}},
	{section: "2", demands: "the URL SHOULD be in the metadata", show: func(t *trial) {
		if said := t.metadata().text("pushed_authorization_request_endpoint"); said != t.node.Issuer+pushPath {
			t.Errorf("the metadata say %q", said)
		}
	}},
	{section: "2", demands: "issuer, token endpoint and this endpoint MUST be accepted as the audience of an assertion", show: func(t *trial) {
		object := t.object()
		for _, audience := range []string{t.node.Issuer, t.node.Issuer + "/token", t.node.Issuer + pushPath} {
			t.ok(t.form(pushPath, append(t.assertion("aud", audience), "client_id", keyed.ID, "request", object)), http.StatusCreated)
		}
		for _, audience := range []string{"https://elsewhere.example.com", t.node.Issuer + "/userinfo", ""} {
			t.refused(t.form(pushPath, append(t.assertion("aud", audience), "client_id", keyed.ID, "request", object)), http.StatusUnauthorized, "invalid_client")
		}
	}},
	{section: "2.1", demands: "request_uri MUST NOT be provided", show: func(t *trial) {
		for _, uri := range []string{requestURIs + "x", "https://suite.example.com/request"} {
			t.refused(t.form(pushPath, ask(wiki, "request_uri", uri), as(wiki)), http.StatusBadRequest, "invalid_request")
		}
		pushed := t.ok(t.form(pushPath, ask(wiki), as(wiki)), http.StatusCreated).text("request_uri")
		t.refused(t.form(pushPath, ask(wiki, "request_uri", pushed), as(wiki)), http.StatusBadRequest, "invalid_request")
	}},
	{section: "2.1", demands: "client_id is required of who does not authenticate", show: func(t *trial) {
		t.refused(t.form(pushPath, ask(page, "client_id", "")), http.StatusUnauthorized, "invalid_client")
	}},
	{section: "2.1", demands: "the server MUST authenticate the client as at the token endpoint", show: func(t *trial) {
		for name, dress := range map[string]func(*http.Request){
			"nobody":         func(*http.Request) {},
			"a wrong secret": as(client{ID: wiki.ID, Secret: wiki.Secret + "x"}),
			"no secret":      as(client{ID: wiki.ID}),
			"nobody we know": as(client{ID: "who", Secret: wiki.Secret}),
			"another method": as(client{ID: keyed.ID, Secret: wiki.Secret}),
		} {
			t.Log(name)
			t.refused(t.form(pushPath, ask(wiki, "client_id", ""), dress), http.StatusUnauthorized, "invalid_client")
		}
		t.refused(t.form(pushPath, ask(wiki), as(pusher)), http.StatusBadRequest, "invalid_request") // who says to be another
	}},
	{section: "2.1", demands: "the server MUST validate the request as one at the authorization endpoint", show: func(t *trial) {
		for _, tc := range []struct{ name, value, code string }{
			{"redirect_uri", "https://evil.example/", "invalid_request"},
			{"redirect_uri", redirectURI + "/more", "invalid_request"},
			{"redirect_uri", "", "invalid_request"},
			{"scope", "openid files.write", "invalid_scope"},
			{"response_type", "", "invalid_request"},
			{"response_type", "token", "unsupported_response_type"},
			{"response_mode", "carrier_pigeon", "invalid_request"},
			{"code_challenge", "", "invalid_request"},
			{"code_challenge_method", "plain", "invalid_request"},
			{"resource", "https://elsewhere.example.com", "invalid_target"},
			{"claims", "{", "invalid_request"},
			{"max_age", "-1", "invalid_request"},
		} {
			t.Log(tc.name, tc.value)
			t.refused(t.form(pushPath, ask(wiki, tc.name, tc.value), as(wiki)), http.StatusBadRequest, tc.code)
		}
		t.refused(t.form(pushPath, append(ask(wiki), "scope", "email"), as(wiki)), http.StatusBadRequest, "invalid_request") // twice
		t.refused(t.form(pushPath, ask(robot), as(robot)), http.StatusBadRequest, "unauthorized_client")
	}},
	{section: "2.2", demands: "the server MUST answer 201 with a request_uri and a positive expires_in", show: func(t *trial) {
		got := t.ok(t.form(pushPath, ask(wiki), as(wiki)), http.StatusCreated)
		if in, _ := got.json["expires_in"].(float64); in < 5 || in > 600 || in != float64(int(in)) || got.text("request_uri") == "" {
			t.Errorf("answered %s", got.body)
		}
	}},
	{section: "2.2", demands: "the request_uri MUST have a part that nobody can guess", show: func(t *trial) {
		first := strings.TrimPrefix(t.ok(t.form(pushPath, ask(wiki), as(wiki)), http.StatusCreated).text("request_uri"), requestURIs)
		second := strings.TrimPrefix(t.ok(t.form(pushPath, ask(wiki), as(wiki)), http.StatusCreated).text("request_uri"), requestURIs)
		if len(first) < 22 || first[:10] == second[:10] || first[len(first)-10:] == second[len(second)-10:] {
			t.Errorf("%q, then %q", first, second)
		}
		b := t.signedIn()
		for _, guess := range []string{requestURIs, requestURIs + "x", requestURIs + first[:len(first)-1], first} {
			t.errorPage(b.Get("/authorize?" + query([]string{"client_id", wiki.ID, "request_uri", guess})))
		}
	}},
	{section: "2.2", demands: "the request_uri MUST be bound to the client that pushed", show: func(t *trial) {
		uri := t.ok(t.form(pushPath, ask(wiki), as(wiki)), http.StatusCreated).text("request_uri")
		b := t.signedIn()
		for _, id := range []string{page.ID, pusher.ID, "who", ""} {
			t.errorPage(b.Get("/authorize?" + query([]string{"client_id", id, "request_uri", uri})))
		}
		t.code(b, []string{"client_id", wiki.ID, "request_uri", uri}) // it is there all the same
	}},
	{section: "2.3", demands: "errors are those of RFC 6749 section 5.2", show: func(t *trial) {
		got := t.form(pushPath, ask(wiki, "redirect_uri", "https://evil.example/"), as(wiki))
		t.refused(got, http.StatusBadRequest, "invalid_request")
		if got.text("error_description") == "" || got.header.Get("Location") != "" {
			t.Errorf("answered %s %v", got.body, got.header)
		}
	}},
	{section: "2.3", demands: "who is required to sign its requests MUST be refused any other (nobody can be required to)", show: func(t *trial) {
		if said, has := t.metadata().json["require_signed_request_object"]; has && said != false {
			t.Errorf("require_signed_request_object is %v", said)
		}
	}},
	{section: "2.3", demands: "another method than POST is 405", show: func(t *trial) {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
			got := t.send(t.T, method, pushPath+"?"+query(ask(wiki)), "", "", as(wiki))
			t.refused(got, http.StatusMethodNotAllowed, "invalid_request")
			if !strings.Contains(got.header.Get("Allow"), http.MethodPost) {
				t.Errorf("Allow is %q", got.header.Get("Allow"))
			}
		}
	}},
	{section: "2.3", demands: "a request that is too large is 413", show: func(t *trial) {
		t.refused(t.form(pushPath, ask(wiki, "state", strings.Repeat("x", 1<<20)), as(wiki)), http.StatusRequestEntityTooLarge, "invalid_request")
	}},
	{section: "2.3", demands: "too many requests are 429", by: []string{"op.TestDS3_PushesWithoutASecretAreCapped"}},
	{section: "3", demands: "all parameters of the request MUST be claims of the request object", show: func(t *trial) {
		got := t.form(pushPath, append(t.assertion(), "client_id", keyed.ID, "request", t.object("scope", nil), "scope", "openid", "redirect_uri", redirectURI))
		if got.status == http.StatusCreated { // then what is outside counts for nothing
			t.issued()
			t.code(t.signedIn(), []string{"client_id", keyed.ID, "request_uri", got.text("request_uri")})
			t.Error("a scope from outside was taken")
			return
		}
		t.refused(got, http.StatusBadRequest, got.text("error"))
	}},
	{section: "3", demands: "the server MUST decrypt the request object", by: []string{"op.TestPR1_EncryptedRequestObjects"}},
	{section: "3", demands: "the server MUST validate its signature", show: func(t *trial) {
		object := t.object()
		parts := strings.Split(object, ".")
		for name, forged := range map[string]string{
			"unsigned": "eyJhbGciOiJub25lIn0." + parts[1] + ".", "cut off": parts[0] + "." + parts[1] + ".",
			"of another": parts[0] + "." + parts[1] + "." + strings.Split(t.object("state", "other"), ".")[2], "nothing": "x",
			"by a secret": signed(t, []byte(strings.Repeat("k", 32)), jose.HS256, nil, t.objectClaims()),
		} {
			t.Log(name)
			t.refused(t.form(pushPath, append(t.assertion(), "client_id", keyed.ID, "request", forged)), http.StatusBadRequest, "invalid_request_object")
		}
	}},
	{section: "3", demands: "a client_id inside that is another's MUST be refused", show: func(t *trial) {
		for _, id := range []any{wiki.ID, nil, 7} {
			got := t.form(pushPath, append(t.assertion(), "client_id", keyed.ID, "request", t.object("client_id", id)))
			t.refused(got, http.StatusBadRequest, "invalid_request_object")
		}
	}},
	{section: "4", demands: "a request_uri SHOULD be used once", show: func(t *trial) {
		uri := t.ok(t.form(pushPath, ask(wiki), as(wiki)), http.StatusCreated).text("request_uri")
		b := t.signedIn()
		visit := []string{"client_id", wiki.ID, "request_uri", uri}
		t.code(b, visit)
		t.errorPage(b.Get("/authorize?" + query(visit)))
	}},
	{section: "4", demands: "one that has expired MUST be rejected", by: []string{"op.TestPR1_BoundToItsClientAndTime"}},
	{section: "4", demands: "what comes of a pushed request MUST be validated as any other", by: []string{"op.TestPR1_JudgedAgainWhenTheBrowserComes"}},
	{section: "4", demands: "what is beside the request_uri does not count", show: func(t *trial) {
		uri := t.ok(t.form(pushPath, ask(wiki), as(wiki)), http.StatusCreated).text("request_uri")
		at := t.signedIn().Get("/authorize?" + query(ask(wiki, "request_uri", uri, "redirect_uri", "https://evil.example/", "state", "other")))
		if at.Location == nil || !strings.HasPrefix(at.Location.String(), redirectURI+"?") || at.Location.Query().Get("state") != "s" {
			t.Errorf("sent to %v", at.Location)
		}
	}},
	{section: "5", demands: "require_pushed_authorization_requests says whether everybody has to push", show: func(t *trial) {
		if said := t.metadata().json["require_pushed_authorization_requests"]; said != false {
			t.Errorf("the metadata say %v", said)
		}
	}},
	{section: "6", demands: "who has to push is refused anything else", show: func(t *trial) {
		t.sentBack(t.signedIn().Get("/authorize?"+query(ask(pusher))), "invalid_request")
	}},
	{section: "7.2", demands: "redirect URIs that are not registered MUST NOT be accepted of clients that do not authenticate", show: func(t *trial) {
		t.refused(t.form(pushPath, ask(page, "redirect_uri", "https://new.example.com/cb")), http.StatusBadRequest, "invalid_request")
	}},
	{section: "7.3", demands: "the server SHOULD make request URIs one-time use, however many browsers come", by: []string{
		"test.TestPR1_OfManyVisitsWithOnePushedRequestOneGetsACode",
	}},
}}

// objectClaims are those of a request object of keyed.
func (t *trial) objectClaims(pairs ...any) map[string]any {
	claims := map[string]any{"iss": keyed.ID, "aud": t.node.Issuer}
	for pair := range slices.Chunk(ask(keyed), 2) {
		claims[pair[0]] = pair[1]
	}
	return laid(maps.Clone(claims), pairs...)
}

// object is a request object of keyed, with claims laid over those in order.
func (t *trial) object(pairs ...any) string {
	t.Helper()
	return signed(t, keyedKey, jose.ES256, map[string]any{"kid": "k1"}, t.objectClaims(pairs...))
}
