package test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// certifiedSite is an installation whose service is known by its TLS certificate.
type certifiedSite struct {
	t                 *testing.T
	dir, address      string // of whoever ends TLS
	authority         *testenv.Authority
	caFile            string
	certFile, keyFile string // of the server
	// forged is a header that says that somebody has the service's certificate.
	forged map[string]string
}

func newCertifiedSite(t *testing.T) *certifiedSite {
	s := &certifiedSite{t: t, dir: t.TempDir(), address: testenv.FreeAddress(t), authority: testenv.NewAuthority(t, "Acme CA")}
	s.caFile = filepath.Join(s.dir, "ca.pem")
	if err := os.WriteFile(s.caFile, s.authority.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	server := s.authority.Issue(t, &x509.Certificate{DNSNames: []string{"localhost", "mtls.localhost"}})
	s.certFile, s.keyFile = testenv.WriteCertificate(t, s.dir, "server", server)
	return s
}

func (s *certifiedSite) port() string {
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	return port
}

// node starts the provider, with more configuration.
func (s *certifiedSite) node(listen, more string) *testenv.Node {
	return testenv.StartLatchkey(s.t, testenv.Latchkey{
		Issuer: "https://localhost:" + s.port(), Listen: listen,
		Config: more + `
admin: {api: true}
clients:
  - id: orders
    type: service
    auth_method: tls_client_auth
    tls_client_auth_subject_dn: CN=orders,O=Acme
    tls_client_certificate_bound_access_tokens: true
    scopes: ["admin:people.read"]
`,
	})
}

// proxied is the configuration behind a proxy that comes from 127.0.0.2.
func (s *certifiedSite) proxied(form string) string {
	return fmt.Sprintf("trusted_proxies: [127.0.0.2/32]\nmutual_tls: {from: %s, ca_file: %q}\n", form, s.caFile)
}

// The ways of a certificate to the provider: each names the host at which it counts, and
// the node's own address where that is another one.
var certifiedFronts = map[string]func(s *certifiedSite) (host, behind string){
	"native": func(s *certifiedSite) (host, behind string) {
		alias := "mtls.localhost:" + s.port()
		s.node(s.address, fmt.Sprintf("tls: {cert_file: %q, key_file: %q}\nmutual_tls: {from: tls, ca_file: %q, url: %q}\n",
			s.certFile, s.keyFile, s.caFile, "https://"+alias))
		return alias, ""
	},
	"nginx": func(s *certifiedSite) (host, behind string) {
		node := s.node("", s.proxied("nginx"))
		testenv.StartNginx(s.t, testenv.FreeAddress(s.t), fmt.Sprintf(`
        listen %s ssl;
        ssl_certificate %s; ssl_certificate_key %s; ssl_verify_client optional_no_ca;
        location / {
            proxy_pass http://%s; proxy_bind 127.0.0.2;
            proxy_set_header Host $http_host; proxy_set_header Ssl-Client-Cert $ssl_client_escaped_cert;
        }
`, s.address, s.certFile, s.keyFile, node.Address))
		return "localhost:" + s.port(), node.Address
	},
	"HAProxy": func(s *certifiedSite) (host, behind string) {
		node := s.node("", s.proxied("haproxy"))
		var both bytes.Buffer
		for _, file := range []string{s.certFile, s.keyFile} {
			text, err := os.ReadFile(file)
			if err != nil {
				s.t.Fatal(err)
			}
			both.Write(text)
		}
		pair := filepath.Join(s.dir, "both.pem")
		if err := os.WriteFile(pair, both.Bytes(), 0o600); err != nil {
			s.t.Fatal(err)
		}
		testenv.StartHAProxyWith(s.t, testenv.FreeAddress(s.t), fmt.Sprintf(`bind %s ssl crt %s ca-file %s verify optional crt-ignore-err all ca-ignore-err all
    http-request del-header X-SSL-Client-Cert
    http-request set-header X-SSL-Client-Cert %%[ssl_c_der,base64] if { ssl_c_used }`, s.address, pair, s.caFile), "source 127.0.0.2", node.Address).Await(1)
		return "localhost:" + s.port(), node.Address
	},
}

// transport connects to whoever ends TLS with a certificate, or without one.
func (s *certifiedSite) transport(certificate *tls.Certificate) *http.Transport {
	roots := x509.NewCertPool()
	roots.AddCert(s.authority.Certificate)
	cfg := &tls.Config{RootCAs: roots}
	if certificate != nil {
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	}
	return &http.Transport{TLSClientConfig: cfg, DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.address)
	}}
}

