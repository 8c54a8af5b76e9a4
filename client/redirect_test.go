package client

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
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
		list, typ := web, TypeConfidential
		if tc.native {
			list, typ = native, TypeNative
		}
		if got := matchesAny(list, typ, tc.uri); got != tc.want {
			t.Errorf("%s %q: %t, want %t", typ, tc.uri, got, tc.want)
		}
	}
}

// TestAZ1_ARegistrationIsNoPass shows that a mistake in the configuration does
// not open a redirect.
func TestAZ1_ARegistrationIsNoPass(t *testing.T) {
	for _, tc := range []struct {
		uri string
		typ Type
	}{
		{"http://app.example.com/cb", TypeConfidential},
		{"https://user@app.example.com/cb", TypeConfidential},
		{"https://app.example.com/cb#f", TypeConfidential},
		{"https://*.example.com/cb", TypeConfidential},
		{"com.example.app:/cb", TypeConfidential},
		{"myapp:/cb", TypeNative},
		{"javascript:alert(1)", TypeNative},
		{"https:///cb", TypeConfidential},
		{"", TypeConfidential},
	} {
		if matchesAny([]string{tc.uri}, tc.typ, tc.uri) {
			t.Errorf("%s %q passes", tc.typ, tc.uri)
		}
	}
	// Only a native client's port varies, even on loopback.
	if matchesAny([]string{"http://127.0.0.1/cb"}, TypeConfidential, "http://127.0.0.1:80/cb") {
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
		if matchesAny(registered, TypeConfidential, uri) && !slices.Contains(registered, uri) {
			t.Fatalf("%q is not registered", uri)
		}
		if !matchesAny(registered, TypeNative, uri) || slices.Contains(registered, uri) {
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

// TestAZ1_NamesBelowLocalhostAreLoopback: what validation takes for loopback
// must match as loopback.
func TestAZ1_NamesBelowLocalhostAreLoopback(t *testing.T) {
	native := Client{Metadata: Metadata{
		Type: TypeNative, RedirectURIs: []string{"http://app.localhost/cb", "http://127.9.8.7/cb"},
		PostLogoutRedirectURIs: []string{"http://app.localhost:7000/bye"},
	}}
	for uri, want := range map[string]bool{
		"http://app.localhost/cb":               true,
		"http://app.localhost:51234/cb":         true,
		"http://127.9.8.7:51234/cb":             true,
		"http://other.localhost/cb":             false,
		"http://localhost/cb":                   false,
		"http://app.localhost.evil.example/cb":  false,
		"http://evil-localhost/cb":              false,
		"https://app.localhost/cb":              false,
		"http://APP.localhost/cb":               false,
		"http://app.localhost:51234/cb/further": false,
	} {
		if got := native.MatchesRedirect(uri); got != want {
			t.Errorf("%s: %t, want %t", uri, got, want)
		}
	}
	if !native.MatchesPostLogout("http://app.localhost:9/bye") || native.MatchesPostLogout("http://app.localhost:9/cb") {
		t.Error("addresses after sign-out are matched by another rule")
	}
	confidential := Client{Metadata: Metadata{Type: TypeConfidential, RedirectURIs: []string{"http://app.localhost/cb"}}}
	if !confidential.MatchesRedirect("http://app.localhost/cb") || confidential.MatchesRedirect("http://app.localhost:80/cb") {
		t.Error("of a confidential client, what is registered matches and its port does not vary")
	}
}
