package op

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	bydocument "github.com/latchkey-id/latchkey/client/document"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/internal/fetch"
	"github.com/latchkey-id/latchkey/storage"
)

const (
	documentID   = "https://agent.example/oauth/client.json"
	documentBack = "https://agent.example/cb"
)

// outsideWorld is the outside world: what is at which address, behind one name service.
type outsideWorld struct {
	mu    sync.Mutex
	at    map[string]http.HandlerFunc // by host and path
	names map[string][]string
	calls map[string]int
}

func (w *outsideWorld) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	key := r.Host + r.URL.Path
	w.calls[key]++
	h := w.at[key]
	w.mu.Unlock()
	if h == nil {
		http.NotFound(out, r)
		return
	}
	h(out, r)
}

// put publishes JSON, which may be kept for so long as its headers say.
func (w *outsideWorld) put(address string, body any, header ...string) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	w.serve(address, func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			out.Header().Set(header[i], header[i+1])
		}
		_, _ = out.Write(text)
	})
}

func (w *outsideWorld) serve(address string, h http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at[strings.TrimPrefix(address, "https://")] = h
}

func (w *outsideWorld) called(address string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[strings.TrimPrefix(address, "https://")]
}

// documents is a site at which clients are known by their documents.
type documents struct {
	*site
	web     *outsideWorld
	server  *httptest.Server
	stored  *client.Stored
	clients *bydocument.Clients
	locks   *client.Locks
}

func newDocuments(t *testing.T, change ...func(*bydocument.Config)) *documents {
	t.Helper()
	d := &documents{web: &outsideWorld{at: map[string]http.HandlerFunc{}, names: map[string][]string{}, calls: map[string]int{}}, locks: &client.Locks{}}
	server := httptest.NewUnstartedServer(d.web)
	certificate, roots := selfSigned(t, "agent.example", "other.example", "cdn.example", "rebinding.example")
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	d.server = server
	d.site = signedInSite(t)
	fetcher := fetch.New(fetch.Config{
		RootCAs: roots, Now: d.clock.Now, Timeout: 2 * time.Second,
		Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
			d.web.mu.Lock()
			defer d.web.mu.Unlock()
			answers := d.web.names[host]
			if len(answers) == 0 {
				return []netip.Addr{netip.MustParseAddr("8.8.8.8")}, nil
			}
			if len(answers) > 1 {
				d.web.names[host] = answers[1:]
			}
			return []netip.Addr{netip.MustParseAddr(answers[0])}, nil
		},
		Dial: func(ctx context.Context, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "tcp", server.Listener.Addr().String())
		},
	})
	lifetimes := client.Lifetimes{AccessToken: 10 * time.Minute, IDToken: 10 * time.Minute, RefreshIdle: time.Hour, Refresh: time.Hour}
	d.stored = client.NewStored(client.StoredConfig{Store: d.store.Clients(), Lifetimes: lifetimes, UnusedFor: 30 * 24 * time.Hour, Now: d.clock.Now})
	policy := registration.Policy{
		GrantTypes: []string{client.GrantAuthorizationCode, client.GrantRefreshToken}, ResponseTypes: []string{"code"}, Scopes: []string{"openid", "profile", "offline_access"},
	}
	cfg := bydocument.Config{
		Hosts: []string{"agent.example", "*.agent.example"}, Fetch: fetcher, Store: d.store.Clients(), Rows: d.stored, Scopes: policy.Scopes,
		Judge: registration.New(registration.Config{
			Judge: client.Policy{SigningAlgs: []string{"RS256", "ES256"}}, Policy: policy, Lifetimes: lifetimes, Now: d.clock.Now, Random: rand.Reader,
		}),
		MinAge: 5 * time.Minute, Stale: 24 * time.Hour, PerNetwork: storage.Bucket{Burst: 1000, Every: time.Second}, PerHost: storage.Bucket{Burst: 1000, Every: time.Second},
		Counters: d.ephemeral, Hasher: testHasher(t), Now: d.clock.Now,
		Begin: func(_ context.Context, typ storage.EventType) (storage.Event, error) {
			return d.store.event(typ, d.clock.Now()), nil
		},
	}
	for _, c := range change {
		c(&cfg)
	}
	d.clients = bydocument.New(cfg)
	made := d.provider.cfg
	made.Clients = client.NewRegistry(d.registry.Snapshot(), d.stored, d.clients).Refusing(d.locks)
	made.Used, made.Documents, made.Fetch = d.clients.Used, true, fetcher
	d.start(made)
	return d
}

// selfSigned is a certificate for hosts, and who vouches for it.
func selfSigned(t *testing.T, hosts ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: hosts, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// documentOf is a document that is in order; pairs change it, and nil removes a member.
func documentOf(id string, pairs ...any) map[string]any {
	m := map[string]any{
		"client_id": id, "client_name": "Agent", "redirect_uris": []string{documentBack, "http://127.0.0.1/cb"},
		"grant_types": []string{"authorization_code", "refresh_token", "urn:example:unknown"}, "token_endpoint_auth_method": "none", "x_unknown": true,
	}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
		if pairs[i+1] == nil {
			delete(m, pairs[i].(string))
		}
	}
	return m
}

func (d *documents) authorize(id string, pairs ...string) *httptest.ResponseRecorder {
	return d.get(authorizePath, authorization(append([]string{"client_id", id, "redirect_uri", documentBack, "scope", "openid profile offline_access"}, pairs...)...))
}

// codeOf is the code of an authorization that has to go well.
func (d *documents) codeOf(id string) string {
	d.t.Helper()
	return answerAt(d.t, d.authorize(id), documentBack).Get("code")
}

func (d *documents) exchangeAs(id, code string, pairs ...string) *answer {
	d.t.Helper()
	return d.post(tokenPath, nil, append([]string{
		"grant_type", "authorization_code", "client_id", id, "code", code, "redirect_uri", documentBack, "code_verifier", testVerifier,
	}, pairs...)...)
}
