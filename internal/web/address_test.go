package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// TestPA4_WhoSentARequest shows whose word is taken for the address that
// bindings, limits and events use.
func TestPA4_WhoSentARequest(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ffff::/48")}
	for name, tc := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"nobody in between":              {peer: "192.0.2.7:4711", want: "192.0.2.7"},
		"forged by a stranger":           {peer: "192.0.2.7:4711", forwarded: []string{"198.51.100.1"}, want: "192.0.2.7"},
		"told by the proxy":              {peer: "10.1.2.3:80", forwarded: []string{"198.51.100.1"}, want: "198.51.100.1"},
		"forged in front of the proxy":   {peer: "10.1.2.3:80", forwarded: []string{"203.0.113.9, 198.51.100.1"}, want: "198.51.100.1"},
		"forged in a header of its own":  {peer: "10.1.2.3:80", forwarded: []string{"203.0.113.9", "198.51.100.1"}, want: "198.51.100.1"},
		"forged as one of the proxies":   {peer: "10.1.2.3:80", forwarded: []string{"203.0.113.9, 10.9.9.9, 198.51.100.1"}, want: "198.51.100.1"},
		"through two proxies":            {peer: "10.1.2.3:80", forwarded: []string{"198.51.100.1, 10.7.7.7"}, want: "198.51.100.1"},
		"through a proxy of IPv6":        {peer: "[2001:db8:ffff::1]:80", forwarded: []string{"[2001:db8::5]:1234"}, want: "2001:db8::5"},
		"a proxy alone":                  {peer: "10.1.2.3:80", want: "10.1.2.3"},
		"a proxy for a proxy":            {peer: "10.1.2.3:80", forwarded: []string{"10.7.7.7"}, want: "10.7.7.7"},
		"nonsense":                       {peer: "10.1.2.3:80", forwarded: []string{"unknown"}, want: "10.1.2.3"},
		"nonsense behind an address":     {peer: "10.1.2.3:80", forwarded: []string{"198.51.100.1, '; DROP"}, want: "10.1.2.3"},
		"an IPv4 address as one of IPv6": {peer: "[::ffff:10.1.2.3]:80", forwarded: []string{"::ffff:198.51.100.1"}, want: "198.51.100.1"},
	} {
		t.Run(name, func(t *testing.T) {
			var got netip.Addr
			handler := Wrap(Config{TrustedProxies: trusted, Hosts: []string{"id.example.com"}, Log: slog.New(slog.DiscardHandler)},
				http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = ClientAddress(r.Context()) }))
			r := httptest.NewRequest(http.MethodGet, "https://id.example.com/login", nil)
			r.RemoteAddr = tc.peer
			r.Header["X-Forwarded-For"] = tc.forwarded
			for _, header := range []string{"Forwarded", "X-Real-Ip", "X-Client-Ip", "Cf-Connecting-Ip", "True-Client-Ip"} {
				r.Header.Set(header, "203.0.113.66")
			}
			handler.ServeHTTP(httptest.NewRecorder(), r)
			if got.String() != tc.want {
				t.Errorf("the request counts as from %s, want %s", got, tc.want)
			}
		})
	}
}

func TestPA4_HostAndRequestIDOfStrangers(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	served := false
	cfg := Config{
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Hosts: []string{"id.example.com"},
		Errors: &Errors{Log: log, Render: func(w http.ResponseWriter, _ *http.Request, page ErrorPage) { w.WriteHeader(page.Status) }}, Log: log,
	}
	handler := Wrap(cfg, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true }))
	send := func(host, peer string) *httptest.ResponseRecorder {
		served = false
		r := httptest.NewRequest(http.MethodGet, "https://"+host+"/login", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-Host", "id.example.com")
		r.Header.Set("X-Request-Id", "chosen-by-the-sender")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	for _, peer := range []string{"192.0.2.7:1", "10.1.2.3:1"} {
		if w := send("evil.example", peer); served || w.Code != http.StatusMisdirectedRequest {
			t.Errorf("from %s another host is answered %d", peer, w.Code)
		}
	}
	if w := send("id.example.com", "192.0.2.7:1"); !served || w.Header().Get("X-Request-Id") == "chosen-by-the-sender" {
		t.Errorf("a stranger's request id is %q", w.Header().Get("X-Request-Id"))
	}
	if w := send("id.example.com", "10.1.2.3:1"); w.Header().Get("X-Request-Id") != "chosen-by-the-sender" {
		t.Errorf("a proxy's request id became %q", w.Header().Get("X-Request-Id"))
	}
}

// TestTH1_NeighboringNetworksAreCountedTogether: one customer has many networks of IPv6.
func TestTH1_NeighboringNetworksAreCountedTogether(t *testing.T) {
	for address, want := range map[string]string{
		"2001:db8:aa:bb00::1": "2001:db8:aa:bb00::/64 2001:db8:aa:bb00::/56 2001:db8:aa::/48",
		"2001:db8:aa:bb01::1": "2001:db8:aa:bb01::/64 2001:db8:aa:bb00::/56 2001:db8:aa::/48",
		"192.0.2.7":           "192.0.2.7",
	} {
		if got := strings.Join(AddressBuckets(netip.MustParseAddr(address)), " "); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}
