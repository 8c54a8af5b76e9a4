package conformance

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestDynamic runs modules of the Dynamic profile and of third-party-initiated login with
// clients that register themselves.
func TestDynamic(t *testing.T) {
	t.Parallel()
	start(t, map[string]any{
		"registration": map[string]any{"mode": "open", "require_pkce": false, "consent": "remember", "per_hour": 1000},
		"secrets":      map[string]any{"pairwise_key": "cGFpcndpc2Uga2V5IG9mIHRoZSBjb25mb3JtYW5jZSB0ZXN0cw=="},
	}).run(t, "", []named{
		{"oidcc-discovery-endpoint-verification", dynamicDiscovery},
		{"oidcc-server", dynamicServer},
		{"oidcc-registration-redirect-uri-regfrag", registrationRefused("invalid_redirect_uri", "redirect_uris", []string{redirectURI + "#fragment"})},
		{"oidcc-registration-sector-uri", sectorShared},
		{"oidcc-registration-sector-bad", sectorBad},
		{"oidcc-3rdparty-init-login-nohttps", registrationRefused("invalid_client_metadata", "initiate_login_uri", "http://suite.example.com/login")},
		{"oidcc-3rdparty-init-login", initiateLogin},
		{"oidcc-redirect-uri-query-OK", redirectQueryOK},
		{"oidcc-redirect-uri-query-mismatch", redirectQuery(redirectURI, redirectURI+"?foo=baz")},
		{"oidcc-redirect-uri-query-added", redirectQuery(redirectURI + "?foo=bar&more=1")},
		{"oidcc-ensure-redirect-uri-in-authorization-request", redirectMissing},
		{"oidcc-registration-logo-uri", shownAtSignIn("logo_uri")},
		{"oidcc-registration-policy-uri", shownAtSignIn("policy_uri")},
		{"oidcc-registration-tos-uri", shownAtSignIn("tos_uri")},
		{"oidcc-registration-jwks-uri", registeredKeys},
		{"oidcc-server-rotate-keys", serverRotatesKeys},
		{"oidcc-refresh-token-rp-key-rotation", clientRotatesKeys},
		{"oidcc-request-uri-signed-rs256", registeredRequestURI},
	})
}

// registration sends a registration request.
func (m *module) registration(method, address, token string, metadata map[string]any) (int, map[string]any) {
	m.Helper()
	body, err := json.Marshal(metadata)
	if err != nil {
		m.Fatal(err)
	}
	r, err := http.NewRequestWithContext(m.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		m.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := m.node.HTTP().Do(r)
	if err != nil {
		m.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		m.Fatal(err)
	}
	answer := map[string]any{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			m.Fatalf("%s %s: %d %s", method, address, response.StatusCode, text)
		}
	}
	return response.StatusCode, answer
}

// registered is a client that registered itself, with more of its metadata.
func (m *module) registered(more ...any) map[string]any {
	m.Helper()
	metadata := map[string]any{"redirect_uris": []string{redirectURI}, "client_name": "Suite"}
	for i := 0; i < len(more); i += 2 {
		metadata[more[i].(string)] = more[i+1]
	}
	status, made := m.registration(http.MethodPost, m.node.Issuer+"/register", "", metadata)
	if status != http.StatusCreated {
		m.Fatalf("registration answers %d %v", status, made)
	}
	return made
}

func dynamicDiscovery(m *module) {
	var told struct {
		Registration string   `json:"registration_endpoint"`
		Types        []string `json:"response_types_supported"`
		Grants       []string `json:"grant_types_supported"`
	}
	if err := m.provider.Claims(&told); err != nil || told.Registration != m.node.Issuer+"/register" {
		m.Errorf("registration_endpoint = %q, %v", told.Registration, err)
	}
	for _, want := range []string{"code", "id_token", "id_token token"} {
		if !slices.Contains(told.Types, want) {
			m.Errorf("response_types_supported lacks %s: %q", want, told.Types)
		}
	}
	for _, want := range []string{"authorization_code", "implicit"} {
		if !slices.Contains(told.Grants, want) {
			m.Errorf("grant_types_supported lacks %s: %q", want, told.Grants)
		}
	}
}