// ask sends a request over a connection with a certificate, or without one.
func (s *certifiedSite) ask(method, address, bearer string, certificate *tls.Certificate, form url.Values) (int, map[string]any) {
	s.t.Helper()
	transport := s.transport(certificate)
	if !strings.HasPrefix(address, "https:") {
		transport.DialContext = nil
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, address, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	for name, value := range s.forged {
		r.Header.Set(name, value)
	}
	if !strings.HasPrefix(address, "https:") {
		r.Host = "localhost:" + s.port()
	}
	response, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	answer := map[string]any{}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		s.t.Fatalf("%s %s: %d, %v", method, address, response.StatusCode, err)
	}
	return response.StatusCode, answer
}

// A certificate of real TLS makes the client, and the token works with it alone; by each
// way that it may come, and whatever headers somebody sends.
func TestPR1_MutualTLS(t *testing.T) {
	t.Parallel()
	for name, front := range certifiedFronts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newCertifiedSite(t)
			named := &x509.Certificate{Subject: pkix.Name{CommonName: "orders", Organization: []string{"Acme"}}}
			orders, stranger := s.authority.Issue(t, named), testenv.SelfSigned(t, named)
			host, behind := front(s)
			s.walk("https://"+host, &orders, &stranger)
			if name == "native" { // it is the same behind each
				s.compare("https://localhost:"+s.port(), "https://"+host, &orders)
			}
			// Whoever writes the proxies' headers themselves is nobody, through the proxy and
			// past it.
			text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: orders.Leaf.Raw})
			s.forged = map[string]string{"Ssl-Client-Cert": url.PathEscape(string(text)), "X-SSL-Client-Cert": base64.StdEncoding.EncodeToString(orders.Leaf.Raw)}
			at := []string{"https://" + host}
			if behind != "" {
				at = append(at, "http://"+behind)
			}
			for _, base := range at {
				if status, answer := s.ask(http.MethodPost, base+"/token", "", nil, asOrders); status != http.StatusUnauthorized || answer["error"] != "invalid_client" {
					t.Errorf("a header that somebody made up, at %s: %d %v", base, status, answer)
				}
			}
		})
	}
}

var asOrders = url.Values{"grant_type": {"client_credentials"}, "client_id": {"orders"}}

func (s *certifiedSite) walk(base string, orders, stranger *tls.Certificate) {
	s.t.Helper()
	_, metadata := s.ask(http.MethodGet, base+"/.well-known/openid-configuration", "", nil, nil)
	if metadata["tls_client_certificate_bound_access_tokens"] != true || !strings.Contains(fmt.Sprint(metadata["token_endpoint_auth_methods_supported"]), "tls_client_auth") {
		s.t.Errorf("metadata says %v", metadata)
	}
	if aliases, is := metadata["mtls_endpoint_aliases"].(map[string]any); is && aliases["token_endpoint"] != base+"/token" {
		s.t.Errorf("aliases are %v", aliases)
	}
	for what, certificate := range map[string]*tls.Certificate{"no certificate": nil, "a stranger's": stranger} {
		if status, answer := s.ask(http.MethodPost, base+"/token", "", certificate, asOrders); status != http.StatusUnauthorized || answer["error"] != "invalid_client" {
			s.t.Errorf("%s: %d %v", what, status, answer)
		}
	}
	status, answer := s.ask(http.MethodPost, base+"/token", "", orders, asOrders)
	token, _ := answer["access_token"].(string)
	if status != http.StatusOK || token == "" {
		s.t.Fatalf("its certificate: %d %v", status, answer)
	}
	for what, tc := range map[string]struct {
		certificate *tls.Certificate
		status      int
	}{"its certificate": {orders, 200}, "none": {nil, 401}, "a stranger's": {stranger, 401}} {
		if status, answer := s.ask(http.MethodGet, base+"/admin/api/v1/people", token, tc.certificate, nil); status != tc.status {
			s.t.Errorf("the API with %s: %d %v", what, status, answer)
		}
	}
}

// At the issuer's own host nobody is asked for a certificate where an alias is.
func TestAC2_OnlyTheAliasAsksForACertificate(t *testing.T) {
	t.Parallel()
	s := newCertifiedSite(t)
	alias, _ := certifiedFronts["native"](s)
	roots := x509.NewCertPool()
	roots.AddCert(s.authority.Certificate)
	for host, want := range map[string]bool{"localhost": false, strings.TrimSuffix(alias, ":"+s.port()): true} {
		asked := false
		conn, err := tls.Dial("tcp", s.address, &tls.Config{RootCAs: roots, ServerName: host, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked = true
			return &tls.Certificate{}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		if asked != want {
			t.Errorf("%s asks for a certificate: %v", host, asked)
		}
	}
}
