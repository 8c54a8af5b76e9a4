package op

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

func TestClientCredentials_TouchesNoStore(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	a := n.post(tokenPath, asRobot, "grant_type", "client_credentials").want(t, http.StatusOK, "")
	if n.store.calls.Load() != 0 || len(n.store.entries()) != 0 {
		t.Errorf("%d calls of the store", n.store.calls.Load())
	}
	if a.RefreshToken != "" || a.IDToken != "" || a.Scope != "read write" {
		t.Errorf("answer is %s", a.Body)
	}
	claims := claimsOf(t, a.AccessToken)
	if claims["sub"] != "robot" || claims["client_id"] != "robot" || claims["auth_time"] != nil || claims["gid"] != nil {
		t.Errorf("claims are %v", claims)
	}
	active, err := n.provider.checkAccessToken(t.Context(), a.AccessToken)
	if err != nil || active.Grant != nil || active.Client.ID != "robot" {
		t.Errorf("checked: %+v, %v", active, err)
	}
}

// What a client holds for itself rests on no grant: it ends with the epoch all the same.
func TestRS1_AClientsOwnTokensEndWithTheEpoch(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	ask := func() string {
		return n.post(tokenPath, asRobot, "grant_type", "client_credentials").want(t, http.StatusOK, "").AccessToken
	}
	before := ask()
	n.clock.Advance(time.Second)
	now := n.clock.Now()
	_, err := n.store.Users().RaiseEpoch(t.Context(), now, func(storage.Holdings) storage.Event { return n.store.event(storage.EventEpochRaised, now) })
	n.store.must(err)
	if n.introspect(asRobot, before).Active {
		t.Error("a token of before the epoch is active")
	}
	n.clock.Advance(time.Second)
	if !n.introspect(asRobot, ask()).Active {
		t.Error("a token of after it is not")
	}
}

func TestServiceScopes(t *testing.T) {
	t.Parallel()
	p := scopesOf("read", "write", "admin")
	registered := &client.Client{Metadata: client.Metadata{Scopes: []string{"openid", "offline_access", "read", "write"}}}
	for _, tc := range []struct {
		requested, want, code string
	}{
		{requested: "", want: "read write"},
		{requested: "write", want: "write"},
		{requested: "write read write", want: "read write"},
		{requested: "openid", code: "invalid_scope"},
		{requested: "read offline_access", code: "invalid_scope"},
		{requested: "admin", code: "invalid_scope"},
		{requested: "read admin", code: "invalid_scope"},
		{requested: "read nowhere", want: "read"},
		{requested: "nowhere", code: "invalid_scope"},
	} {
		got, err := p.serviceScopes(t.Context(), registered, strings.Fields(tc.requested))
		if strings.Join(got, " ") != tc.want || errorCode(err) != tc.code {
			t.Errorf("%q: got %v and %q", tc.requested, got, errorCode(err))
		}
	}
	if len(registered.Scopes) != 4 {
		t.Error("the registration was changed")
	}
}

func TestClientCredentials_NotForPublicClients(t *testing.T) {
	t.Parallel()
	c := appClient()
	c.ID, c.GrantTypes = "loose", []string{client.GrantClientCredentials}
	n := newNode(t, c)
	a := n.post(tokenPath, bodyAuth("loose", ""), "grant_type", "client_credentials")
	if a.Code == http.StatusOK {
		t.Errorf("a public client got %s", a.Body)
	}
}