// dynamicServer takes a client from its registration to tokens and to its end, after
// which none of them works.
func dynamicServer(m *module) {
	made := m.registered()
	c := client{ID: made["client_id"].(string), Secret: made["client_secret"].(string), Method: "client_secret_basic"}
	request := m.request("client_id", c.ID)
	page := m.open(request)
	if !page.Has("login-submit") || !strings.Contains(page.Body, `id="unvouched"`) {
		m.Fatalf("the sign-in page does not say that nobody vouched: %s", page.Body)
	}
	page = m.browser.SubmitOn(page, "login-submit", "username="+username, "password="+m.password)
	if !page.Has("consent-allow") || !strings.Contains(page.Body, `id="unvouched"`) {
		m.Fatalf("no consent page that says so: %s", page.Body)
	}
	got := m.redeem(c, m.code(page, request), request)
	m.userinfo(m.userinfoGet(got), got.subject)
	address, token := made["registration_client_uri"].(string), made["registration_access_token"].(string)
	if status, answer := m.registration(http.MethodDelete, address, token, nil); status != http.StatusNoContent {
		m.Fatalf("delete answers %d %v", status, answer)
	}
	m.mustBeRevoked(got)
	if page := m.open(request); page.Location != nil || page.Status != http.StatusBadRequest {
		m.Errorf("a client that is gone is answered %d, %v", page.Status, page.Location)
	}
}

// registrationRefused wants a registration refused by its field.
func registrationRefused(code, field string, value any) func(*module) {
	return func(m *module) {
		metadata := map[string]any{"redirect_uris": []string{redirectURI}, "subject_type": "public"}
		metadata[field] = value
		status, answer := m.registration(http.MethodPost, m.node.Issuer+"/register", "", metadata)
		if status != http.StatusBadRequest || answer["error"] != code || answer["client_id"] != nil {
			m.Errorf("registration answers %d %v, want %s", status, answer, code)
		}
	}
}

func initiateLogin(m *module) {
	const begins = "https://suite.example.com/login"
	made := m.registered("initiate_login_uri", begins)
	status, read := m.registration(http.MethodGet, made["registration_client_uri"].(string), made["registration_access_token"].(string), nil)
	if made["initiate_login_uri"] != begins || status != http.StatusOK || read["initiate_login_uri"] != begins {
		m.Errorf("registered %v, and reads %d %v", made, status, read)
	}
}

// withQuery is a client whose redirect URI has a query.
func (m *module) withQuery() string {
	m.Helper()
	return m.registered("redirect_uris", []string{redirectURI + "?foo=bar"})["client_id"].(string)
}

// redirectQueryOK: the answer goes behind the query that was registered.
func redirectQueryOK(m *module) {
	request := m.request("client_id", m.withQuery(), "redirect_uri", redirectURI+"?foo=bar")
	page := m.answerPages(m.open(request))
	if page.Location == nil || !strings.HasPrefix(page.Location.String(), redirectURI+"?foo=bar&") || page.Location.Query().Get("code") == "" {
		m.Errorf("answered at %v", page.Location)
	}
}

// redirectQuery: the query of a redirect URI is compared as it was registered.
func redirectQuery(others ...string) func(*module) {
	return func(m *module) {
		id := m.withQuery()
		for _, uri := range others {
			m.mustGoNowhere(m.request("client_id", id, "redirect_uri", uri))
		}
		m.mustAsk(m.open(m.request("client_id", id, "redirect_uri", redirectURI+"?foo=bar")))
	}
}

// mustGoNowhere wants a page, and nobody sent anywhere.
func (m *module) mustGoNowhere(request url.Values) {
	m.Helper()
	if page := m.open(request); page.Location != nil || page.Status != http.StatusBadRequest {
		m.Errorf("%s is answered %d, %v", request.Get("redirect_uri"), page.Status, page.Location)
	}
}

// redirectMissing: OpenID Connect Core 3.1.2.1 wants the redirect URI in each request, of
// a client with a single one too.
func redirectMissing(m *module) {
	m.mustGoNowhere(m.request("client_id", m.registered()["client_id"].(string), "redirect_uri", ""))
}

// shownAtSignIn wants what a client registered of itself where somebody signs in to it.
func shownAtSignIn(field string) func(*module) {
	return func(m *module) {
		const address = "https://suite.example.com/shown"
		page := m.open(m.request("client_id", m.registered(field, address)["client_id"].(string)))
		m.mustAsk(page)
		want := `href="` + address + `"`
		if field == "logo_uri" {
			want = `class="client-logo"` // fetched and served by the provider: nobody else learns who signs in
		}
		if !strings.Contains(page.Body, want) {
			m.Errorf("no %s on the page: %s", want, page.Body)
		}
	}
}
