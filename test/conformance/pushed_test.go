package conformance

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// push pushes a request of a client, and returns the status and the request_uri.
func (m *module) push(c client, request url.Values) (int, string) {
	m.Helper()
	var endpoint struct {
		Push string `json:"pushed_authorization_request_endpoint"`
	}
	if err := m.provider.Claims(&endpoint); err != nil {
		m.Fatal(err)
	}
	r := m.post(endpoint.Push, request)
	r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret))
	status, header, body := m.do(r)
	var said struct {
		RequestURI string `json:"request_uri"`
		ExpiresIn  int    `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &said); err != nil || header.Get("Cache-Control") != "no-store" {
		m.Fatalf("pushing is answered %d %s", status, body)
	}
	if status == http.StatusCreated && (said.ExpiresIn < 5 || said.ExpiresIn > 600) {
		m.Errorf("expires_in = %d", said.ExpiresIn)
	}
	return status, said.RequestURI
}

// pushed pushes a request, which must be taken, and returns that of the browser.
func (m *module) pushed(request url.Values) url.Values {
	m.Helper()
	status, uri := m.push(first, request)
	if status != http.StatusCreated || uri == "" {
		m.Fatalf("pushing is answered %d %q", status, uri)
	}
	return url.Values{"client_id": {first.ID}, "request_uri": {uri}}
}

func pushedHappyFlow(m *module) {
	request := m.request("scope", "openid email")
	got := m.finish(m.open(m.pushed(request)), request)
	m.mustHaveClaims(m.userinfo(m.userinfoGet(got), got.subject), []string{"email"})
}

// pushedReuse comes again before the sign-in, which is fine, and after it, which is not.
func pushedReuse(m *module) {
	request := m.request()
	browser := m.pushed(request)
	m.mustAsk(m.open(browser))
	m.finish(m.open(browser), request)
	m.mustShowError(m.open(browser))
}

func pushedForAnother(m *module) {
	browser := m.pushed(m.request())
	browser.Set("client_id", second.ID)
	m.mustShowError(m.open(browser))
}

func pushedRequestURI(m *module) {
	if status, uri := m.push(first, m.request("request_uri", "urn:ietf:params:oauth:request_uri:x")); status != http.StatusBadRequest || uri != "" {
		m.Errorf("pushing a request_uri is answered %d %q", status, uri)
	}
}

// pushedStateOutside must get no state back that was not pushed.
func pushedStateOutside(m *module) {
	request := m.request("state", "")
	browser := m.pushed(request)
	browser.Set("state", "outside")
	m.finish(m.open(browser), request)
}
