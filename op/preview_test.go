package op

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
)

// What only issuing knows, or names what was issued.
var issuedOnly = []string{"jti", "gid", "sid", "at_hash", "nonce"}

// said are claims without those that nothing has which was not issued.
func said(claims map[string]any, but ...string) map[string]any {
	left := maps.Clone(claims)
	maps.DeleteFunc(left, func(name string, _ any) bool { return slices.Contains(issuedOnly, name) || slices.Contains(but, name) })
	return left
}

// TestAC3_APreviewIsWhatComes lays what [NewPreview] says beside the ID token, the access
// token and userinfo that came of the same grant, claim for claim, over kinds of clients.
func TestAC3_APreviewIsWhatComes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func(*client.Client)
		scopes   string
		resource string
	}{
		"plain":             {func(*client.Client) {}, "openid profile email offline_access", ""},
		"without openid":    {func(*client.Client) {}, "profile read", ""},
		"resource, JWT":     {func(*client.Client) {}, "openid groups work reports.read files.write read", reportsAPI},
		"resource, opaque":  {func(*client.Client) {}, "openid groups work reports.read files.write read", filesAPI},
		"several resources": {func(*client.Client) {}, "openid groups reports.read files.write", ""},
		"for ourselves":     {func(*client.Client) {}, "openid groups work reports.read", testIssuer},
		"in the ID token":   {func(c *client.Client) { c.IDTokenClaims = []string{"groups", "email", "is_admin", "department"} }, "openid email groups work", ""},
		"expressions": {func(c *client.Client) {
			c.AccessTokenClaims, c.UserInfoClaims = []string{"is_admin", "badge"}, []string{"is_admin"}
		}, "openid work", ""},
		"groups, renamed": {func(c *client.Client) { c.Groups = &access.Groups{Prefix: "adm", Claim: "memberships"} }, "openid groups", ""},
		"groups as a string": {func(c *client.Client) {
			c.Groups, c.IDTokenClaims = &access.Groups{Format: "string"}, []string{"groups"}
		}, "openid groups", ""},
		"opaque":               {func(c *client.Client) { c.AccessTokenFormat = client.AccessTokenOpaque }, "openid email", ""},
		"somebody may act":     {func(c *client.Client) { c.MayAct = "robot" }, "openid", ""},
		"other names of types": {func(c *client.Client) { c.AccessTokenTypeHeader, c.AccessTokenAlg = client.TypeHeaderJWT, "EdDSA" }, "openid", ""},
		"pairwise": {func(c *client.Client) {
			c.SubjectType = client.SubjectPairwise
			if err := c.Pair(bytes.Repeat([]byte{7}, client.MinPairwiseKey)); err != nil {
				t.Fatal(err)
			}
		}, "openid email", ""},
		"no refresh tokens": {func(c *client.Client) {
			c.GrantTypes, c.Scopes = []string{client.GrantAuthorizationCode}, append(c.Scopes, "offline_access")
		}, "openid email", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var registered client.Client
			n := resourceNode(t, func(made *client.Client) { c.change(made); registered = *made })
			var pairs []string
			if c.resource != "" {
				pairs = []string{"resource", c.resource}
			}
			code := n.code("wiki", asking(c.scopes), func(c *issuedCode) { c.Request.Resources = []string{reportsAPI, filesAPI, testIssuer}[:3*len(pairs)/2] })
			got := n.exchangeFor(code, pairs...).want(t, http.StatusOK, "")
			grant, err := n.store.Grants().ByID(t.Context(), n.grant().ID)
			if err != nil {
				t.Fatal(err)
			}
			asked := strings.Fields(c.scopes)
			if !allowsOffline(&registered) {
				asked = append(asked, client.ScopeOfflineAccess)
			}
			preview, err := NewPreview(testIssuer, testCatalog(t), n.provider.cfg.Log, &registered, grant, asked, c.resource, grant.Now)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(said(n.accessTokenSays(got.AccessToken)), said(preview.AccessToken, "gcl")); diff != "" {
				t.Errorf("access token (-issued +preview):\n%s", diff)
			}
			if (got.IDToken == "") != (preview.IDToken == nil) {
				t.Fatalf("an ID token is said to come: %v", preview.IDToken != nil)
			}
			if got.IDToken == "" {
				return
			}
			if diff := cmp.Diff(said(claimsOf(t, got.IDToken)), said(preview.IDToken)); diff != "" {
				t.Errorf("ID token (-issued +preview):\n%s", diff)
			}
			token := got.AccessToken
			if c.resource != "" { // userinfo is asked with a token that is for us
				token = n.exchangeFor(n.code("wiki", asking(c.scopes, testIssuer)), "resource", testIssuer).want(t, http.StatusOK, "").AccessToken
			}
			if diff := cmp.Diff(n.userinfoSays(token), preview.UserInfo); diff != "" {
				t.Errorf("userinfo (-issued +preview):\n%s", diff)
			}
		})
	}
}

// accessTokenSays are the claims of a signed access token, or of a sealed one, which
// introspection tells.
func (n *node) accessTokenSays(token string) map[string]any {
	n.t.Helper()
	if !strings.HasPrefix(token, sealedTokenPrefix) {
		return claimsOf(n.t, token)
	}
	var claims map[string]any
	n.store.must(json.Unmarshal(n.post(introspectionPath, asWiki, "token", token).Body.Bytes(), &claims))
	maps.DeleteFunc(claims, func(name string, _ any) bool {
		return slices.Contains([]string{"active", "token_type", "username"}, name)
	})
	return claims
}

// userinfoSays are the claims that userinfo answers.
func (n *node) userinfoSays(token string) map[string]any {
	n.t.Helper()
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, userinfoRequest("GET", "", "", "Bearer "+token))
	var claims map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &claims); err != nil || w.Code != http.StatusOK {
		n.t.Fatalf("userinfo: %d %s, %v", w.Code, w.Body, err)
	}
	return claims
}

// TestAC3_AResourceHasItsOwnSignatures: tokens for a resource server are signed as that
// wants, whatever the client's are; those of one that wants nothing, as the client's.
func TestAC3_AResourceHasItsOwnSignatures(t *testing.T) {
	t.Parallel()
	n := resourceNode(t, func(c *client.Client) { c.AccessTokenAlg = "EdDSA" })
	const scopes = "openid offline_access reports.read"
	got := n.exchangeFor(n.code("wiki", asking(scopes, reportsAPI, testIssuer)), "resource", reportsAPI).want(t, http.StatusOK, "")
	if alg := headerOf(t, got.AccessToken)["alg"]; alg != "RS256" {
		t.Errorf("a token for the resource is signed with %v, want RS256", alg)
	}
	if alg := headerOf(t, got.IDToken)["alg"]; alg != "ES256" {
		t.Errorf("the ID token is signed with %v, want the client's ES256", alg)
	}
	for _, resource := range []string{testIssuer, reportsAPI} {
		want := map[string]string{testIssuer: "EdDSA", reportsAPI: "RS256"}[resource]
		got = n.refresh(asWiki, got.RefreshToken, "resource", resource).want(t, http.StatusOK, "")
		if alg := headerOf(t, got.AccessToken)["alg"]; alg != want {
			t.Errorf("refreshed for %s: signed with %v, want %s", resource, alg, want)
		}
	}
	if got := n.post(introspectionPath, asWiki, "token", got.AccessToken); !got.Active {
		t.Error("introspection does not know it")
	}
}
