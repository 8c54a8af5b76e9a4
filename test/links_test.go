package test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// TestRE2_LinksAreMadeFromTheIssuer asks for a new password in every way that
// could make a link lead elsewhere.
func TestRE2_LinksAreMadeFromTheIssuer(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: "allowed_hosts: [other.example.com]\ntrusted_proxies: [127.0.0.1/32]\n"})
	for name, tc := range map[string]struct {
		host    string
		headers map[string]string
		status  int
	}{
		"a forged host":       {host: "evil.example", status: http.StatusMisdirectedRequest},
		"another name of its": {host: "other.example.com", status: http.StatusSeeOther},
		"what a proxy may say": {status: http.StatusSeeOther, headers: map[string]string{
			"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443", "X-Original-Url": "https://evil.example/",
			"Forwarded": "host=evil.example;proto=https", "X-Forwarded-Prefix": "/evil.example",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := node.Browser(t)
			page := b.Get("/forgot-password")
			form := url.Values{"csrf": {page.Value("csrf")}, "email": {"demo@example.com"}}
			r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, node.Issuer+"/forgot-password", strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			r.Host = tc.host
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for name, value := range tc.headers {
				r.Header.Set(name, value)
			}
			before := len(linksTo(t, node, "demo@example.com"))
			via := node.HTTP()
			for _, cookie := range b.Jar().Cookies(page.URL) { // whatever the Host is
				r.AddCookie(cookie)
			}
			response, err := via.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if response.Body.Close(); response.StatusCode != tc.status {
				t.Fatalf("answered %d, want %d", response.StatusCode, tc.status)
			}
			links := linksTo(t, node, "demo@example.com")
			if sent := len(links) > before; sent != (tc.status == http.StatusSeeOther) {
				t.Errorf("%d links were sent", len(links)-before)
			}
			for _, link := range links {
				if !strings.HasPrefix(link, node.Issuer+"/") {
					t.Errorf("a link leads to %s", link)
				}
			}
		})
	}
}

// linksTo returns the links of all messages to an address.
func linksTo(t *testing.T, node *testenv.Node, address string) []string {
	t.Helper()
	page := node.Browser(t).Get("/dev/inbox.json?to=" + url.QueryEscape(address))
	var messages []struct {
		Links []string `json:"links"`
	}
	if err := json.Unmarshal([]byte(page.Body), &messages); err != nil {
		t.Fatalf("inbox %q: %v", page.Body, err)
	}
	var links []string
	for _, m := range messages {
		links = append(links, m.Links...)
	}
	return links
}
