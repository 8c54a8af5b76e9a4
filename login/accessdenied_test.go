package login

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// forAda is a client that only Ada may use.
func forAda(c *client.Client) {
	c.Access = []access.Rule{{Users: []string{"ada@example.com"}, At: "clients.yaml line 7"}}
}

// askingIT has people who are refused ask somebody.
func askingIT(t *testing.T) func(*Config) {
	t.Helper()
	catalog, problems := access.New(access.Config{Contact: "it@example.com"})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return func(c *Config) { c.Access = catalog }
}

func TestAC1_WhoMayNotIsToldAndMayUseAnotherAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t, siteOptions{client: forAda, config: askingIT(t)})
	ada, eve := s.person("ada@example.com"), s.person("eve@example.com")
	b := s.browser()
	b.start("")
	refused := b.signIn("eve@example.com", goodPassword)
	refused.Want(t, 403, "Wiki")
	for _, text := range []string{"Wiki", eve.Email} {
		if !strings.Contains(refused.Text("access-denied"), text) {
			t.Errorf("the page does not say %q:\n%s", text, refused.Text("access-denied"))
		}
	}
	if got := refused.Attribute("contact", "href"); got != "mailto:it@example.com" {
		t.Errorf("whom to ask: %q", got)
	}
	if refused.Has("elsewhere") {
		t.Error("another network is said to help")
	}
	b.Get(refused.URL.RequestURI()).Want(t, 403, "access-denied") // looking again is no second event
	if got := s.events(eve.ID); !slices.Equal(got, []string{"failure wiki: no access rule matches"}) {
		t.Errorf("events: %q", got)
	}
	// Eve is signed in all the same: with what it takes for others.
	if b.Get("/account").Want(t, 200, ""); b.start("").Has("login-submit") {
		t.Error("Eve has to sign in to be refused again")
	}
	b.Click("use-another-account").Want(t, 200, "login-submit")
	if got := b.Page.Attribute("username", "value"); got != "" {
		t.Errorf("another account is wanted, and the page proposes %q", got)
	}
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "code for "+string(ada.ID))
}

func TestAC1_WhoMayNotLeavesWithAccessDenied(t *testing.T) {
	t.Parallel()
	s := newSite(t, siteOptions{client: forAda})
	s.person("eve@example.com")
	b := s.browser()
	b.start("")
	b.signIn("eve@example.com", goodPassword).Want(t, 403, "access-denied")
	b.Click("continue").Want(t, 200, "error access_denied by no access rule matches")
	// The same account again, on purpose, comes to the same page and not to a dead end.
	b.start("")
	b.Click("use-another-account").Want(t, 200, "login-submit")
	s.clock.Advance(time.Second)
	b.signIn("eve@example.com", goodPassword).Want(t, 403, "access-denied")
}

func TestAC1_AnotherNetworkIsSaidToHelp(t *testing.T) {
	t.Parallel()
	s := newSite(t, siteOptions{client: func(c *client.Client) {
		c.Access = []access.Rule{{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}}
	}})
	s.person("eve@example.com")
	b := s.browser()
	b.start("")
	b.signIn("eve@example.com", goodPassword).Want(t, 403, "elsewhere")
	b.Click("again").Want(t, 403, "elsewhere")
	s.client.Access[0].Networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	b.Click("again").Want(t, 200, "code for ")
}

func TestAC1_AStepThatARuleWantsIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t, siteOptions{client: func(c *client.Client) {
		c.Access, c.TrustDevices = []access.Rule{{Users: []string{"ada@example.com"}, ACR: mfa.ACRTwoFactor}}, true
	}})
	ada := s.person("ada@example.com")
	b := s.browser()
	b.enrolled("ada@example.com")
	// The lower class that the request asks for is not what the client is told.
	b.Submit("recovery-continue").Want(t, 200, "code for "+string(ada.ID)+" acr=aal2")
	b.start(`{"client_id":"wiki","scopes":["openid"],"acr_values":["aal1"]}`).Want(t, 200, "acr=aal2")
	// Whom no rule fits is not asked for anything to be refused then.
	s.person("eve@example.com")
	other := s.browser()
	other.start("")
	other.signIn("eve@example.com", goodPassword).Want(t, 403, "access-denied")
}

// events are those of refused access, about a person.
func (s *site) events(user storage.ID) []string {
	s.t.Helper()
	events, err := s.store.Events().List(s.t.Context(), storage.EventFilter{UserID: user, Type: storage.EventAccessRefused, Limit: 10})
	if err != nil {
		s.t.Fatal(err)
	}
	var told []string
	for _, e := range events {
		told = append(told, e.Outcome+" "+e.ClientID+": "+e.Detail)
	}
	return told
}
