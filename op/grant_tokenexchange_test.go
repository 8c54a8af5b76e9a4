package op

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// reportsServer is the resource server reports, which calls files for people.
func reportsServer() client.Client {
	c := robotClient()
	c.ID, c.Type, c.AuthMethod = "reports-server", client.TypeConfidential, client.AuthMethodBasic
	c.GrantTypes = []string{client.GrantClientCredentials, client.GrantTokenExchange}
	c.Scopes = []string{"read", "reports.read", "files.write"}
	c.TokenExchange = []client.ExchangeRule{{From: []string{"wiki", "robot"}, Resources: []string{filesAPI}, Scopes: []string{"files.write"}}}
	return c
}

// filesServer is the resource server files, which calls reports again.
func filesServer() client.Client {
	c := reportsServer()
	c.ID, c.AuthMethod = filesAPI, client.AuthMethodPost
	c.TokenExchange = []client.ExchangeRule{{Resources: []string{reportsAPI}}}
	return c
}

func asReports(r *http.Request, _ url.Values) { r.SetBasicAuth("reports-server", testSecret) }
func asFiles(_ *http.Request, f url.Values) {
	f.Set("client_id", filesAPI)
	f.Set("client_secret", testSecret)
}

// exchangeNode is a resourceNode whose servers exchange tokens; change is of the
// reports server.
func exchangeNode(t testing.TB, change ...func(*client.Client)) *node {
	t.Helper()
	n := resourceNode(t)
	reports := reportsServer()
	for _, c := range change {
		c(&reports)
	}
	wiki := wikiClient()
	wiki.Scopes = append(slices.Clone(wiki.Scopes), "groups", "reports.read", "files.write", "read")
	n.reload(wiki, reports, filesServer())
	return n
}

// sent is an access token of wiki for the reports server.
func (n *node) sent() *answer {
	n.t.Helper()
	return n.exchangeFor(n.code("wiki", asking("openid offline_access reports.read read", reportsAPI)), "resource", reportsAPI).want(n.t, http.StatusOK, "")
}

// exchangeToken exchanges a token of the reports server for one for files.
func (n *node) exchangeToken(who as, token string, pairs ...string) *answer {
	n.t.Helper()
	return n.post(tokenPath, who, append([]string{
		"grant_type", client.GrantTokenExchange, "subject_token", token, "subject_token_type", accessTokenURN,
	}, pairs...)...)
}

// seen is what a resource server learns of a token by introspection.
func (n *node) seen(who as, token string) map[string]any {
	n.t.Helper()
	var said map[string]any
	a := n.post(introspectionPath, who, "token", token)
	if err := json.Unmarshal(a.Body.Bytes(), &said); err != nil {
		n.t.Fatal(err)
	}
	return said
}

