package op

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// TestProtectedResourceMetadata: where userinfo refuses somebody it says where it is
// described, and that is true: the resource that is named gets tokens, the authorization
// server is the issuer, and each scope that is named can be granted.
func TestProtectedResourceMetadata(t *testing.T) {
	t.Parallel()
	n := resourceNode(t)
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, testIssuer+userinfoPath, nil))
	challenge := w.Header().Get("WWW-Authenticate")
	_, rest, found := strings.Cut(challenge, `resource_metadata="`)
	address, _, _ := strings.Cut(rest, `"`)
	if !found || address != testIssuer+resourceMetadataPath || strings.Contains(challenge, "error") {
		t.Fatalf("challenge is %q", challenge)
	}
	w = httptest.NewRecorder()
	n.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, nil))
	var said protectedResource
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("%v, headers %v", err, w.Header())
	}
	if said.Resource != testIssuer || !slices.Equal(said.AuthorizationServers, []string{testIssuer}) || slices.Contains(said.Scopes, "reports.read") || !slices.Contains(said.Scopes, "work") {
		t.Errorf("described as %+v", said)
	}
	tokens := n.exchange(asWiki, n.code("wiki", asking(strings.Join([]string{"openid", "work"}, " "), said.Resource))).want(t, http.StatusOK, "")
	r := httptest.NewRequest(http.MethodGet, testIssuer+userinfoPath, nil)
	r.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
	w = httptest.NewRecorder()
	n.handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("a token for the resource: %d", w.Code)
	}
	r.Header.Set("Authorization", "Bearer x")
	w = httptest.NewRecorder()
	n.handler.ServeHTTP(w, r)
	if challenge := w.Header().Get("WWW-Authenticate"); !strings.Contains(challenge, `error_uri="`+testIssuer+errorPagePath+`invalid_token"`) {
		t.Errorf("challenge is %q", challenge)
	}
	other := n.start2(t, testIssuer+"/auth")
	if got := other.ResourceMetadata(testIssuer + "/auth"); got != testIssuer+resourceMetadataPath+"/auth" {
		t.Errorf("with a path it is at %s", got)
	}
}

// A resource server of the provider's own is described too: its refusal leads there, and
// everything in the description is true: a token that is asked for by the address that it
// names, with the scopes that it names, is taken.
func TestOwnResourcesAreDescribed(t *testing.T) {
	t.Parallel()
	const identifier, path = "urn:test:own", "/own/v1"
	n := newNode(t)
	catalog, problems := access.New(access.Config{
		Scopes:    []access.Scope{{Name: "own.read", Resource: identifier}, {Name: "reports.read", Resource: reportsAPI}, {Name: "work"}},
		Resources: []access.Resource{{Identifier: identifier, Path: path}, {Identifier: reportsAPI}},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	robot := robotClient()
	robot.Scopes = []string{"own.read"}
	cfg := n.provider.cfg
	cfg.Access = catalog
	n.start(cfg)
	n.reload(wikiClient(), robot)

	_, err := n.authenticate(identifier, "")
	status, challenges, _ := n.provider.Refusal(httptest.NewRequest(http.MethodGet, testIssuer+path, nil), err, identifier)
	address := testIssuer + resourceMetadataPath + path
	if status != http.StatusUnauthorized || !strings.Contains(challenges[0], fmt.Sprintf("resource_metadata=%q", address)) {
		t.Fatalf("refused with %d %q", status, challenges)
	}
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, nil))
	var said protectedResource
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	if said.Resource != testIssuer+path || !slices.Equal(said.AuthorizationServers, []string{testIssuer}) ||
		!slices.Equal(said.Scopes, []string{"own.read"}) || !slices.Equal(said.BearerMethods, []string{"header"}) || said.JWKSURI != "" || said.SigningAlgs != nil {
		t.Errorf("described as %+v", said)
	}
	for _, spelled := range []string{said.Resource, said.Resource + "/", identifier} {
		tokens := n.post(tokenPath, asRobot, "grant_type", "client_credentials", "resource", spelled, "scope", strings.Join(said.Scopes, " ")).want(t, http.StatusOK, "")
		if audience := listOf(claimsOf(t, tokens.AccessToken)["aud"]); !slices.Equal(audience, []string{identifier}) {
			t.Errorf("%s: audience %v", spelled, audience)
		}
		if _, err := n.authenticate(identifier, "Bearer "+tokens.AccessToken); err != nil {
			t.Errorf("%s: %v", spelled, err)
		}
	}
	n.post(tokenPath, asRobot, "grant_type", "client_credentials", "resource", testIssuer+"/other").want(t, http.StatusBadRequest, codeInvalidTarget)
	for _, elsewhere := range []string{reportsAPI, "urn:nobody"} {
		if got := n.provider.ResourceMetadata(elsewhere); got != "" {
			t.Errorf("%s is described at %s", elsewhere, got)
		}
	}
	other := n.start2(t, testIssuer+"/auth")
	if got := other.ResourceMetadata(identifier); got != testIssuer+resourceMetadataPath+"/auth"+path {
		t.Errorf("with a path it is at %s", got)
	}
}

