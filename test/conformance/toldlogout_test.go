package conformance

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
)

// frontchannelModules are those of oidcc-frontchannel-rp-initiated-logout-certification-test-plan,
// backchannelModules those of oidcc-backchannel-rp-initiated-logout-certification-test-plan.
var (
	frontchannelModules = []named{
		{"oidcc-frontchannel-logout-discovery-endpoint-verification", toldDiscovery("frontchannel")},
		{"oidcc-frontchannel-rp-initiated-logout", frontchannelLogout},
	}
	backchannelModules = []named{
		{"oidcc-backchannel-logout-discovery-endpoint-verification", toldDiscovery("backchannel")},
		{"oidcc-backchannel-rp-initiated-logout", backchannelLogout},
	}
)

func TestFrontchannelLogout(t *testing.T) {
	t.Parallel()
	clients := registrations(map[string]any{"frontchannel_logout_uri": frameURI, "frontchannel_logout_session_required": true})
	start(t, map[string]any{"clients": clients}).run(t, "", frontchannelModules)
}

const frameURI = "https://suite.example.com/frame"

func toldDiscovery(channel string) func(*module) {
	return func(m *module) {
		var supported map[string]any
		if err := m.provider.Claims(&supported); err != nil {
			m.Fatal(err)
		}
		for _, name := range []string{channel + "_logout_supported", channel + "_logout_session_supported"} {
			if supported[name] != true {
				m.Errorf("%s = %v", name, supported[name])
			}
		}
		logoutDiscovery(m)
	}
}

// frontchannelLogout wants the client's page in a frame, of which the policy of the
// page allows no other, with the issuer and the session of the ID token; then the
// browser goes back.
func frontchannelLogout(m *module) {
	got := m.login()
	page := m.leave(got.ID, postLogoutURI, "a state")
	sid, _ := got.claims["sid"].(string)
	frame := frameURI + "?" + url.Values{"iss": {m.node.Issuer}, "sid": {sid}}.Encode()
	if sid == "" || !strings.Contains(page.Body, `<iframe src="`+strings.ReplaceAll(frame, "&", "&amp;")+`"`) {
		m.Errorf("no frame %s in %s", frame, page.Body)
	}
	if policy := page.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "; frame-src https://suite.example.com") {
		m.Errorf("policy %s", policy)
	}
	back := postLogoutURI + "?state=a+state"
	if refresh := page.Header.Get("Refresh"); !strings.HasSuffix(refresh, "; url="+back) || page.Attribute("continue", "href") != back {
		m.Errorf("the page leads on to %q and %q, want %q", refresh, page.Attribute("continue", "href"), back)
	}
	if page.Text("told") == "" {
		m.Errorf("the page names nobody who is told: %s", page.Body)
	}
	m.mustBeNobody()
}

// told is where logout tokens arrive.
var told = make(chan string, 10)

func TestBackchannelLogout(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.PostFormValue("logout_token") }))
	t.Cleanup(server.Close)
	clients := registrations(map[string]any{"backchannel_logout_uri": server.URL, "backchannel_logout_session_required": true})
	start(t, map[string]any{"clients": clients}).run(t, "", backchannelModules)
}

// The page that says that somebody is signed out tells which applications took their
// logout tokens, and which did not, without a script. Offline grants end with the session
// at the application that wants it so (BL1), and go on at the others.
func TestSignOutSaysWhoWasReached(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/"+second.ID {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(server.Close)
	clients := registrations(nil)
	for _, c := range clients[:2] { // the third is not told
		c["backchannel_logout_uri"] = server.URL + "/" + c["id"].(string)
	}
	clients[1]["offline_grants_at_sign_out"] = "end" // the third's are kept
	s := start(t, map[string]any{"clients": clients})
	m := &module{T: t, suite: s, browser: s.node.Browser(t)}
	got := m.login()
	offline := map[string]string{}
	for _, other := range []client{second, poster} {
		request := m.request("client_id", other.ID, "scope", "openid offline_access", "prompt", "consent")
		offline[other.ID] = m.redeem(other, m.code(m.open(request), request), request).Refresh
	}
	page := m.leave(got.ID, "", "")
	m.eventually("what became of the logout tokens", func() bool {
		if again := page.Attribute("again", "href"); again != "" {
			page = m.browser.Get(again)
		}
		return !page.Has("told")
	})
	for id, want := range map[string]string{"reached": first.ID, "not-reached": second.ID, "not-told": poster.ID} {
		if text := page.Text(id); strings.TrimSpace(text) != want {
			t.Errorf("%s: %q, want %q; %s", id, text, want, page.Body)
		}
	}
	m.mustBeNobody()
	refresh := func(c client) url.Values {
		return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {offline[c.ID]}}
	}
	m.mustRefuse(second, refresh(second))
	if status, got := m.token(poster, refresh(poster)); status != http.StatusOK || got.Access == "" {
		t.Errorf("a grant that is kept is answered %d %q", status, got.Error)
	}
}

// backchannelLogout wants a logout token of the session (Back-Channel Logout 2.4).
func backchannelLogout(m *module) {
	got := m.login()
	if page := m.leave(got.ID, postLogoutURI, "a state"); page.Location == nil || page.Location.String() != postLogoutURI+"?state=a+state" {
		m.Errorf("leads to %v", page.Location)
	}
	raw := <-told
	token, err := m.provider.Verifier(&oidc.Config{ClientID: first.ID, SupportedSigningAlgs: []string{oidc.RS256}}).Verify(m.Context(), raw)
	if err != nil {
		m.Fatal(err)
	}
	var claims struct {
		SID    string                     `json:"sid"`
		ID     string                     `json:"jti"`
		Events map[string]json.RawMessage `json:"events"`
	}
	if err := token.Claims(&claims); err != nil {
		m.Fatal(err)
	}
	event := string(claims.Events["http://schemas.openid.net/event/backchannel-logout"])
	if token.Subject != got.subject || claims.SID != got.claims["sid"] || claims.ID == "" || token.Nonce != "" || len(claims.Events) != 1 || event != "{}" {
		m.Errorf("the logout token says %+v of %s", claims, token.Subject)
	}
	m.mustBeNobody()
}