// RFC 8693 sections 2.2.1 and 4.1: the answer says what was issued, the token whom it is
// about and who acts, through every hand; nothing of the old one is lost or widened.
func TestTX1_DelegationThroughTwoHands(t *testing.T) {
	t.Parallel()
	n := exchangeNode(t)
	sent := n.sent()
	a := n.exchangeToken(asReports, sent.AccessToken, "resource", filesAPI).want(t, http.StatusOK, "")
	if a.IssuedType != accessTokenURN || a.TokenType != "Bearer" || a.Scope != "read files.write" || a.RefreshToken != "" || a.IDToken != "" || a.ExpiresIn > 300 {
		t.Errorf("answer is %s", a.Body)
	}
	said := n.seen(asFiles, a.AccessToken)
	old := claimsOf(t, sent.AccessToken)
	for name, want := range map[string]any{
		"active": true, "sub": string(testUserID), "client_id": "reports-server", "scope": "read files.write", "aud": []any{filesAPI},
		"act": map[string]any{"sub": "reports-server"}, "acr": old["acr"], "auth_time": old["auth_time"], "sid": old["sid"],
	} {
		if diff := cmp.Diff(want, said[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if said["exp"].(float64) > old["exp"].(float64) {
		t.Errorf("it lives until %v, the old one until %v", said["exp"], old["exp"])
	}
	b := n.exchangeToken(asFiles, a.AccessToken).want(t, http.StatusOK, "") // there is one resource
	claims := claimsOf(t, b.AccessToken)
	if diff := cmp.Diff(map[string]any{"sub": filesAPI, "act": map[string]any{"sub": "reports-server"}}, claims["act"]); diff != "" {
		t.Errorf("act (-want +got):\n%s", diff)
	}
	if claims["scope"] != "read" || claims["sub"] != string(testUserID) || !cmp.Equal(claims["aud"], []any{reportsAPI}) {
		t.Errorf("claims %v", claims)
	}
	if status := n.userinfoStatus(a.AccessToken); status == http.StatusOK {
		t.Error("userinfo takes a token that was exchanged")
	}
}

// Impersonation is a rule of its own: no new actor, and none that was there is lost.
func TestTX1_Impersonation(t *testing.T) {
	t.Parallel()
	n := exchangeNode(t, func(c *client.Client) { c.TokenExchange[0].Semantics = client.ExchangeImpersonation })
	a := n.exchangeToken(asReports, n.sent().AccessToken, "audience", filesAPI).want(t, http.StatusOK, "")
	if said := n.seen(asFiles, a.AccessToken); said["act"] != nil || said["client_id"] != "reports-server" {
		t.Errorf("it says %v", said)
	}
	own := n.post(tokenPath, asReports, "grant_type", "client_credentials").want(t, http.StatusOK, "")
	n.exchangeToken(asReports, n.sent().AccessToken, "actor_token", own.AccessToken, "actor_token_type", accessTokenURN).
		want(t, http.StatusBadRequest, "invalid_request")
}

// The token of a service is exchanged like that of a person.
func TestTX1_TokensOfServices(t *testing.T) {
	t.Parallel()
	n := exchangeNode(t)
	robot := robotClient()
	robot.Scopes, robot.Audience = []string{"reports.read", "read"}, []string{"reports-server"}
	wiki := wikiClient()
	n.reload(wiki, robot, reportsServer(), filesServer())
	sent := n.post(tokenPath, asRobot, "grant_type", "client_credentials").want(t, http.StatusOK, "")
	a := n.exchangeToken(asReports, sent.AccessToken).want(t, http.StatusOK, "")
	said := n.seen(asFiles, a.AccessToken)
	if said["sub"] != "robot" || said["client_id"] != "reports-server" || !cmp.Equal(said["act"], any(map[string]any{"sub": "reports-server"})) {
		t.Errorf("it says %v", said)
	}
}

// Narrowing: scopes that are asked for are the new token's, and never more than allowed.
func TestTX1_ScopesAreNarrowed(t *testing.T) {
	t.Parallel()
	n := exchangeNode(t)
	for asked, want := range map[string]string{"read": "read", "files.write": "files.write", "": "read files.write"} {
		a := n.exchangeToken(asReports, n.sent().AccessToken, "scope", asked).want(t, http.StatusOK, "")
		if a.Scope != want {
			t.Errorf("%q gets %q, want %q", asked, a.Scope, want)
		}
	}
	for _, asked := range []string{"openid", "offline_access", "profile", "groups", "files.write openid"} {
		n.exchangeToken(asReports, n.sent().AccessToken, "scope", asked).want(t, http.StatusBadRequest, "invalid_scope")
	}
	only := n.exchangeFor(n.code("wiki", asking("openid reports.read", reportsAPI)), "resource", reportsAPI).want(t, http.StatusOK, "")
	n.exchangeToken(asReports, only.AccessToken, "scope", "read").want(t, http.StatusBadRequest, "invalid_scope")
}

// RFC 8693 sections 2.1 and 2.2.2: what is refused, with which error, and that nothing
// is issued.
func TestTX1_RefusedExchanges(t *testing.T) {
	t.Parallel()
	n := exchangeNode(t)
	sent := n.sent().AccessToken
	forFiles := n.exchangeToken(asReports, sent).want(t, http.StatusOK, "").AccessToken
	forUs := n.exchange(asWiki, n.code("wiki")).want(t, http.StatusOK, "")
	ofApp := n.post(tokenPath, asApp, "grant_type", "authorization_code", "code", n.code("app"), "redirect_uri", testRedirect, "code_verifier", testVerifier).
		want(t, http.StatusOK, "")
	own := n.post(tokenPath, asReports, "grant_type", "client_credentials").want(t, http.StatusOK, "").AccessToken
	robots := n.post(tokenPath, asRobot, "grant_type", "client_credentials").want(t, http.StatusOK, "").AccessToken
	for name, tc := range map[string]struct {
		who    as
		token  string
		form   []string
		status int
		code   string
	}{
		"nobody":                        {nil, sent, nil, http.StatusUnauthorized, "invalid_client"},
		"a client without the grant":    {asWiki, sent, nil, http.StatusBadRequest, "unauthorized_client"},
		"a public client":               {asApp, sent, nil, http.StatusBadRequest, "unauthorized_client"},
		"no token of ours":              {asReports, "x", nil, http.StatusBadRequest, "invalid_request"},
		"a refresh token":               {asReports, forUs.RefreshToken, nil, http.StatusBadRequest, "invalid_request"},
		"an ID token":                   {asReports, forUs.IDToken, nil, http.StatusBadRequest, "invalid_request"},
		"a token for others":            {asReports, forUs.AccessToken, nil, http.StatusBadRequest, "invalid_request"},
		"a token that went on already":  {asReports, forFiles, []string{"resource", filesAPI}, http.StatusBadRequest, "invalid_target"},
		"another type of subject":       {asReports, sent, []string{"subject_token_type", "urn:ietf:params:oauth:token-type:saml2"}, http.StatusBadRequest, "invalid_request"},
		"an id_token as subject":        {asReports, sent, []string{"subject_token_type", "urn:ietf:params:oauth:token-type:id_token"}, http.StatusBadRequest, "invalid_request"},
		"a refresh token is wanted":     {asReports, sent, []string{"requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"}, http.StatusBadRequest, "invalid_request"},
		"a JWT where tokens are opaque": {asReports, sent, []string{"requested_token_type", jwtURN}, http.StatusBadRequest, "invalid_request"},
		"a type of no actor":            {asReports, sent, []string{"actor_token_type", accessTokenURN}, http.StatusBadRequest, "invalid_request"},
		"an actor of no type":           {asReports, sent, []string{"actor_token", own}, http.StatusBadRequest, "invalid_request"},
		"an actor who is another":       {asReports, sent, []string{"actor_token", robots, "actor_token_type", accessTokenURN}, http.StatusBadRequest, "invalid_request"},
		"an actor who is a person":      {asReports, sent, []string{"actor_token", ofApp.AccessToken, "actor_token_type", accessTokenURN}, http.StatusBadRequest, "invalid_request"},
		"an actor who is nobody":        {asReports, sent, []string{"actor_token", "x", "actor_token_type", accessTokenURN}, http.StatusBadRequest, "invalid_request"},
		"a resource of no rule":         {asReports, sent, []string{"resource", reportsAPI}, http.StatusBadRequest, "invalid_target"},
		"an unknown resource":           {asReports, sent, []string{"resource", "https://elsewhere.example/"}, http.StatusBadRequest, "invalid_target"},
		"an unknown audience":           {asReports, sent, []string{"audience", "elsewhere"}, http.StatusBadRequest, "invalid_target"},
		"ourselves":                     {asReports, sent, []string{"resource", testIssuer}, http.StatusBadRequest, "invalid_target"},
		"two targets":                   {asReports, sent, []string{"resource", filesAPI, "audience", reportsAPI}, http.StatusBadRequest, "invalid_target"},
	} {
		t.Run(name, func(t *testing.T) {
			a := n.exchangeToken(tc.who, tc.token, tc.form...).want(t, tc.status, tc.code)
			if a.AccessToken != "" {
				t.Error("a token all the same")
			}
		})
	}
	n.post(tokenPath, asReports, "grant_type", client.GrantTokenExchange, "subject_token", sent).want(t, http.StatusBadRequest, "invalid_request")
	n.post(tokenPath, asReports, "grant_type", client.GrantTokenExchange, "subject_token_type", accessTokenURN).want(t, http.StatusBadRequest, "invalid_request")
	n.exchangeToken(asReports, sent, "actor_token", own, "actor_token_type", accessTokenURN).want(t, http.StatusOK, "")
}

// Everything is refused without a rule, or by one for tokens of others.
func TestTX1_NothingWithoutARule(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string][]client.ExchangeRule{
		"none":        nil,
		"from others": {{From: []string{"app"}, Resources: []string{filesAPI}}},
	} {
		t.Run(name, func(t *testing.T) {
			n := exchangeNode(t, func(c *client.Client) { c.TokenExchange = rules })
			n.exchangeToken(asReports, n.sent().AccessToken, "resource", filesAPI).want(t, http.StatusBadRequest, "invalid_target")
		})
	}
}

// Section 4.4: a token that says who may act is for nobody else.
func TestTX1_MayAct(t *testing.T) {
	t.Parallel()
	for may, ok := range map[string]bool{"reports-server": true, "robot": false} {
		t.Run(may, func(t *testing.T) {
			n := exchangeNode(t)
			wiki := wikiClient()
			wiki.Scopes, wiki.MayAct = append(slices.Clone(wiki.Scopes), "reports.read", "read"), may
			n.reload(wiki, reportsServer(), filesServer())
			sent := n.sent()
			if diff := cmp.Diff(any(map[string]any{"sub": may}), claimsOf(t, sent.AccessToken)["may_act"]); diff != "" {
				t.Errorf("may_act (-want +got):\n%s", diff)
			}
			a := n.exchangeToken(asReports, sent.AccessToken)
			if ok {
				a.want(t, http.StatusOK, "")
			} else {
				a.want(t, http.StatusBadRequest, "invalid_request")
			}
		})
	}
}

// A token that was exchanged ends with the grant, the person and the client that it came
// from, and by itself.
func TestTX1_ItEndsWithItsGrant(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(n *node, exchanged string){
		"grant revoked": func(n *node, _ string) { n.endGrant() },
		"disabled":      func(n *node, _ string) { n.store.disable(n.clock.Now()) },
		"client gone":   func(n *node, _ string) { n.reload(wikiClient(), filesServer()) },
		"revoked by who exchanged it": func(n *node, exchanged string) {
			n.post(revocationPath, asReports, "token", exchanged).want(n.t, http.StatusOK, "")
		},
		"expired": func(n *node, _ string) { n.clock.Advance(10 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			n := exchangeNode(t)
			sent := n.sent()
			a := n.exchangeToken(asReports, sent.AccessToken).want(t, http.StatusOK, "")
			if said := n.seen(asFiles, a.AccessToken); said["active"] != true {
				t.Fatalf("it is %v", said)
			}
			end(n, a.AccessToken)
			if said := n.seen(asFiles, a.AccessToken); said["active"] != false {
				t.Errorf("it says %v", said)
			}
			if name == "revoked by who exchanged it" {
				if g := n.grant(); !g.RevokedAt.IsZero() {
					t.Error("the grant of another client ended")
				}
				return
			}
			if name != "client gone" {
				n.exchangeToken(asReports, sent.AccessToken).want(t, http.StatusBadRequest, "invalid_request")
			}
		})
	}
	n := exchangeNode(t)
	a := n.exchangeToken(asReports, n.sent().AccessToken).want(t, http.StatusOK, "")
	n.post(revocationPath, asWiki, "token", a.AccessToken).want(t, http.StatusBadRequest, "invalid_grant") // it is not wiki's
}

// AC1: whom the rules of the client that exchanges refuse, it does not act for.
func TestAC1_TokenExchangeAsksTheRulesOfAccess(t *testing.T) {
	t.Parallel()
	n := exchangeNode(t, func(c *client.Client) { c.Access = []access.Rule{{Groups: []string{"admins"}}} })
	sent := n.sent()
	a := n.exchangeToken(asReports, sent.AccessToken).want(t, http.StatusOK, "")
	n.store.exec(`DELETE FROM group_members`)
	n.exchangeToken(asReports, sent.AccessToken).want(t, http.StatusBadRequest, "invalid_request")
	if said := n.seen(asFiles, a.AccessToken); said["active"] != false {
		t.Errorf("what was exchanged before says %v", said)
	}
}

// Whoever may not use the application any more that a token came from has none that was
// exchanged for it either, though they may use the one that has it.
func TestAC1_AnExchangedTokenEndsWithTheAccessThatItCameFrom(t *testing.T) {
	t.Parallel()
	n := exchangeNode(t)
	exchanged := n.exchangeToken(asReports, n.sent().AccessToken).want(t, http.StatusOK, "").AccessToken
	again := n.exchangeToken(asFiles, exchanged).want(t, http.StatusOK, "").AccessToken
	active := func(want bool) {
		t.Helper()
		for who, token := range map[*as]string{new(as(asFiles)): exchanged, new(as(asReports)): again} {
			if said := n.seen(*who, token); said["active"] != want {
				t.Errorf("a token that was exchanged says %v, want active: %v", said, want)
			}
		}
		if a := n.exchangeToken(asFiles, exchanged); (a.Code == http.StatusOK) != want {
			t.Errorf("it is exchanged again: %d", a.Code)
		}
	}
	active(true)
	wiki := wikiClient()
	wiki.Scopes = append(slices.Clone(wiki.Scopes), "groups", "reports.read", "files.write", "read")
	reports, files := reportsServer(), filesServer()
	open := wiki
	wiki.Access = []access.Rule{{Groups: []string{"nobody"}}}
	n.reload(wiki, reports, files)
	active(false)
	n.reload(open, reports, files)
	active(true)
	gone := open
	gone.ID = "wiki-that-was"
	snapshot := []client.Client{gone, reports, files}
	verifiers(testHasher(t), snapshot)
	n.registry.Replace(client.NewSnapshot(snapshot))
	active(false)
}

// However often it is passed on, a token names who had it, up to a bound.
func TestTX1_ActorsAreBounded(t *testing.T) {
	t.Parallel()
	n := exchangeNode(t, func(c *client.Client) {
		c.TokenExchange = append(c.TokenExchange, client.ExchangeRule{Resources: []string{filesAPI}})
	})
	token, hops := n.sent().AccessToken, 0
	for who := asReports; ; hops++ {
		a := n.exchangeToken(who, token)
		if a.Code != http.StatusOK {
			a.want(t, http.StatusBadRequest, "invalid_request")
			break
		}
		token = a.AccessToken
		if hops%2 == 0 {
			who = asFiles
		} else {
			who = asReports
		}
		if hops > 20 {
			t.Fatal("no end")
		}
	}
	if hops != maxActors {
		t.Errorf("%d hands", hops)
	}
}

// KY5, DL1: what cannot be judged is no verdict.
func TestTX1_WhatCannotBeJudged(t *testing.T) {
	t.Parallel()
	n := exchangeNode(t)
	sent := n.sent().AccessToken
	n.store.Err.Set(storage.ErrUnavailable)
	n.exchangeToken(asReports, sent).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	n.store.Err.Set(nil)
	if strings.Contains(n.log.String(), sent) {
		t.Error("the log holds the token")
	}
}
