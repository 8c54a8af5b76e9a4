package op

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/storage"
)

func TestAZ1_RedirectURIs(t *testing.T) {
	const registered = "https://app.example.com/cb"
	web := []string{registered, "https://app.example.com/cb?tenant=a"}
	native := []string{
		"http://127.0.0.1/cb", "http://127.0.0.1:8080/fixed", "http://[::1]/cb", "http://localhost/cb", "com.example.app:/cb",
		"https://app.example.com/cb", "http://127.0.0.1/q?a=b",
	}
	for _, tc := range []struct {
		uri    string
		native bool
		want   bool
	}{
		{uri: registered, want: true},
		{uri: registered + "?tenant=a", want: true},
		{uri: "", want: false},
		{uri: registered + "/", want: false},
		{uri: registered + "?", want: false},
		{uri: registered + "?tenant=b", want: false},
		{uri: registered + "?tenant=a&x=y", want: false},
		{uri: registered + "#", want: false},
		{uri: registered + "#fragment", want: false},
		{uri: registered + "/../cb", want: false},
		{uri: "https://app.example.com/%63b", want: false},
		{uri: "https://app.example.com/x/%2e%2e/cb", want: false},
		{uri: "https://app.example.com//cb", want: false},
		{uri: "https://app.example.com/CB", want: false},
		{uri: "https://APP.example.com/cb", want: false},
		{uri: "HTTPS://app.example.com/cb", want: false},
		{uri: "https://app.example.com:443/cb", want: false},
		{uri: "https://app.example.com:8443/cb", want: false},
		{uri: "https://app.example.com./cb", want: false},
		{uri: "https://app.example.com.evil.example/cb", want: false},
		{uri: "https://evil-app.example.com/cb", want: false},
		{uri: "https://app.example.com@evil.example/cb", want: false},
		{uri: "https://evil.example@app.example.com/cb", want: false},
		{uri: "https://evil.example/https://app.example.com/cb", want: false},
		{uri: "https://evil.example\\@app.example.com/cb", want: false},
		{uri: "https:\\\\app.example.com/cb", want: false},
		{uri: "https:app.example.com/cb", want: false},
		{uri: "//app.example.com/cb", want: false},
		{uri: "http://app.example.com/cb", want: false},
		{uri: "https://*.example.com/cb", want: false},
		{uri: "https://app.example.com/*", want: false},
		{uri: " " + registered, want: false},
		{uri: registered + " ", want: false},
		{uri: registered + "\r\nSet-Cookie: a=b", want: false},
		{uri: registered + "\x00", want: false},
		{uri: "https://äpp.example.com/cb", want: false},
		{uri: "javascript:alert(1)", want: false},
		{uri: "data:text/html,x", want: false},

		{uri: "http://127.0.0.1/cb", native: true, want: true},
		{uri: "http://127.0.0.1:1/cb", native: true, want: true},
		{uri: "http://127.0.0.1:65535/cb", native: true, want: true},
		{uri: "http://127.0.0.1:9999/fixed", native: true, want: true},
		{uri: "http://127.0.0.1:9999/q?a=b", native: true, want: true},
		{uri: "http://[::1]:51234/cb", native: true, want: true},
		{uri: "http://localhost:51234/cb", native: true, want: true},
		{uri: "com.example.app:/cb", native: true, want: true},
		{uri: "https://app.example.com/cb", native: true, want: true},
		{uri: "http://127.0.0.1:0/cb", native: true, want: false},
		{uri: "http://127.0.0.1:65536/cb", native: true, want: false},
		{uri: "http://127.0.0.1:/cb", native: true, want: false},
		{uri: "http://127.0.0.1:+80/cb", native: true, want: false},
		{uri: "http://127.0.0.1:80:80/cb", native: true, want: false},
		{uri: "http://127.0.0.2:80/cb", native: true, want: false},
		{uri: "http://127.1:80/cb", native: true, want: false},
		{uri: "http://2130706433:80/cb", native: true, want: false},
		{uri: "http://[::ffff:127.0.0.1]:80/cb", native: true, want: false},
		{uri: "http://[0:0:0:0:0:0:0:1]:80/cb", native: true, want: false},
		{uri: "http://::1:80/cb", native: true, want: false},
		{uri: "http://127.0.0.1:80/other", native: true, want: false},
		{uri: "http://127.0.0.1:80/cb?a=b", native: true, want: false},
		{uri: "http://127.0.0.1:80/cb#f", native: true, want: false},
		{uri: "http://user@127.0.0.1:80/cb", native: true, want: false},
		{uri: "http://127.0.0.1:80@evil.example/cb", native: true, want: false},
		{uri: "http://127.0.0.1.evil.example:80/cb", native: true, want: false},
		{uri: "http://localhost.evil.example:80/cb", native: true, want: false},
		{uri: "https://127.0.0.1:80/cb", native: true, want: false},
		{uri: "https://app.example.com:8443/cb", native: true, want: false},
		{uri: "com.example.app:/cb?x", native: true, want: false},
		{uri: "com.example.app://cb", native: true, want: false},
	} {
		list, typ := web, storage.ClientConfidential
		if tc.native {
			list, typ = native, storage.ClientNative
		}
		if got := redirectURIAllowed(list, typ, tc.uri); got != tc.want {
			t.Errorf("%s %q: %t, want %t", typ, tc.uri, got, tc.want)
		}
	}
}

