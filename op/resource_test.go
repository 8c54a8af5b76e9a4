package op

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
)

const (
	reportsAPI = "https://reports.example.com"
	filesAPI   = "https://files.example.com"
)

// testCatalog has two resource servers, an expression and an attribute.
func testCatalog(t testing.TB) *access.Catalog {
	t.Helper()
	catalog, problems := access.New(access.Config{
		Scopes: []access.Scope{
			{Name: "reports.read", Resource: reportsAPI}, {Name: "files.write", Resource: filesAPI}, {Name: "work", Claims: []string{"department", "is_admin"}},
		},
		Claims: []access.Claim{
			{Name: "department", Attribute: "department"}, {Name: "is_admin", Expression: `"admins" in user.groups`}, {Name: "badge", Expression: `user.attributes.badge`},
		},
		Resources: []access.Resource{
			{Identifier: reportsAPI, Format: "jwt", Lifetime: 5 * time.Minute, SigningAlg: "RS256", Claims: []string{"groups", "is_admin"}, IntrospectedBy: []string{"reports-server"}},
			{Identifier: filesAPI, Format: "opaque", Claims: []string{"department"}},
		},
		Standard: client.PersonClaims(), Protocol: client.ProtocolClaims(), SigningAlgs: []string{"RS256", "ES256", "EdDSA"},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return catalog
}

// resourceNode is a node with testCatalog, whose wiki may ask for everything in it;
// testUser is in the group admins and works in law.
func resourceNode(t testing.TB, change ...func(*client.Client)) *node {
	t.Helper()
	n := newNode(t)
	c := wikiClient()
	c.Scopes = append(slices.Clone(c.Scopes), "groups", "roles", "work", "reports.read", "files.write", "read")
	for _, f := range change {
		f(&c)
	}
	server := robotClient()
	server.ID = "reports-server"
	cfg := n.provider.cfg
	cfg.Access = testCatalog(t)
	n.start(cfg)
	n.reload(c, server)
	n.store.group("admins", true)
	n.store.exec(`UPDATE users SET attributes = '{"department":"law"}'`)
	return n
}

// asking has the code stand for a request with these scopes and resources.
func asking(scopes string, resources ...string) func(*issuedCode) {
	return func(c *issuedCode) { c.Request.Scopes, c.Request.Resources = strings.Fields(scopes), resources }
}

func (n *node) exchangeFor(code string, pairs ...string) *answer {
	n.t.Helper()
	return n.post(tokenPath, asWiki, append([]string{
		"grant_type", "authorization_code", "code", code, "redirect_uri", testRedirect, "code_verifier", testVerifier,
	}, pairs...)...)
}

func TestOneRefreshTokenServesSeveralResourcesEachAccessTokenOne(t *testing.T) {
	t.Parallel()
	n := resourceNode(t)
	const scopes = "openid offline_access groups read reports.read files.write"
	first := n.exchangeFor(n.code("wiki", asking(scopes, reportsAPI, filesAPI)), "resource", reportsAPI).want(t, http.StatusOK, "")
	claims := claimsOf(t, first.AccessToken)
	if diff := cmp.Diff([]any{reportsAPI}, claims["aud"]); diff != "" {
		t.Errorf("aud (-want +got):\n%s", diff)
	}
	if claims["scope"] != "read reports.read" || first.Scope != "read reports.read" || first.ExpiresIn != 300 {
		t.Errorf("scope %v, %q for %d s", claims["scope"], first.Scope, first.ExpiresIn)
	}
	if !cmp.Equal(claims["groups"], []any{"admins"}) || claims["is_admin"] != true {
		t.Errorf("groups %v, is_admin %v", claims["groups"], claims["is_admin"])
	}
	if _, there := claims["department"]; there {
		t.Error("a claim that the resource did not name")
	}
	if status := n.userinfoStatus(first.AccessToken); status != http.StatusUnauthorized {
		t.Errorf("userinfo takes a token for another audience: %d", status)
	}
	second := n.refresh(asWiki, first.RefreshToken, "resource", filesAPI).want(t, http.StatusOK, "")
	if !strings.HasPrefix(second.AccessToken, sealedTokenPrefix) || second.Scope != "read files.write" {
		t.Errorf("a token for the other resource: %.12s… with %q", second.AccessToken, second.Scope)
	}
	if status := n.userinfoStatus(second.AccessToken); status != http.StatusUnauthorized {
		t.Errorf("userinfo takes a sealed token for another audience: %d", status)
	}
	third := n.refresh(asWiki, second.RefreshToken, "resource", testIssuer).want(t, http.StatusOK, "")
	if status := n.userinfoStatus(third.AccessToken); status != http.StatusOK {
		t.Errorf("userinfo with a token for ourselves: %d", status)
	}
	if third.Scope != "openid offline_access groups read" {
		t.Errorf("its scopes: %q", third.Scope)
	}
	// One that was not granted costs the refresh token nothing.
	for _, wrong := range []string{"https://elsewhere.example.com", "not a URI"} {
		n.refresh(asWiki, third.RefreshToken, "resource", wrong).want(t, http.StatusBadRequest, "invalid_target")
	}
	n.refresh(asWiki, third.RefreshToken).want(t, http.StatusOK, "")
}

func TestAnUnknownResourceIsAnInvalidTarget(t *testing.T) {
	t.Parallel()
	n := resourceNode(t, func(c *client.Client) { c.Resources = []string{reportsAPI} })
	n.exchangeFor(n.code("wiki", asking("openid")), "resource", filesAPI).want(t, http.StatusBadRequest, "invalid_target")
	n.exchangeFor(n.code("wiki", asking("openid")), "resource", "https://elsewhere.example.com").want(t, http.StatusBadRequest, "invalid_target")
	n.exchangeFor(n.code("wiki", asking("openid", reportsAPI)), "resource", reportsAPI).want(t, http.StatusOK, "")
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"robot"}, "client_secret": {testSecret}, "resource": {reportsAPI, filesAPI}}
	r := httptest.NewRequest(http.MethodPost, testIssuer+tokenPath, nil)
	r.Header.Set("Content-Type", formType)
	n.do(withBody(r, form.Encode())).want(t, http.StatusBadRequest, "invalid_target")
}

