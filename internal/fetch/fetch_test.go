package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// world is a name service and a network in which each address that may be called is
// the test's own server.
type world struct {
	names  map[string][][]string // the answers of the name service, one after the other
	asked  map[string]int
	dialed []string
	mu     sync.Mutex
	server *httptest.Server
	now    time.Time
}

func newWorld(t *testing.T, h http.Handler) *world {
	t.Helper()
	w := &world{names: map[string][][]string{}, asked: map[string]int{}, server: httptest.NewTLSServer(h), now: time.Unix(1_800_000_000, 0)}
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) resolve(_ context.Context, host string) ([]netip.Addr, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	answers := w.names[host]
	if len(answers) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	now := answers[min(w.asked[host], len(answers)-1)]
	w.asked[host]++
	var list []netip.Addr
	for _, text := range now {
		list = append(list, netip.MustParseAddr(text))
	}
	return list, nil
}

func (w *world) dial(ctx context.Context, address string) (net.Conn, error) {
	w.mu.Lock()
	w.dialed = append(w.dialed, address)
	w.mu.Unlock()
	var d net.Dialer
	return d.DialContext(ctx, "tcp", w.server.Listener.Addr().String())
}

// client calls the world; the certificate of the test's server is for example.com.
func (w *world) client(change ...func(*Config)) *Client {
	roots := x509.NewCertPool()
	roots.AddCert(w.server.Certificate())
	cfg := Config{Resolve: w.resolve, Dial: w.dial, RootCAs: roots, MaxBytes: 1 << 10, Timeout: time.Minute, Now: func() time.Time { return w.now }}
	for _, c := range change {
		c(&cfg)
	}
	return New(cfg)
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// inside are addresses that no client may have us call.
var inside = []string{
	"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255",
	"192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
	"255.255.255.255", "192.88.99.1",
	"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
	"100::1", "fc00::1", "fd12:3456::1", "fd00:ec2::254", "::ffff:169.254.169.254", "fe80::1", "fec0::1", "ff02::1", "2001::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1",
}

func TestFT1_NamesThatLeadInside(t *testing.T) {
	t.Parallel()
	for _, address := range inside {
		w := newWorld(t, http.HandlerFunc(hello))
		w.names["example.com"] = [][]string{{address}}
		if _, err := w.client().Get(t.Context(), "https://example.com/", Request{}); !errors.Is(err, ErrForbidden) {
			t.Errorf("a name of %s: %v", address, err)
		}
		if len(w.dialed) > 0 {
			t.Errorf("a name of %s: dialed %v", address, w.dialed)
		}
	}
}

func TestFT1_AddressesInTheirSpellings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(hello))
	c := w.client()
	hosts := []string{
		"2130706433", "017700000001", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1.", "0", "0x", "1.2.3.4.5", "example.0x7f", "10.1", "4294967295",
		"[::ffff:7f00:1]", "[::ffff:8.8.8.8]", "[fe80::1%25eth0]", "[::1%25lo]", "①②⑦.⓪.⓪.①", "127。0。0。1",
	}
	for _, address := range inside {
		host := address
		if strings.Contains(address, ":") {
			host = "[" + address + "]"
		}
		hosts = append(hosts, host)
	}
	for _, host := range hosts {
		if _, err := c.Get(t.Context(), "https://"+host+"/x", Request{}); err == nil {
			t.Errorf("%s was called", host)
		}
	}
	for _, address := range []string{
		"http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "https:example.com", "//example.com/", "https://",
		"https://me:secret@example.com/", "https://example.com\\@evil.example/", "https://exa mple.com/", "", "data:text/plain,x", "unix:///run/x", "https://[::1/",
	} {
		if _, err := c.Get(t.Context(), address, Request{}); !errors.Is(err, ErrForbidden) || strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
	if len(w.dialed) > 0 {
		t.Errorf("dialed %v", w.dialed)
	}
}

// A name server that answers otherwise the second time changes nothing: what was
// judged is what is dialed.
func TestFT1_Rebinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(hello))
	w.names["example.com"] = [][]string{{"8.8.8.8"}, {"127.0.0.1"}}
	c := w.client()
	answer, err := c.Get(t.Context(), "https://example.com/", Request{})
	if err != nil || string(answer.Body) != "hello" {
		t.Fatalf("%v, %v", answer, err)
	}
	if !slices.Equal(w.dialed, []string{"8.8.8.8:443"}) || w.asked["example.com"] != 1 {
		t.Errorf("dialed %v after %d look-ups", w.dialed, w.asked["example.com"])
	}
	c.http.CloseIdleConnections()
	if _, err := c.Get(t.Context(), "https://example.com/other", Request{}); !errors.Is(err, ErrForbidden) {
		t.Errorf("the next connection: %v", err)
	}
	// Of several addresses only those are tried that may be called.
	w.names["example.com"], w.dialed = [][]string{{"10.0.0.1", "::1", "2606:4700::1111"}}, nil
	w.asked["example.com"] = 0
	if _, err := c.Get(t.Context(), "https://example.com:8443/third", Request{}); err != nil {
		t.Error(err)
	}
	if !slices.Equal(w.dialed, []string{"[2606:4700::1111]:8443"}) {
		t.Errorf("dialed %v", w.dialed)
	}
}

