package conformance

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// monitorModules are those of oidcc-session-management-certification-test-plan. What the
// script in the frame answers is worked out here from the same cookie; the script itself
// runs in test/browser.
var monitorModules = []named{
	{"oidcc-session-management-discovery-endpoint-verification", monitorDiscovery},
	{"oidcc-session-management-rp-initiated-logout", monitorLogout},
}

func TestSessionManagement(t *testing.T) {
	t.Parallel()
	start(t, map[string]any{"sessions": map[string]any{"check_iframe": true}}).run(t, "", monitorModules)
}

func (m *module) checkSession() string {
	m.Helper()
	var told struct {
		Frame string `json:"check_session_iframe"`
	}
	if err := m.provider.Claims(&told); err != nil {
		m.Fatal(err)
	}
	return told.Frame
}

func monitorDiscovery(m *module) {
	frame := m.checkSession()
	page := m.browser.Get(frame)
	policy := page.Header.Get("Content-Security-Policy")
	if page.Status != http.StatusOK || !strings.Contains(policy, "frame-ancestors *") || page.Header.Get("X-Frame-Options") != "" || !strings.Contains(page.Body, "postMessage") {
		m.Errorf("the frame at %q is answered %d, %v", frame, page.Status, page.Header)
	}
	logoutDiscovery(m)
}

// asked is what the frame answers a page of an origin.
func (m *module) asked(origin, message string) string {
	m.Helper()
	var state string
	for _, c := range m.browser.Cookies() {
		if strings.HasSuffix(c.Name, "latchkey-state") {
			state = c.Value
		}
	}
	id, session, _ := strings.Cut(message, " ")
	hash, salt, ok := strings.Cut(session, ".")
	if !ok || hash == "" || salt == "" || strings.ContainsAny(session, " ") {
		return "error"
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{id, origin, state, salt}, " ")))
	if state != "" && base64.RawURLEncoding.EncodeToString(sum[:]) == hash {
		return "unchanged"
	}
	return "changed"
}

// monitorLogout wants unchanged for as long as somebody is signed in, also after a
// silent renewal, and changed behind a sign-out.
func monitorLogout(m *module) {
	got := m.login()
	const origin = "https://suite.example.com"
	states := []string{got.session, m.silently("prompt", "none").session}
	if states[0] == states[1] {
		m.Errorf("two answers have one session_state: %q", states)
	}
	for _, state := range states {
		for _, tc := range []struct{ origin, message, want string }{
			{origin, first.ID + " " + state, "unchanged"},
			{"https://evil.example", first.ID + " " + state, "changed"},
			{origin, second.ID + " " + state, "changed"},
			{origin, first.ID + " x" + state, "changed"},
			{origin, first.ID, "error"},
		} {
			if said := m.asked(tc.origin, tc.message); said != tc.want {
				m.Errorf("%q from %s is %s, want %s", tc.message, tc.origin, said, tc.want)
			}
		}
	}
	m.leave(got.ID, postLogoutURI, "")
	if said := m.asked(origin, first.ID+" "+states[0]); said != "changed" {
		m.Errorf("after the sign-out: %s", said)
	}
	request := m.request("prompt", "none")
	m.mustFail(m.open(request), request, "login_required")
	again := m.login()
	if said := m.asked(origin, first.ID+" "+states[0]); said != "changed" {
		m.Errorf("in another session: %s", said)
	}
	if said := m.asked(origin, first.ID+" "+again.session); said != "unchanged" {
		m.Errorf("its own: %s", said)
	}
}