// TestAZ1_ARegistrationIsNoPass shows that a mistake in the configuration does
// not open a redirect.
func TestAZ1_ARegistrationIsNoPass(t *testing.T) {
	for _, tc := range []struct {
		uri string
		typ storage.ClientType
	}{
		{"http://app.example.com/cb", storage.ClientConfidential},
		{"https://user@app.example.com/cb", storage.ClientConfidential},
		{"https://app.example.com/cb#f", storage.ClientConfidential},
		{"https://*.example.com/cb", storage.ClientConfidential},
		{"com.example.app:/cb", storage.ClientConfidential},
		{"myapp:/cb", storage.ClientNative},
		{"javascript:alert(1)", storage.ClientNative},
		{"https:///cb", storage.ClientConfidential},
		{"", storage.ClientConfidential},
	} {
		if redirectURIAllowed([]string{tc.uri}, tc.typ, tc.uri) {
			t.Errorf("%s %q passes", tc.typ, tc.uri)
		}
	}
	// Only a native client's port varies, even on loopback.
	if redirectURIAllowed([]string{"http://127.0.0.1/cb"}, storage.ClientConfidential, "http://127.0.0.1:80/cb") {
		t.Error("the port of a confidential client varies")
	}
}

func FuzzRedirectURI(f *testing.F) {
	for _, seed := range []string{
		"https://app.example.com/cb", "https://app.example.com/cb?tenant=a", "http://127.0.0.1:8080/cb", "http://[::1]:1/cb",
		"com.example.app:/cb", "https://evil@app.example.com/cb", "http://127.0.0.1:80@evil/cb", "https://app.example.com\\.evil/cb",
		"http://localhost:1/cb", "http://127.0.0.1:80/cb#x", "https://app.example.com/%2e%2e/cb",
	} {
		f.Add(seed)
	}
	registered := []string{"https://app.example.com/cb", "http://127.0.0.1/cb", "http://[::1]:7/cb?x=y", "http://localhost/cb", "com.example.app:/cb"}
	f.Fuzz(func(t *testing.T, uri string) {
		if redirectURIAllowed(registered, storage.ClientConfidential, uri) && !slices.Contains(registered, uri) {
			t.Fatalf("%q is not registered", uri)
		}
		if !redirectURIAllowed(registered, storage.ClientNative, uri) || slices.Contains(registered, uri) {
			return
		}
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatalf("%q cannot be parsed: %v", uri, err)
		}
		if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
			t.Errorf("%q is not on loopback", uri)
		}
		if u.Scheme != "http" || u.User != nil || u.Fragment != "" || strings.Contains(uri, "#") {
			t.Errorf("%q has more than a port of its own", uri)
		}
		same := slices.ContainsFunc(registered, func(r string) bool {
			known, err := url.Parse(r)
			return err == nil && known.Hostname() == u.Hostname() && known.EscapedPath() == u.EscapedPath() && known.RawQuery == u.RawQuery
		})
		if !same {
			t.Errorf("%q differs in more than the port", uri)
		}
	})
}
