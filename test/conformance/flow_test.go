package conformance

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"golang.org/x/oauth2"
)

// request makes an authorization request of the first client. The pairs of
// names and values are laid over it; an empty value removes.
func (m *module) request(pairs ...string) url.Values {
	m.Helper()
	request := url.Values{
		"client_id": {first.ID}, "redirect_uri": {redirectURI}, "response_type": {"code"}, "scope": {"openid"},
		"state": {oauth2.GenerateVerifier()}, "nonce": {oauth2.GenerateVerifier()},
	}
	if m.mode != "" {
		request.Set("response_mode", m.mode)
	}
	if m.responseType != "" {
		request.Set("response_type", m.responseType)
	}
	for pair := range slices.Chunk(pairs, 2) {
		if request.Set(pair[0], pair[1]); pair[1] == "" {
			request.Del(pair[0])
		}
	}
	return request
}

// open sends the browser to the authorization endpoint.
func (m *module) open(request url.Values) *testbrowser.Page {
	m.Helper()
	return m.browser.Get("/authorize?" + request.Encode())
}

// mustAsk checks that a page asks for a password.
func (m *module) mustAsk(page *testbrowser.Page) {
	m.Helper()
	if !page.Has("login-submit") {
		m.Fatalf("no sign-in page but status %d, location %v: %s", page.Status, page.Location, page.Body)
	}
}

// answerPages has the person sign in and consent, where they are asked to.
func (m *module) answerPages(page *testbrowser.Page) *testbrowser.Page {
	m.Helper()
	if page.Has("login-submit") {
		page = m.browser.SubmitOn(page, "login-submit", "username="+username, "password="+m.password)
	}
	if page.Has("consent-allow") {
		page = m.browser.SubmitOn(page, "consent-allow")
	}
	return page
}

// answer is what reaches the client, in the response mode that it asked for.
func (m *module) answer(page *testbrowser.Page, request url.Values) url.Values {
	m.Helper()
	var answer url.Values
	if m.mode == "form_post" {
		answer = m.posted(page)
	} else {
		separator := "?" // errors too are in the fragment where tokens would be
		if strings.Contains(request.Get("response_type"), "token") {
			separator = "#"
		}
		var encoded string
		ok := false
		if page.Location != nil {
			encoded, ok = strings.CutPrefix(page.Location.String(), redirectURI+separator)
		}
		if !ok {
			m.Fatalf("no redirect to the client but status %d, location %v: %s", page.Status, page.Location, page.Body)
		}
		var err error
		if answer, err = url.ParseQuery(encoded); err != nil {
			m.Fatal(err)
		}
	}
	if got := answer.Get("state"); got != request.Get("state") {
		m.Errorf("state = %q, want %q", got, request.Get("state"))
	}
	if got := answer.Get("iss"); got != m.node.Issuer {
		m.Errorf("iss = %q, want %q", got, m.node.Issuer)
	}
	return answer
}

// posted reads the page that posts an answer to the client.
func (m *module) posted(page *testbrowser.Page) url.Values {
	m.Helper()
	if page.Status != http.StatusOK || page.Location != nil || !strings.Contains(page.Body, `<form method="post" action="`+redirectURI+`">`) {
		m.Fatalf("no form to post to the client but status %d, location %v: %s", page.Status, page.Location, page.Body)
	}
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action https://suite.example.com;") {
		m.Errorf("a browser may not post the form: %s", policy)
	}
	answer := url.Values{}
	for _, name := range []string{"code", "state", "iss", "error", "error_description", "id_token", "access_token", "token_type", "expires_in", "scope"} {
		if value := page.Value(name); value != "" {
			answer.Set(name, value)
		}
	}
	return answer
}

// mustFail checks that a request is answered with one of the errors.
func (m *module) mustFail(page *testbrowser.Page, request url.Values, wanted ...string) {
	m.Helper()
	answer := m.answer(page, request)
	if !slices.Contains(wanted, answer.Get("error")) || answer.Has("code") || answer.Has("id_token") || answer.Has("access_token") {
		m.Errorf("answered %v, want the error %s", answer, strings.Join(wanted, " or "))
	}
}

// mustBeNobody checks that nobody is signed in.
func (m *module) mustBeNobody() {
	m.Helper()
	request := m.request("prompt", "none")
	m.mustFail(m.open(request), request, "login_required")
}

// code takes a request to its code, whatever pages that needs.
func (m *module) code(page *testbrowser.Page, request url.Values) string {
	m.Helper()
	answer := m.answer(m.answerPages(page), request)
	code := answer.Get("code")
	if len(code) < 22 { // 128 bits in base64url
		m.Fatalf("the code %q is too short: %v", code, answer)
	}
	return code
}

// login takes a request to its tokens, whatever pages that needs.
func (m *module) login(pairs ...string) *tokens {
	m.Helper()
	request := m.request(pairs...)
	return m.finish(m.open(request), request)
}

// finish goes on from a page of the request to the tokens.
func (m *module) finish(page *testbrowser.Page, request url.Values) *tokens {
	m.Helper()
	return m.tokensOf(m.answer(m.answerPages(page), request), request)
}

// silently takes a request to its tokens, and fails if a page is shown.
func (m *module) silently(pairs ...string) *tokens {
	m.Helper()
	request := m.request(pairs...)
	return m.tokensOf(m.answer(m.open(request), request), request)
}

// eventually tries until it works, or for so long that it never will.
func (m *module) eventually(what string, works func() bool) {
	m.Helper()
	for deadline := time.Now().Add(testenv.Patience); !works(); <-time.After(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			m.Fatalf("not within %s: %s", testenv.Patience, what)
		}
	}
}