// start2 is a provider of another issuer, over the same stores.
func (n *node) start2(t *testing.T, issuer string) *Provider {
	t.Helper()
	cfg := n.provider.cfg
	cfg.Issuer = issuer
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestResourcesWithAndWithoutASlash are what is configured, in requests for codes and for
// tokens; the audience is as it is configured.
func TestResourcesWithAndWithoutASlash(t *testing.T) {
	t.Parallel()
	n := resourceNode(t)
	m := &n.provider.make
	for asked, want := range map[string]string{
		reportsAPI: reportsAPI, reportsAPI + "/": reportsAPI, testIssuer + "/": testIssuer, reportsAPI + "//": reportsAPI + "//", "https://nobody.example/": "https://nobody.example/", "/": "/", "": "",
	} {
		if got := m.asConfigured([]string{asked}); got[0] != want {
			t.Errorf("%q is %q, want %q", asked, got[0], want)
		}
	}
	for _, spelled := range []string{reportsAPI, reportsAPI + "/"} {
		a := n.exchangeFor(n.code("wiki", asking("openid reports.read", reportsAPI)), "resource", spelled).want(t, http.StatusOK, "")
		if audience := claimsOf(t, a.AccessToken)["aud"]; !slices.Equal(listOf(audience), []string{reportsAPI}) {
			t.Errorf("%s: audience %v", spelled, audience)
		}
	}
	n.exchangeFor(n.code("wiki", asking("openid reports.read", reportsAPI)), "resource", filesAPI+"/").want(t, http.StatusBadRequest, codeInvalidTarget)
}

func listOf(claim any) []string {
	if one, is := claim.(string); is {
		return []string{one}
	}
	var list []string
	for _, v := range claim.([]any) {
		list = append(list, v.(string))
	}
	return list
}

// TestScopesOfClientsThatNobodyWroteDown: what is not theirs is dropped, and one that
// names a resource and no scope gets those of the resource.
func TestScopesOfClientsThatNobodyWroteDown(t *testing.T) {
	t.Parallel()
	n := resourceNode(t)
	for name, tc := range map[string]struct {
		source                    storage.ClientSource
		scope, resource, want, no string
	}{
		"all that there are":      {storage.ClientByAnybody, "openid profile files.write reports.read groups", "", "openid profile reports.read", ""},
		"written down":            {storage.ClientByAdministrator, "openid files.write", "", "", codeInvalidScope},
		"a resource":              {storage.ClientByDocument, "", reportsAPI + "/", "reports.read", ""},
		"a resource, nothing":     {storage.ClientByAdministrator, "", reportsAPI, "", codeInvalidScope},
		"neither":                 {storage.ClientByDocument, "", "", "", codeInvalidScope},
		"a resource without any":  {storage.ClientByDocument, "", filesAPI, "", ""},
		"only what is not theirs": {storage.ClientByDocument, "files.write", "", "", codeInvalidScope},
	} {
		c := wikiClient()
		c.Source, c.Scopes, c.Resources = tc.source, []string{"openid", "profile", "reports.read"}, []string{reportsAPI, filesAPI}
		c.ResponseTypes, c.ResponseModes, c.Consent = []string{"code"}, []string{"query"}, client.ConsentAlways
		form := authorization("scope", tc.scope)
		if tc.resource != "" {
			form.Set("resource", tc.resource)
		}
		request, err := n.provider.parseAuthorization(t.Context(), form, nil, &c, delivery{RedirectURI: testRedirect, Mode: "query"})
		switch {
		case tc.no != "":
			if err == nil || errorOf(err).Code != tc.no {
				t.Errorf("%s: %v, want %s", name, err, tc.no)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case strings.Join(request.Scopes, " ") != tc.want:
			t.Errorf("%s: scopes %v, want %s", name, request.Scopes, tc.want)
		}
	}
}
