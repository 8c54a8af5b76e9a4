package relyingparties

import (
	"strings"
	"testing"
)

// site is a relying party: how it is started, and what the provider is told of it.
type site struct {
	name string
	// front, where there is one, takes requests at a port and passes them on to where the
	// process serves.
	front  func(t *testing.T, port, behind string)
	launch launcher
	// callback is the path of its redirect URI.
	callback string
	// client holds further lines of its entry in the configuration: those that
	// its recipe shows.
	client map[string]any
	// leave is the path that signs out of the site and the provider; empty where
	// the recipe has none.
	leave string
	// refresh is the path that refreshes the tokens; empty where the library has
	// no such thing.
	refresh string
	// later is the path that makes the site ask the provider again, the next time,
	// whether somebody is still signed in there.
	later string
	// addressOnly says that the site learns no name.
	addressOnly bool
}

var sites = []site{
	{
		name: "mozilla-django-oidc", launch: python("mozilla.py"), callback: "/oidc/callback/", leave: "/oidc/logout/", later: "/later",
	},
	{
		name: "django-allauth", launch: python("allauth_site.py"), callback: "/accounts/oidc/latchkey/login/callback/", leave: "/leave",
	},
	{
		name: "authlib-flask", launch: python("authlib_site.py"), callback: "/callback", leave: "/leave", refresh: "/refresh",
	},
	{
		name: "express-openid-connect", launch: node("express-openid-connect.mjs"), callback: "/callback", leave: "/logout", refresh: "/refresh",
		client: map[string]any{"id_token_claims": []string{"email", "name"}},
	},
	{
		name: "authjs", launch: node("authjs.mjs"), callback: "/auth/callback/latchkey",
		client: map[string]any{"id_token_claims": []string{"email", "name"}},
	},
	{
		name: "passport-openidconnect", launch: node("passport.mjs"), callback: "/callback", leave: "/leave",
		client: map[string]any{"require_pkce": false},
	},
	{
		name: "go", launch: golang, callback: "/callback", leave: "/leave", refresh: "/refresh",
	},
	{
		name: "spring-boot", launch: spring, callback: "/login/oauth2/code/latchkey", leave: "/leave",
		client: map[string]any{"audience": []string{api}, "access_token_type_header": "JWT"},
	},
	{
		// Debian's gem is GitLab's copy, which knows no PKCE.
		name: "rails", launch: rails, callback: "/auth/latchkey/callback", leave: "/leave",
		client: map[string]any{"require_pkce": false},
	},
	{
		name: "mod_auth_openidc", launch: apache, callback: "/oidc/callback", leave: "/oidc/callback?logout=",
	},
	{
		name: "oauth2-proxy", launch: oauth2Proxy, callback: "/oauth2/callback", leave: "/oauth2/sign_out?rd=", addressOnly: true,
		client: map[string]any{"require_verified_email": true},
	},
}

func TestSignInShowsNameAndAddressAndSignOutReturns(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	for _, s := range sites {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			address := p.startSite(t, s)
			ada := p.person(t, s.name)
			browser := p.browser(t)

			ada.signIn(t, browser, s, address+"/me")
			if s.refresh != "" {
				browser.Get(address+s.refresh).Want(t, 200, "refreshed")
				browser.Get(address+"/me").Want(t, 200, ada.email)
			}
			if s.leave == "" {
				return
			}
			page := browser.Get(p.leave(s, address))
			if page.Has("sign-out") { // the site's own
				page = browser.Submit("sign-out")
			}
			if page.Has("logout-confirm") {
				page = browser.Submit("logout-confirm")
			}
			if page.URL.String() != address+"/" {
				t.Errorf("signing out ends at %s, want the site's own page: %s", page.URL, page.Body)
			}
			if page := browser.Get(address + "/me"); strings.Contains(page.Body, ada.email) {
				t.Errorf("after signing out %s is shown without asking: %s", page.URL, page.Body)
			}
		})
	}
}

// Only a site that asks again can learn that somebody was disabled: with a
// refresh token, or by a silent request.
func TestRF5_ADisabledPersonIsOutAtTheNextCheck(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	for _, s := range sites {
		if s.refresh == "" && s.later == "" {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			address := p.startSite(t, s)
			bob := p.person(t, "bob-"+s.name)
			browser := p.browser(t)
			bob.signIn(t, browser, s, address+"/me")
			p.Command("", "user", "disable", bob.email, "--reason", "left the company")
			if s.refresh != "" {
				if page := browser.Get(address + s.refresh); page.Status < 400 {
					t.Errorf("the site refreshes the tokens of a disabled person: %d %s", page.Status, page.Body)
				}
			}
			if s.later != "" {
				browser.Get(address+s.later).Want(t, 200, "later")
				if page := browser.Get(address + "/me"); strings.Contains(page.Body, bob.email) {
					t.Errorf("the site still shows a disabled person: %s", page.Body)
				}
			}
		})
	}
}

// A resource server of Spring Security takes the access token that the site got,
// and no ID token.
func TestTK5_SpringTakesAccessTokensAlone(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	i := indexOf("spring-boot")
	address := p.startSite(t, sites[i])
	ada := p.person(t, "api")
	browser := p.browser(t)
	ada.signIn(t, browser, sites[i], address+"/me")
	token := browser.Get(address + "/token").Body
	if status, body := bearer(t, address+"/api/me", token); status != 200 || body != ada.id {
		t.Errorf("the API answers %d %q to the access token, want 200 and the person %s", status, body, ada.id)
	}
	if status, _ := bearer(t, address+"/api/me", browser.Get(address+"/id-token").Body); status != 401 {
		t.Errorf("the API answers %d to an ID token, want 401", status)
	}
}
