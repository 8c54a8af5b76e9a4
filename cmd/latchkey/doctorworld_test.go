package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// ailing has one check of doctor look at a node whose dependencies are changed, and wants
// it to name a fault, and what to do.
func ailing(t *testing.T, name string, store *sqlstore.Store, d dependencies, change func(*dependencies, *config.Config), look func(context.Context, *sqlstore.Store, *dependencies) error, problem, fix string) {
	t.Helper()
	cfg := *d.cfg
	d.cfg = &cfg
	if change != nil {
		change(&d, &cfg)
	}
	err := look(t.Context(), store, &d)
	if problem == "" {
		if err != nil {
			t.Errorf("%s: %v, want nothing", name, err)
		}
		return
	}
	var found *ailment
	if !errors.As(err, &found) || !strings.Contains(found.problem, problem) || !strings.Contains(found.fix, fix) {
		t.Errorf("%s: %#v, want %q and %q", name, err, problem, fix)
	}
}

// What DNS says of the sender's domain, and of the issuer and redirect URIs.
func TestDoctorAsksDNS(t *testing.T) {
	now := time.Now()
	n := newIdleServer(t, &now)
	listening, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listening.Close() })
	port := listening.Addr().(*net.TCPAddr).Port
	closed := testenv.FreePort(t)
	resolver := dnsServer{
		addresses: map[string][4]byte{"app.test": {127, 0, 0, 1}},
		texts: map[string][]string{
			"good.test": {"google-site-verification=x", "v=spf1 mx -all"}, "_dmarc.good.test": {"v=DMARC1; p=none"},
			"none.test": {"v=spf10 is another"}, "two.test": {"v=spf1 mx -all", "V=SPF1 a -all"}, "open.test": {"v=spf1 +all"}, "unsigned.test": {"v=spf1 mx ~all"},
		},
	}.start(t)
	sender := func(domain string) func(*dependencies, *config.Config) {
		return func(d *dependencies, c *config.Config) {
			d.resolver = resolver
			c.Mail.SMTPURL, c.Mail.From = config.NewSecret("smtps://mail.example.com"), "Latchkey <id@"+domain+">"
		}
	}
	for domain, want := range map[string][2]string{
		"good.test": {"", ""}, "none.test": {"none.test has no SPF record", "v=spf1 include:"}, "nowhere.test": {"nowhere.test has no SPF record", "TXT record"},
		"two.test": {"two.test has 2 SPF records", "one TXT record"}, "open.test": {"lets everybody send", "-all"}, "unsigned.test": {"unsigned.test has no DMARC record", "DKIM"},
	} {
		ailing(t, "mail from "+domain, n.store, *n.boot, sender(domain), doctorSender, want[0], want[1])
	}
	ailing(t, "no mail", n.store, *n.boot, nil, doctorSender, "", "")
	silent, cancel := context.WithCancel(t.Context())
	cancel()
	if err := doctorSender(silent, n.store, func() *dependencies { d := *n.boot; c := *d.cfg; d.cfg = &c; sender("good.test")(&d, &c); return &d }()); err == nil || !strings.Contains(err.Error(), "cannot be looked up") {
		t.Errorf("a resolver that does not answer: %v", err)
	}

	ailing(t, "an issuer that is not in DNS", n.store, *n.boot, func(d *dependencies, c *config.Config) { d.resolver, c.Issuer = resolver, "https://gone.test" },
		doctorIssuer, "its name is not found", "an address in DNS")

	redirects := func(uris ...string) func(*dependencies, *config.Config) {
		return func(d *dependencies, c *config.Config) {
			d.resolver, c.Clients = resolver, append([]config.Client{}, c.Clients...)
			c.Clients[0].RedirectURIs = uris
		}
	}
	ailing(t, "a client that is there", n.store, *n.boot, redirects(fmt.Sprintf("https://app.test:%d/cb", port), "http://127.0.0.1:9/cb"), doctorRedirects, "", "")
	ailing(t, "a client that is not in DNS", n.store, *n.boot, redirects("https://gone.test/cb"), doctorRedirects, "gone.test:443 is not in DNS", "redirect_uris")
	ailing(t, "a client where nobody listens", n.store, *n.boot, redirects(fmt.Sprintf("https://app.test:%d/cb", closed)), doctorRedirects, fmt.Sprintf("app.test:%d cannot be reached from here", closed), "redirect_uris")
	ailing(t, "a client that is not https", n.store, *n.boot, redirects("http://app.test/cb"), doctorRedirects, "http://app.test/cb is not https", "redirect_uris")
	ailing(t, "a client with a wildcard", n.store, *n.boot, redirects("https://*.app.test/cb"), doctorRedirects, "https://*.app.test/cb has a wildcard", "redirect_uris")
}