func TestTheResourceParameterOfAnAuthorizationRequest(t *testing.T) {
	t.Parallel()
	book := &maker{issuer: testIssuer, catalog: testCatalog(t)}
	c := wikiClient()
	c.Scopes = []string{"openid", "reports.read"}
	for query, want := range map[string][]string{
		"resource=" + reportsAPI: {reportsAPI}, "resource=" + reportsAPI + "&resource=" + testIssuer + "&resource=" + reportsAPI: {reportsAPI, testIssuer}, "": nil,
		"resource=" + filesAPI: {"invalid_target"}, "resource=" + reportsAPI + "%23x": {"invalid_target"}, "resource=https://a.example": {"invalid_target"},
	} {
		form, faulty, err := parseParameters(query, authorizationParameters)
		if err != nil || len(faulty) > 0 {
			t.Fatalf("%s: %v, faulty %v", query, err, faulty)
		}
		check := authorizationCheck{params: form, client: &c, claims: book}
		var got []string
		if err := check.readResources(); err != nil {
			got = []string{errorOf(err).Code}
		} else {
			got = check.request.Resources
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

func TestAResourceServerSeesItsOwnTokens(t *testing.T) {
	t.Parallel()
	n := resourceNode(t)
	asServer := func(_ *http.Request, f url.Values) {
		f.Set("client_id", "reports-server")
		f.Set("client_secret", testSecret)
	}
	code := func() string { return n.code("wiki", asking("openid reports.read files.write", reportsAPI, filesAPI)) }
	mine := n.exchangeFor(code(), "resource", reportsAPI).want(t, http.StatusOK, "")
	others := n.exchangeFor(code(), "resource", filesAPI).want(t, http.StatusOK, "")
	got := n.post(introspectionPath, asServer, "token", mine.AccessToken)
	if !got.Active || !strings.Contains(got.Body.String(), `"is_admin":true`) || !strings.Contains(got.Body.String(), `"groups":["admins"]`) {
		t.Errorf("its own token: %s", got.Body)
	}
	if got := n.post(introspectionPath, asServer, "token", others.AccessToken); got.Active {
		t.Errorf("another's: %s", got.Body)
	}
	if got := n.post(introspectionPath, asWiki, "token", others.AccessToken); !strings.Contains(got.Body.String(), `"department":"law"`) {
		t.Errorf("a sealed token says by introspection what a signed one holds: %s", got.Body)
	}
}

func TestClaimsGoWhereTheyWerePut(t *testing.T) {
	t.Parallel()
	n := resourceNode(t, func(c *client.Client) {
		c.IDTokenClaims, c.UserInfoClaims, c.AccessTokenClaims = []string{"roles", "is_admin"}, []string{"badge"}, []string{"roles", "department"}
		c.Groups = &access.Groups{Prefix: "adm", Claim: "roles"}
		c.Scopes = slices.DeleteFunc(c.Scopes, func(s string) bool { return s == "roles" })
	})
	got := n.exchangeFor(n.code("wiki", asking("openid groups"))).want(t, http.StatusOK, "")
	id, at := claimsOf(t, got.IDToken), claimsOf(t, got.AccessToken)
	for name, want := range map[string]any{"roles": []any{"admins"}, "is_admin": true, "groups": nil, "department": nil} {
		if !cmp.Equal(id[name], want) {
			t.Errorf("ID token: %s is %v, want %v", name, id[name], want)
		}
	}
	for name, want := range map[string]any{"roles": []any{"admins"}, "department": "law", "is_admin": nil, "groups": nil} {
		if !cmp.Equal(at[name], want) {
			t.Errorf("access token: %s is %v, want %v", name, at[name], want)
		}
	}
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, userinfoRequest("GET", "", "", "Bearer "+got.AccessToken))
	if body := w.Body.String(); !strings.Contains(body, `"roles":["admins"]`) || strings.Contains(body, "badge") || strings.Contains(body, `"groups"`) {
		t.Errorf("userinfo: %s", body)
	}
	if !strings.Contains(n.log.String(), `"claim":"badge"`) {
		t.Error("the log does not say that a claim could not be made")
	}
}

// What is too large for a header is left out whole, and said.
func TestWhatIsTooLargeForAHeaderIsLeftOutAndSaid(t *testing.T) {
	t.Parallel()
	n := resourceNode(t, func(c *client.Client) { c.IDTokenClaims = []string{"groups", "department"} })
	for i := range 300 {
		n.store.group("a-group-of-many-number-"+string(rune('a'+i%26))+strings.Repeat("x", i/26), true)
	}
	got := n.exchangeFor(n.code("wiki", asking("openid groups"))).want(t, http.StatusOK, "")
	id := claimsOf(t, got.IDToken)
	if id["groups"] != nil || id["department"] != "law" || !cmp.Equal(id["omitted_claims"], []any{"groups"}) || len(got.IDToken) > 8<<10 {
		t.Errorf("an ID token of %d bytes, omitted %v", len(got.IDToken), id["omitted_claims"])
	}
	if !strings.Contains(n.log.String(), "too large for a token") {
		t.Error("the log does not say so")
	}
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, userinfoRequest("GET", "", "", "Bearer "+got.AccessToken))
	if strings.Count(w.Body.String(), "a-group-of-many") != 300 {
		t.Errorf("userinfo has %d of the groups", strings.Count(w.Body.String(), "a-group-of-many"))
	}
}

// Whoever is asked what a client may have is asked about resource servers as well: one
// that the client names at /token alone, and no granted scope is of, is not theirs.
func TestAResourceThatNobodyWasAskedAboutIsNotGranted(t *testing.T) {
	remember := func(c *client.Client) { c.Consent = client.ConsentRemember }
	for name, c := range map[string]struct {
		change func(*client.Client)
		scopes string
		asked  []string
		want   string
	}{
		"nobody is asked about this client": {func(*client.Client) {}, "openid", nil, ""},
		"not asked about":                   {remember, "openid", nil, "invalid_target"},
		"by a scope of it":                  {remember, "openid reports.read", nil, ""},
		"by itself":                         {remember, "openid", []string{reportsAPI}, ""},
		"of another":                        {remember, "openid", []string{filesAPI}, "invalid_target"},
	} {
		n := resourceNode(t, c.change)
		status := http.StatusOK
		if c.want != "" {
			status = http.StatusBadRequest
		}
		t.Run(name, func(t *testing.T) {
			n.exchangeFor(n.code("wiki", asking(c.scopes, c.asked...)), "resource", reportsAPI).want(t, status, c.want)
		})
	}
}

// People are asked about the resource servers that no scope of the request is of.
func TestConsentNamesResourcesWithoutAScope(t *testing.T) {
	m := *plainMaker
	m.catalog, m.issuer = testCatalog(t), testIssuer
	c := client.Client{ID: "wiki", Metadata: client.Metadata{Scopes: []string{"openid", "reports.read"}, Resources: []string{reportsAPI, filesAPI}}}
	check := authorizationCheck{
		params: url.Values{"resource": {reportsAPI, filesAPI, testIssuer}}, client: &c, claims: &m,
	}
	check.request.Scopes = []string{"openid", "reports.read"}
	for _, rule := range []func() error{check.readResources, check.notePlainResources} {
		if err := rule(); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := strings.Join(check.request.ConsentScopes(), " "), "openid reports.read resource:"+filesAPI; got != want {
		t.Errorf("people are asked about %q, want %q", got, want)
	}
}

// Entitlements are an attribute that everybody has, if only an empty one (RFC 9068
// section 2.2.3.1): software that looks for the list finds it.
func TestEntitlementsAreToldToWhoAsksForThem(t *testing.T) {
	n := resourceNode(t, func(c *client.Client) {
		c.Scopes = append(c.Scopes, "entitlements")
		c.IDTokenClaims = []string{"entitlements"}
	})
	for attributes, want := range map[string]any{`{}`: []any{}, `{"entitlements":["reports","print"]}`: []any{"reports", "print"}} {
		n.store.exec(`UPDATE users SET attributes = '` + attributes + `'`)
		got := n.exchangeFor(n.code("wiki", asking("openid entitlements"))).want(t, http.StatusOK, "")
		if claims := claimsOf(t, got.IDToken); !cmp.Equal(claims["entitlements"], want) {
			t.Errorf("with %s the ID token says %v, want %v", attributes, claims["entitlements"], want)
		}
	}
}
