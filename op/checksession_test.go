package op

import (
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/client"
)

// session_state is bound to the client and its origin, so that no two clients can
// compare theirs, and is there only where the frame is (Session Management 1.0 section 3).
func TestSessionState(t *testing.T) {
	t.Parallel()
	s := signedInSite(t, func(c *Config) { c.CheckSession = true })
	ask := func(pairs ...string) (string, *http.Cookie) {
		t.Helper()
		w := s.get(authorizePath, authorization(pairs...))
		var state *http.Cookie
		for _, c := range w.Result().Cookies() {
			if strings.HasSuffix(c.Name, "latchkey-state") {
				state = c
			}
		}
		to := testRedirect
		if strings.Contains(strings.Join(pairs, " "), "spa") {
			to = "https://spa.example.com/cb"
		}
		return answerAt(t, w, to).Get("session_state"), state
	}
	said, cookie := ask()
	if cookie == nil || cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteNoneMode || cookie.Path != "/" || !strings.HasPrefix(cookie.Name, "__Host-") {
		t.Fatalf("the cookie is %v", cookie)
	}
	_, salt, _ := strings.Cut(said, ".")
	if said != sessionState("wiki", "https://wiki.example.com", cookie.Value, salt) || len(salt) != 16 || strings.Contains(said, cookie.Value) {
		t.Errorf("session_state is %q", said)
	}
	again, second := ask()
	if again == said || second != nil {
		t.Errorf("again %q, %v", again, second)
	}
	other, _ := ask("client_id", "spa", "redirect_uri", "https://spa.example.com/cb")
	if _, salt, _ = strings.Cut(other, "."); other != sessionState("spa", "https://spa.example.com", cookie.Value, salt) {
		t.Errorf("of another client: %q", other)
	}
	if said, _ := ask("scope", "profile"); said != "" {
		t.Errorf("without openid: %q", said)
	}
	// Who the person is, or the session, cannot be told from it.
	if strings.Contains(cookie.Value, string(testSID)) || strings.Contains(cookie.Value, string(testUserID)) {
		t.Errorf("the cookie is %v", cookie)
	}
	w := s.get(checkSessionPath, nil)
	if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Content-Security-Policy"), "frame-ancestors *") || !strings.Contains(w.Body.String(), `"__Host-latchkey-state"`) {
		t.Errorf("the frame: %d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestSessionState_Off(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	w := s.get(authorizePath, authorization())
	if answer := answerAt(t, w, testRedirect); answer.Has("session_state") {
		t.Errorf("answer is %v", answer)
	}
	for _, c := range w.Result().Cookies() {
		if strings.Contains(c.Name, "state") {
			t.Errorf("sets %v", c)
		}
	}
	if w := s.get(checkSessionPath, nil); w.Code != http.StatusNotFound {
		t.Errorf("the frame is answered %d", w.Code)
	}
	native := nativeClient()
	native.ResponseTypes = []string{client.ResponseTypeCode}
	s = signedInSite(t, func(c *Config) { c.CheckSession = true })
	answer := answerAt(t, s.get(authorizePath, authorization("client_id", "native", "redirect_uri", "com.example.app:/cb")), "com.example.app:/cb")
	if answer.Has("session_state") {
		t.Errorf("a native application: %v", answer)
	}
}
