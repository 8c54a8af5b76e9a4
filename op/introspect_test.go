package op

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

// resourceServer is a client that only introspects.
func resourceServer(id string, any bool) client.Client {
	c := wikiClient()
	c.ID, c.Type, c.GrantTypes, c.RedirectURIs, c.IntrospectAny = id, client.TypeService, nil, nil, any
	return c
}

func (n *node) introspect(who as, token string) *answer {
	n.t.Helper()
	return n.post(introspectionPath, who, "token", token)
}

func TestTK5_IntrospectionByAudience(t *testing.T) {
	t.Parallel()
	n := newNode(t, resourceServer("api", false), resourceServer("other", false), resourceServer("gateway", true))
	a := n.signedIn()
	for _, token := range []string{a.AccessToken, a.RefreshToken} {
		for _, tc := range []struct {
			name string
			who  as
			want bool
		}{
			{name: "its client", who: asWiki, want: true},
			{name: "its audience", who: basicAuth("api", testSecret), want: token == a.AccessToken},
			{name: "any", who: basicAuth("gateway", testSecret), want: true},
			{name: "another resource server", who: basicAuth("other", testSecret)},
			{name: "another client", who: asRobot},
		} {
			got := n.introspect(tc.who, token).want(t, http.StatusOK, "")
			if got.Active != tc.want {
				t.Errorf("%s: active is %t", tc.name, got.Active)
			}
			if !tc.want && got.Body.String() != `{"active":false}` {
				t.Errorf("%s learns %s", tc.name, got.Body)
			}
		}
	}
}

func TestIntrospection_Authenticates(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	a := n.signedIn()
	for name, who := range map[string]as{
		"nobody": nil, "a public client": asApp, "a wrong secret": basicAuth("wiki", "wrong"),
		"the wrong method": bodyAuth("wiki", testSecret),
	} {
		t.Run(name, func(t *testing.T) {
			n.introspect(who, a.AccessToken).want(t, http.StatusUnauthorized, "invalid_client")
		})
	}
	n.post(introspectionPath, asWiki).want(t, http.StatusBadRequest, "invalid_request")
}

func TestIntrospection_Fields(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	a := n.signedIn()
	var got introspection
	if err := json.Unmarshal(n.introspect(asWiki, a.AccessToken).Body.Bytes(), &got); err != nil {
		t.Fatalf("decode: %v", err)
	}
	claims := claimsOf(t, a.AccessToken)
	if got.Issuer != testIssuer || got.Subject != string(testUserID) || got.ClientID != "wiki" || got.Scope != a.Scope ||
		got.TokenType != "Bearer" || got.ID != claims["jti"] || got.Username != "ada" || got.ACR != "aal1" || got.SID == "" ||
		float64(got.ExpiresAt) != claims["exp"] || float64(got.IssuedAt) != claims["iat"] || float64(got.AuthTime) != claims["auth_time"] {
		t.Errorf("answer is %+v", got)
	}
	got = introspection{}
	if err := json.Unmarshal(n.introspect(asWiki, a.RefreshToken).Body.Bytes(), &got); err != nil {
		t.Fatalf("decode: %v", err)
	}
	if got.TokenType != "" || got.Subject != string(testUserID) || got.ExpiresAt != n.clock.Now().Add(24*time.Hour).Unix() {
		t.Errorf("answer is %+v", got)
	}
}

func TestIntrospection_Inactive(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*node){
		"revoked":        (*node).endGrant,
		"disabled":       func(n *node) { n.store.disable(n.clock.Now()) },
		"locked down":    func(n *node) { n.store.lockDown(n.clock.Now()) },
		"expired":        func(n *node) { n.clock.Advance(31 * 24 * time.Hour) },
		"client removed": func(n *node) { n.registry.Replace(client.NewSnapshot([]client.Client{n.reader()})) },
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, resourceServer("gateway", true))
			a := n.signedIn()
			end(n)
			for _, token := range []string{a.AccessToken, a.RefreshToken, a.IDToken, "", "x"} {
				if token == "" {
					continue
				}
				if got := n.introspect(basicAuth("gateway", testSecret), token).want(t, http.StatusOK, ""); got.Active {
					t.Errorf("still active: %s", got.Body)
				}
			}
		})
	}
}

// reader is the gateway as the node's registry knows it.
func (n *node) reader() client.Client {
	n.t.Helper()
	c, err := n.registry.Client(n.t.Context(), "gateway")
	if err != nil {
		n.t.Fatal(err)
	}
	return *c
}

func TestIntrospection_UsedRefreshTokenIsInactive(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	first := n.signedIn()
	second := n.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, "")
	if n.introspect(asWiki, first.RefreshToken).Active {
		t.Error("a refresh token that was used is active")
	}
	if !n.introspect(asWiki, second.RefreshToken).Active {
		t.Error("the live refresh token is not")
	}
}

func TestIntrospection_StoreFailureIsNotInactive(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	a := n.signedIn()
	n.store.Err.Set(errors.New("down"))
	n.introspect(asWiki, a.AccessToken).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	n.introspect(asWiki, a.RefreshToken).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
}