func TestFT1_AllowedNetworks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(hello))
	w.names["example.com"] = [][]string{{"10.20.1.1"}}
	allow := func(network string) func(*Config) {
		return func(c *Config) { c.Allowed = []netip.Prefix{netip.MustParsePrefix(network)} }
	}
	if _, err := w.client(allow("10.20.0.0/16")).Get(t.Context(), "https://example.com/", Request{}); err != nil {
		t.Error(err)
	}
	if _, err := w.client(allow("10.21.0.0/16")).Get(t.Context(), "https://example.com/", Request{}); !errors.Is(err, ErrForbidden) {
		t.Errorf("a neighboring network: %v", err)
	}
	if _, err := w.client(allow("10.20.0.0/16")).Get(t.Context(), "http://example.com/", Request{}); !errors.Is(err, ErrForbidden) {
		t.Errorf("an allowed network without TLS: %v", err)
	}
}

func TestFT1_LoopbackUnderDev(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(hello))
	t.Cleanup(plain.Close)
	dev := New(Config{Loopback: true})
	if answer, err := dev.Get(t.Context(), plain.URL, Request{}); err != nil || string(answer.Body) != "hello" {
		t.Errorf("%v, %v", answer, err)
	}
	if _, err := New(Config{}).Get(t.Context(), plain.URL, Request{}); !errors.Is(err, ErrForbidden) {
		t.Errorf("outside of dev: %v", err)
	}
	if _, err := dev.Get(t.Context(), "http://192.168.1.1/", Request{}); !errors.Is(err, ErrForbidden) {
		t.Errorf("another network under dev: %v", err)
	}
}

// No redirect is followed, by whatever status, method or header, and wherever to.
func TestFT1_RedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		status, err := strconv.Atoi(r.URL.Query().Get("status"))
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.Header().Set("Refresh", "0; url="+r.URL.Query().Get("to"))
		w.WriteHeader(status)
	}))
	w.names["example.com"] = [][]string{{"8.8.8.8"}}
	c := w.client()
	for _, code := range []int{http.StatusMultipleChoices, http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusUseProxy, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		for _, to := range []string{"https://127.0.0.1/admin", "https://example.com/elsewhere", "/elsewhere", "http://169.254.169.254/latest/meta-data/", "//[::1]/"} {
			address := fmt.Sprintf("https://example.com/?status=%d&to=%s", code, url.QueryEscape(to))
			before := calls.Load()
			_, err := c.Get(t.Context(), address, Request{})
			var status *StatusError
			if !errors.As(err, &status) || status.Status != code || calls.Load() != before+1 {
				t.Errorf("%d to %s: %v after %d calls", code, to, err, calls.Load()-before)
			}
			before = calls.Load()
			if answer, err := c.Post(t.Context(), address, "text/plain", []byte("x")); err == nil && answer.Status != code || calls.Load() != before+1 {
				t.Errorf("%d to %s: a post is answered %v, %v after %d calls", code, to, answer, err, calls.Load()-before)
			}
		}
	}
}

func TestFT1_SizeAndTimeAreBounded(t *testing.T) {
	t.Parallel()
	blocked := make(chan struct{})
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/huge":
			_, _ = w.Write(make([]byte, 1<<10+1))
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		case "/header":
			w.Header().Set("X", strings.Repeat("x", 64<<10))
		case "/zip":
			if r.Header.Get("Accept-Encoding") != "" {
				t.Errorf("asks for the encoding %q", r.Header.Get("Accept-Encoding"))
			}
			_, _ = w.Write(make([]byte, 1<<10))
		case "/slow":
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-blocked
		case "/silent":
			<-blocked
		}
	}))
	defer close(blocked)
	w.names["example.com"] = [][]string{{"8.8.8.8"}}
	c := w.client()
	for path, want := range map[string]error{"/huge": ErrTooLarge, "/endless": ErrTooLarge, "/zip": nil} {
		if _, err := c.Get(t.Context(), "https://example.com"+path, Request{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	hurried := w.client(func(c *Config) { c.Timeout = 300 * time.Millisecond }) // it hangs the test, or gives up
	for path, c := range map[string]*Client{"/header": c, "/slow": hurried, "/silent": hurried} {
		if _, err := c.Get(t.Context(), "https://example.com"+path, Request{}); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
}

// The certificate must be one for the host, whatever address was dialed.
func TestFT1_CertificatesAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(hello))
	w.names["other.test"] = [][]string{{"8.8.8.8"}}
	var name x509.HostnameError
	if _, err := w.client().Get(t.Context(), "https://other.test/", Request{}); !errors.As(err, &name) {
		t.Errorf("a certificate of another host: %v", err)
	}
	w.names["example.com"] = w.names["other.test"]
	var verification *tls.CertificateVerificationError
	if _, err := w.client(func(c *Config) { c.RootCAs = x509.NewCertPool() }).Get(t.Context(), "https://example.com/", Request{}); !errors.As(err, &verification) {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
}

func TestPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, "%s %s %s", r.Method, r.Header.Get("Content-Type"), body)
	}))
	w.names["example.com"] = [][]string{{"8.8.8.8"}}
	answer, err := w.client().Post(t.Context(), "https://example.com/", "text/plain", []byte("x"))
	if err != nil || answer.Status != http.StatusAccepted || string(answer.Body) != "POST text/plain x" {
		t.Errorf("%+v, %v", answer, err)
	}
	if _, err := w.client().Post(t.Context(), "https://127.0.0.1/", "text/plain", nil); !errors.Is(err, ErrForbidden) {
		t.Errorf("a post inside: %v", err)
	}
}