// certified is a server with a certificate that an authority of the test signed.
func certified(t *testing.T, names []string, until time.Time) string {
	t.Helper()
	authority, key := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, newECKey(t)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, DNSNames: names, IPAddresses: []net.IP{}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until}
	if len(names) == 0 {
		leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	own := newECKey(t)
	raw, err := x509.CreateCertificate(rand.Reader, leaf, authority, &own.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: own}}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func newECKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A certificate, and a proxy in front, as others see them.
func TestDoctorLooksFromOutside(t *testing.T) {
	now := time.Now()
	n := newIdleServer(t, &now)
	at := func(issuer string) func(*dependencies, *config.Config) {
		return func(_ *dependencies, c *config.Config) { c.Issuer = issuer }
	}
	soon := now.Add(time.Hour)
	ailing(t, "a certificate that has expired", n.store, *n.boot, at(certified(t, nil, now.Add(-24*time.Hour))), doctorIssuer, "its certificate: it was good from", "renew it")
	ailing(t, "a certificate of another host", n.store, *n.boot, at(certified(t, []string{"other.example"}, soon)), doctorIssuer, "it is for other.example, not for 127.0.0.1", "among its names")
	ailing(t, "a certificate without its chain", n.store, *n.boot, at(certified(t, nil, soon)), doctorIssuer, `without that of "Test CA"`, "whole chain")

	// Proxies in front of a node: a good one, and one that believes whoever sends a header.
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "127.0.0.1" {
			http.Error(w, "misdirected", http.StatusMisdirectedRequest)
			return
		}
		fmt.Fprintf(w, `{"issuer":"%s://id.example"}`, r.Header.Get("Scheme"))
	}))
	t.Cleanup(node.Close)
	behind := func(rewrite func(in *http.Request, out *http.Request)) string {
		to, err := url.Parse(node.URL)
		if err != nil {
			t.Fatal(err)
		}
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			out := r.Clone(r.Context())
			out.RequestURI, out.URL.Scheme, out.URL.Host, out.Host = "", to.Scheme, to.Host, "127.0.0.1"
			out.Header.Set("Scheme", "https")
			rewrite(r, out)
			answer, err := http.DefaultTransport.RoundTrip(out)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
				return
			}
			defer answer.Body.Close()
			w.WriteHeader(answer.StatusCode)
			_, _ = io.Copy(w, answer.Body)
		}))
		t.Cleanup(proxy.Close)
		return proxy.URL
	}
	for name, c := range map[string]struct {
		rewrite func(in, out *http.Request)
		problem string
	}{
		"a proxy that overwrites": {func(_, out *http.Request) { out.Header.Set("X-Forwarded-Host", "id.example") }, ""},
		"X-Forwarded-Host": {func(in, out *http.Request) {
			if host := in.Header.Get("X-Forwarded-Host"); host != "" {
				out.Host = host
			}
		}, "X-Forwarded-Host: doctor.invalid is answered differently"},
		"X-Forwarded-Proto": {func(in, out *http.Request) {
			if proto := in.Header.Get("X-Forwarded-Proto"); proto != "" {
				out.Header.Set("Scheme", proto)
			}
		}, "X-Forwarded-Proto: http is answered differently"},
		"Forwarded": {func(in, out *http.Request) {
			if strings.Contains(in.Header.Get("Forwarded"), "host=") {
				out.Host = "doctor.invalid"
			}
		}, "Forwarded: for=192.0.2.1;host=doctor.invalid;proto=http is answered differently"},
	} {
		ailing(t, name, n.store, *n.boot, at(behind(c.rewrite)), doctorForwarded, c.problem, "overwrite the header")
	}

	// A proxy that does not say for whom it asks.
	proxies := func(_ *dependencies, c *config.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	}
	record := func(from string, times int) {
		t.Helper()
		for range times {
			if err := n.current.Load().accounts.Record(t.Context(), account.Visitor(account.Origin{Address: from}), storage.EventSignInFailed, "", storage.Failure, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	record("10.0.0.5", fewEvents-1)
	ailing(t, "too few requests to tell", n.store, *n.boot, proxies, doctorAddresses, "", "")
	record("10.0.0.5", 1)
	ailing(t, "a proxy that says nothing of whom it asks for", n.store, *n.boot, proxies, doctorAddresses, "every request seems to come from 10.0.0.5", "X-Forwarded-For")
	ailing(t, "an office without a proxy", n.store, *n.boot, nil, doctorAddresses, "", "")
	record("10.0.0.6", 1)
	ailing(t, "two people behind a proxy", n.store, *n.boot, proxies, doctorAddresses, "", "")
}
