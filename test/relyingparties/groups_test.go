package relyingparties

import (
	"net/http"
	"strings"
	"testing"
)

// groupSites let in one group, by the parts of their recipes that say so.
var groupSites = []site{
	{
		name: "mod_auth_openidc-groups", launch: apacheForGroup, callback: "/oidc/callback",
		client: map[string]any{"scopes": []string{"openid", "profile", "email", "groups"}, "id_token_claims": []string{"groups"}},
	},
	{
		name: "oauth2-proxy-groups", launch: oauth2ProxyForGroup, callback: "/oauth2/callback", addressOnly: true,
		client: map[string]any{
			"scopes": []string{"openid", "profile", "email", "offline_access", "groups"}, "id_token_claims": []string{"groups"}, "require_verified_email": true,
		},
	},
	{
		name: "caddy-groups", launch: oauth2ProxyBehind, front: caddy, callback: "/oauth2/callback", addressOnly: true,
		client: map[string]any{
			"scopes": []string{"openid", "profile", "email", "offline_access", "groups"}, "id_token_claims": []string{"groups"}, "require_verified_email": true,
		},
	},
	{
		name: "nginx-groups", launch: oauth2ProxyBehind, front: nginx, callback: "/oauth2/callback", addressOnly: true,
		client: map[string]any{
			"scopes": []string{"openid", "profile", "email", "offline_access", "groups"}, "id_token_claims": []string{"groups"}, "require_verified_email": true,
		},
	},
}

// Who is in the group gets in, and nobody else.
func TestProxiesLetInAGroup(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	p.Command("", "group", "create", "staff")
	p.Command("", "group", "create", "guests")
	for _, s := range groupSites {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			address := p.startSite(t, s)
			ada, bob := p.person(t, "ada-"+s.name), p.person(t, "bob-"+s.name)
			p.Command("", "group", "add", "staff", ada.email)
			p.Command("", "group", "add", "guests", bob.email)
			ada.signIn(t, p.browser(t), s, address+"/me")

			browser := p.browser(t)
			if page := browser.Get(address + "/me"); !page.Has("login-submit") {
				t.Fatalf("the site does not ask to sign in but shows %s: %s", page.URL, page.Body)
			}
			page := browser.Submit("login-submit", "username="+bob.email, "password="+bob.password)
			if page.Status != http.StatusForbidden && page.Status != http.StatusUnauthorized || !strings.HasPrefix(page.URL.String(), address) || strings.Contains(page.Body, "signed in: ") {
				t.Errorf("somebody of another group is shown %s (%d): %s", page.URL, page.Status, page.Body)
			}
		})
	}
}
