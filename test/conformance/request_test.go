package conformance

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"golang.org/x/oauth2"
)

// with signs in with a request that has more parameters.
func with(pairs ...string) func(*module) {
	return func(m *module) { m.login(pairs...) }
}

func responseTypeMissing(m *module) {
	request := m.request("response_type", "")
	m.mustFail(m.open(request), request, "invalid_request", "unsupported_response_type")
}

// alternateHappyFlow turns the order of the scopes and of the parameters around.
func alternateHappyFlow(m *module) {
	request := m.request("scope", "email openid")
	parameters := strings.Split(request.Encode(), "&")
	slices.Reverse(parameters)
	got := m.finish(m.browser.Get("/authorize?"+strings.Join(parameters, "&")), request)
	m.mustHaveClaims(m.userinfo(m.userinfoGet(got), got.subject), []string{"email"})
}

func loginHint(m *module) {
	request := m.request("login_hint", "somebody@example.com")
	page := m.open(request)
	m.mustAsk(page)
	if got := page.Value("username"); got != "somebody@example.com" {
		m.Errorf("the sign-in page suggests %q", got)
	}
	m.finish(page, request)
}

func withoutNonce(m *module) {
	if _, ok := m.login("nonce", "").claims["nonce"]; ok {
		m.Error("the ID token has a nonce that the request had not")
	}
}

// acrValues asks for a class that is advertised, and wants to be told of it.
func acrValues(m *module) {
	if len(m.metadata.ACRs) == 0 {
		m.Fatal("no acr_values_supported")
	}
	wanted := m.metadata.ACRs[0]
	if got := m.login("acr_values", wanted+" urn:example:other").claims["acr"]; got != wanted {
		m.Errorf("acr = %v, want %s", got, wanted)
	}
}

func validPKCE(m *module) {
	verifier := oauth2.GenerateVerifier()
	request := m.request("code_challenge", oauth2.S256ChallengeFromVerifier(verifier), "code_challenge_method", "S256")
	form := exchange(m.code(m.open(request), request))
	form.Set("code_verifier", verifier)
	status, got := m.token(first, form)
	m.mustVerify(first, status, got, request.Get("nonce"))
}

// registeredRedirectURI must not be led off, not even with an error.
func registeredRedirectURI(m *module) {
	m.mustShowError(m.open(m.request("redirect_uri", redirectURI+"/"+oauth2.GenerateVerifier())))
}

// mustShowError checks that a mistake of the client is shown to the person, and
// that the browser stays.
func (m *module) mustShowError(page *testbrowser.Page) {
	m.Helper()
	if page.Status != http.StatusBadRequest || page.Location != nil || page.Text("error-title") == "" || page.Has("login-submit") {
		m.Errorf("no error page but status %d, location %v: %s", page.Status, page.Location, page.Body)
	}
}

// postRequest posts the request from another site, whose forms browsers send
// without cookies, for a person who is signed in and for one who is not.
func postRequest(m *module) {
	before := m.finishPosted()
	if after := m.finishPosted(); after.authTime != before.authTime {
		m.Error("the session was not found behind a posted request")
	}
}

func (m *module) finishPosted() *tokens {
	m.Helper()
	request := m.request()
	r := m.post(m.provider.Endpoint().AuthURL, request)
	r.Header.Set("Origin", "https://suite.example.com")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	status, header, body := m.do(r)
	next := header.Get("Location")
	if status != http.StatusSeeOther || next == "" {
		m.Fatalf("a posted request is answered %d %s", status, body)
	}
	return m.finish(m.browser.Get(next), request)
}

// unsigned makes a request object without a signature.
func (m *module) unsigned(claims url.Values) string {
	m.Helper()
	content := map[string]string{"iss": first.ID, "aud": m.node.Issuer}
	for name := range claims {
		content[name] = claims.Get(name)
	}
	payload, err := json.Marshal(content)
	if err != nil {
		m.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode(payload) + "."
}

// requestObject says outside the object only what OAuth needs, as the suite does:
// the response mode, the state and everything else is inside.
func requestObject(m *module) {
	request := m.request()
	outside := url.Values{"request": {m.unsigned(request)}}
	for _, name := range []string{"client_id", "redirect_uri", "response_type", "scope"} {
		outside.Set(name, request.Get(name))
	}
	m.mustFail(m.open(outside), request, "request_not_supported")
}

// requestObjectRedirect has a good address in the object and a bad one beside
// it. As the object is not supported, only the bad one counts.
func requestObjectRedirect(m *module) {
	request := m.request()
	request.Set("request", m.unsigned(request))
	request.Set("redirect_uri", redirectURI+"/bad")
	m.mustShowError(m.open(request))
}

func requestURI(m *module) {
	request := m.request("request_uri", "https://suite.example.com/request.jwt")
	m.mustFail(m.open(request), request, "request_uri_not_supported")
}
