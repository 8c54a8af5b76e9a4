package conformance

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
)

// logoutModules are those of oidcc-rp-initiated-logout-certification-test-plan.
var logoutModules = []named{
	{"oidcc-rp-initiated-logout-discovery-endpoint-verification", logoutDiscovery},
	{"oidcc-rp-initiated-logout", logout},
	{"oidcc-rp-initiated-logout-no-state", logoutNoState},
	{"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", logoutAstray(postLogoutURI + "/bad")},
	{"oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", logoutAstray(postLogoutURI + "?foo=bar")},
	{"oidcc-rp-initiated-logout-modified-id-token-hint", logoutModifiedHint},
	{"oidcc-rp-initiated-logout-bad-id-token-hint", logoutBadHint},
	{"oidcc-rp-initiated-logout-no-id-token-hint", logoutNoHint},
	{"oidcc-rp-initiated-logout-no-params", logoutNoParams},
	{"oidcc-rp-initiated-logout-only-state", logoutOnlyState},
	{"oidcc-rp-initiated-logout-no-post-logout-redirect-uri", logoutNoRedirect},
}

func TestRPInitiatedLogout(t *testing.T) {
	t.Parallel()
	start(t, nil).run(t, "", logoutModules)
}

// leave sends the browser to the end-session endpoint; empty values are left out.
func (m *module) leave(hint, redirect, state string) *testbrowser.Page {
	m.Helper()
	params := url.Values{}
	for name, value := range map[string]string{"id_token_hint": hint, "post_logout_redirect_uri": redirect, "state": state} {
		if value != "" {
			params.Set(name, value)
		}
	}
	return m.browser.Get(m.metadata.EndSession + "?" + params.Encode())
}

// mustStay checks that the browser is not sent back, but shown why or asked. Who
// is asked and confirms is really signed out, and still not sent back.
func (m *module) mustStay(page *testbrowser.Page) {
	m.Helper()
	if page.Location != nil || !page.Has("logout-confirm") && page.Text("error-title") == "" {
		m.Fatalf("neither an error nor a question but status %d, location %v: %s", page.Status, page.Location, page.Body)
	}
	if page.Has("logout-confirm") {
		m.mustSignOutHere(page)
		return
	}
	m.silently("prompt", "none") // an error ends no session
}

// mustSignOutHere confirms where that is asked for, and checks that nobody is
// signed in then and that the browser stays on a page that says so.
func (m *module) mustSignOutHere(page *testbrowser.Page) {
	m.Helper()
	if page.Has("logout-confirm") {
		page = m.browser.SubmitOn(page, "logout-confirm")
	}
	if page.Location != nil || page.Status != 200 || page.Has("logout-confirm") || page.Has("error-title") {
		m.Errorf("signing out ends with status %d, location %v: %s", page.Status, page.Location, page.Body)
	}
	m.mustBeNobody()
}

func logoutDiscovery(m *module) {
	if !strings.HasPrefix(m.metadata.EndSession, m.node.Issuer+"/") {
		m.Errorf("end_session_endpoint = %q", m.metadata.EndSession)
	}
}

func logout(m *module) {
	page := m.leave(m.login().ID, postLogoutURI, "a state")
	if want := postLogoutURI + "?state=a+state"; page.Location == nil || page.Location.String() != want {
		m.Errorf("status %d, location %v, want %s: %s", page.Status, page.Location, want, page.Body)
	}
	m.mustBeNobody()
}

func logoutNoState(m *module) {
	page := m.leave(m.login().ID, postLogoutURI, "")
	if page.Location == nil || page.Location.String() != postLogoutURI {
		m.Errorf("status %d, location %v: %s", page.Status, page.Location, page.Body)
	}
	m.mustBeNobody()
}

// logoutAstray asks for an address that is not registered.
func logoutAstray(redirect string) func(*module) {
	return func(m *module) { m.mustStay(m.leave(m.login().ID, redirect, "a state")) }
}

// logoutModifiedHint changes what the hint says, and leaves its signature.
func logoutModifiedHint(m *module) {
	parts := strings.Split(m.login().ID, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		m.Fatal(err)
	}
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), `"aud"`, `"was"`, 1)))
	m.mustStay(m.leave(strings.Join(parts, "."), postLogoutURI, "a state"))
}

// logoutBadHint signs the same claims with a key that is not the provider's.
func logoutBadHint(m *module) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		m.Fatal(err)
	}
	got := m.login()
	parsed, err := jose.ParseSignedCompact(got.ID, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		m.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: parsed.Signatures[0].Header.KeyID}}, nil)
	if err != nil {
		m.Fatal(err)
	}
	payload, err := json.Marshal(got.claims)
	if err != nil {
		m.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		m.Fatal(err)
	}
	forged, err := signed.CompactSerialize()
	if err != nil {
		m.Fatal(err)
	}
	m.mustStay(m.leave(forged, postLogoutURI, "a state"))
}

func logoutNoHint(m *module) {
	m.login()
	m.mustStay(m.leave("", postLogoutURI, "a state"))
}

func logoutNoParams(m *module) {
	m.login()
	m.mustSignOutHere(m.leave("", "", ""))
}

func logoutOnlyState(m *module) {
	m.login()
	m.mustSignOutHere(m.leave("", "", "a state"))
}

func logoutNoRedirect(m *module) {
	m.mustSignOutHere(m.leave(m.login().ID, "", ""))
}
