package op

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
)

const mutualAlias = "https://mtls.id.example.com"

// certifiedNode is a node that knows certificates: a test names one in a header.
type certifiedNode struct {
	*node
	authority *testenv.Authority
	shown     map[string]tls.Certificate
}

// certificateHeader names the certificate of a request in these tests.
const certificateHeader = "Test-Certificate"

// errUnreadable is what a certificate called unreadable is.
var errUnreadable = errors.New("the header is there twice")

func newCertifiedNode(t testing.TB) *certifiedNode {
	t.Helper()
	c := &certifiedNode{authority: testenv.NewAuthority(t, "Acme CA")}
	named := &x509.Certificate{Subject: pkix.Name{CommonName: "orders", Organization: []string{"Acme"}}}
	until := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	c.shown = map[string]tls.Certificate{
		"orders":   c.authority.Issue(t, named),
		"renewed":  c.authority.Issue(t, named),
		"stock":    c.authority.Issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "stock", Organization: []string{"Acme"}}}),
		"forged":   testenv.NewAuthority(t, "Acme CA").Issue(t, named),
		"server":   c.authority.Issue(t, &x509.Certificate{Subject: named.Subject, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}),
		"expired":  c.authority.Issue(t, &x509.Certificate{Subject: named.Subject, NotBefore: until.Add(-time.Hour), NotAfter: until}),
		"own":      testenv.SelfSigned(t, named),
		"stranger": testenv.SelfSigned(t, named),
	}
	vouched := robotClient()
	vouched.ID, vouched.AuthMethod, vouched.Secrets, vouched.TLSSubjectDN = "orders", client.AuthMethodTLS, nil, "CN=orders,O=Acme"
	vouched.CertificateBound = true
	own := vouched
	own.ID, own.AuthMethod, own.TLSSubjectDN, own.JWKS, own.CertificateBound = "own", client.AuthMethodSelfSignedTLS, "", certifiedKeys(t, c.shown["own"]), false
	published := own
	published.ID, published.JWKS, published.JWKSURI = "published", nil, keysURI
	phone := appClient()
	phone.ID, phone.CertificateBound = "phone", true
	sealed := wikiClient()
	sealed.ID, sealed.CertificateBound, sealed.AccessTokenFormat = "sealed", true, client.AccessTokenOpaque
	c.node = newNode(t, vouched, own, published, phone, sealed, robotClient(), resourceServer("gateway", true))
	cfg := c.provider.cfg
	roots := x509.NewCertPool()
	roots.AddCert(c.authority.Certificate)
	cfg.MutualTLS = &MutualTLS{Authorities: roots, Alias: mutualAlias, Certificates: func(r *http.Request) ([]*x509.Certificate, error) {
		name := r.Header.Get(certificateHeader)
		if name == "unreadable" {
			return nil, errUnreadable
		}
		if shown, ok := c.shown[name]; ok {
			return []*x509.Certificate{shown.Leaf}, nil
		}
		return nil, nil
	}}
	c.start(cfg)
	return c
}

// certifiedKey is the key of a certificate, with it.
func certifiedKey(c tls.Certificate) jose.JSONWebKey {
	return jose.JSONWebKey{Key: c.Leaf.PublicKey, Certificates: []*x509.Certificate{c.Leaf}}
}

// certifiedKeys are the keys of a client with a certificate.
func certifiedKeys(t testing.TB, c tls.Certificate) *client.KeySet {
	t.Helper()
	encoded, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{certifiedKey(c)}})
	if err != nil {
		t.Fatal(err)
	}
	var set client.KeySet
	if err := json.Unmarshal(encoded, &set); err != nil {
		t.Fatal(err)
	}
	return &set
}

// with is a client that only names itself, over a connection with a certificate.
func with(id, certificate string) as {
	return func(r *http.Request, f url.Values) {
		f.Set("client_id", id)
		r.Header.Set(certificateHeader, certificate)
	}
}

// RFC 8705 section 2: which certificates are whose.
func TestCL2_CertificatesOfClients(t *testing.T) {
	t.Parallel()
	n := newCertifiedNode(t)
	both := func(r *http.Request, f url.Values) {
		with("orders", "orders")(r, f)
		f.Set("client_secret", testSecret)
	}
	for name, tc := range map[string]struct {
		who  as
		code string
	}{
		"its certificate":                          {with("orders", "orders"), ""},
		"one that was renewed":                     {with("orders", "renewed"), ""},
		"the certificate of another":               {with("orders", "stock"), "invalid_client"},
		"of an authority that is called the same":  {with("orders", "forged"), "invalid_client"},
		"for servers alone":                        {with("orders", "server"), "invalid_client"},
		"expired":                                  {with("orders", "expired"), "invalid_client"},
		"that nobody vouches for":                  {with("orders", "own"), "invalid_client"},
		"none":                                     {with("orders", ""), "invalid_client"},
		"that cannot be told":                      {with("orders", "unreadable"), "invalid_request"},
		"with a secret as well":                    {both, "invalid_client"}, // by the secret, which is none of its ways
		"its own":                                  {with("own", "own"), ""},
		"its own for another client":               {with("orders", "own"), "invalid_client"},
		"another of the same name":                 {with("own", "stranger"), "invalid_client"},
		"vouched for, where its own is registered": {with("own", "orders"), "invalid_client"},
		"none, where its own is registered":        {with("own", ""), "invalid_client"},
		"of a client that nobody knows":            {with("nobody", "orders"), "invalid_client"},
		"of a client with a secret":                {with("robot", "orders"), "invalid_client"},
	} {
		a := n.post(tokenPath, tc.who, "grant_type", "client_credentials")
		if a.Error != tc.code {
			t.Errorf("%s: %d %q (%s)", name, a.Code, a.Error, a.Description)
		}
		if tc.code == "invalid_client" && a.Code != http.StatusUnauthorized || tc.code != "" && a.AccessToken != "" {
			t.Errorf("%s: answered with %d %s", name, a.Code, a.Body)
		}
		n.provider.failures = failureLimit{} // each is a client that failed never before
	}
	if log := n.log.String(); !strings.Contains(log, "nobody vouches for the client's certificate") || !strings.Contains(log, "there is no TLS certificate") {
		t.Error("the log does not say why")
	}
}

// Keys that are published are fetched again for a certificate that is not among them; and
// keys that cannot be fetched are no verdict.
func TestCL2_PublishedCertificates(t *testing.T) {
	t.Parallel()
	n := newCertifiedNode(t)
	publish := func(names ...string) {
		var set []jose.JSONWebKey
		for _, name := range names {
			set = append(set, certifiedKey(n.shown[name]))
		}
		n.keys.set(set...)
	}
	publish("stranger")
	n.post(tokenPath, with("published", "own"), "grant_type", "client_credentials").want(t, http.StatusUnauthorized, "invalid_client")
	publish("stranger", "own")
	n.post(tokenPath, with("published", "own"), "grant_type", "client_credentials").want(t, http.StatusOK, "")
	n.keys.mu.Lock()
	n.keys.err = errors.New("down")
	n.keys.mu.Unlock()
	n.post(tokenPath, with("published", "own"), "grant_type", "client_credentials").want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
}

// userinfoWith asks for userinfo with a token over a connection with a certificate.
func (n *certifiedNode) userinfoWith(token, certificate string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, testIssuer+userinfoPath, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	if certificate != "" {
		r.Header.Set(certificateHeader, certificate)
	}
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, r)
	return w
}

// RFC 8705 section 3: a token is bound to the certificate, signed or sealed, and works
// with no other.
func TestPR1_ABoundTokenNeedsItsCertificate(t *testing.T) {
	t.Parallel()
	n := newCertifiedNode(t)
	asSealed := func(certificate string) as {
		return func(r *http.Request, f url.Values) {
			r.SetBasicAuth("sealed", testSecret)
			r.Header.Set(certificateHeader, certificate)
		}
	}
	for _, tc := range []struct {
		id  string
		who func(certificate string) as
	}{{"phone", func(c string) as { return with("phone", c) }}, {"sealed", asSealed}} {
		t.Run(tc.id, func(t *testing.T) {
			refused := n.exchange(tc.who(""), n.code(tc.id)).want(t, http.StatusBadRequest, "invalid_request")
			if !strings.Contains(refused.Description, "TLS certificate") {
				t.Errorf("it is told %s", refused.Description)
			}
			n.exchange(tc.who("unreadable"), n.code(tc.id)).want(t, http.StatusBadRequest, "invalid_request")
			a := n.exchange(tc.who("own"), n.code(tc.id)).want(t, http.StatusOK, "")
			if a.TokenType != "Bearer" {
				t.Errorf("token_type is %s", a.TokenType)
			}
			thumbprint := certificateThumbprint(n.shown["own"].Leaf)
			introspected := n.introspect(basicAuth("gateway", testSecret), a.AccessToken).want(t, http.StatusOK, "")
			var told struct {
				Active bool              `json:"active"`
				Cnf    map[string]string `json:"cnf"`
				Type   string            `json:"token_type"`
			}
			if err := json.Unmarshal(introspected.Body.Bytes(), &told); err != nil || !told.Active || told.Cnf["x5t#S256"] != thumbprint || told.Type != "Bearer" {
				t.Errorf("introspection says %s", introspected.Body)
			}
			for certificate, status := range map[string]int{"own": 200, "": 401, "stranger": 401, "orders": 401} {
				w := n.userinfoWith(a.AccessToken, certificate)
				if w.Code != status || status == 401 && !strings.Contains(w.Header().Get("WWW-Authenticate"), `error="invalid_token"`) {
					t.Errorf("with the certificate %q: %d %v", certificate, w.Code, w.Header()["Www-Authenticate"])
				}
			}
			r := httptest.NewRequest(http.MethodGet, testIssuer+"/admin/api/v1/me", nil)
			r.Header.Set("Authorization", "Bearer "+a.AccessToken)
			for certificate, ok := range map[string]bool{"own": true, "stranger": false, "": false} {
				r.Header.Set(certificateHeader, certificate)
				if _, err := n.provider.Authenticate(httptest.NewRecorder(), r, testIssuer); (err == nil) != ok {
					t.Errorf("our own resource, with %q: %v", certificate, err)
				}
			}
		})
	}
}

// RFC 8705 section 4: the refresh tokens of a public client are bound; whoever shows
// another certificate ends nothing.
func TestPR1_RefreshTokensAreBoundToCertificates(t *testing.T) {
	t.Parallel()
	n := newCertifiedNode(t)
	first := n.exchange(with("phone", "own"), n.code("phone")).want(t, http.StatusOK, "")
	n.refresh(with("phone", "stranger"), first.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	n.refresh(with("phone", ""), first.RefreshToken).want(t, http.StatusBadRequest, "invalid_request")
	second := n.refresh(with("phone", "own"), first.RefreshToken).want(t, http.StatusOK, "")
	if got := n.userinfoWith(second.AccessToken, "stranger").Code; got != http.StatusUnauthorized {
		t.Errorf("a refreshed token works with another certificate: %d", got)
	}
	if got := n.userinfoWith(second.AccessToken, "own").Code; got != http.StatusOK {
		t.Errorf("a refreshed token does not work: %d", got)
	}
	if events := n.events(); strings.Contains(fmt.Sprint(events), string(storage.EventRefreshReuse)) {
		t.Errorf("a stranger ended the grant: %v", events)
	}
}

// A token may be bound to a key and a certificate, and then needs both.
func TestPR1_BoundToKeyAndCertificate(t *testing.T) {
	t.Parallel()
	n := newCertifiedNode(t)
	p := n.prover()
	a := n.exchange(p.with(with("phone", "own")), n.code("phone")).want(t, http.StatusOK, "")
	if a.TokenType != dpopScheme {
		t.Errorf("token_type is %s", a.TokenType)
	}
	cnf, _ := claimsOf(t, a.AccessToken)["cnf"].(map[string]any)
	if cnf["jkt"] == nil || cnf["x5t#S256"] == nil {
		t.Errorf("cnf is %v", cnf)
	}
	for certificate, status := range map[string]int{"own": 200, "stranger": 401} {
		r := p.possess(a.AccessToken)
		r.Header.Set(certificateHeader, certificate)
		if w := n.ask(r); w.Code != status {
			t.Errorf("with %s: %d %s", certificate, w.Code, w.Body)
		}
	}
	if got := n.userinfoWith(a.AccessToken, "own").Code; got != http.StatusUnauthorized {
		t.Errorf("it works as a bearer token: %d", got)
	}
}

// Metadata says what there is (RFC 8705 sections 3.3 and 5): nothing of it where
// certificates are not known.
func TestAZ4_MetadataOfCertificates(t *testing.T) {
	t.Parallel()
	n := newCertifiedNode(t)
	without := newNode(t)
	var known, unknown map[string]any
	for handler, into := range map[http.Handler]*map[string]any{n.handler: &known, without.handler: &unknown} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, testIssuer+openIDConfigurationPath, nil))
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatal(err)
		}
	}
	methods := fmt.Sprint(known["token_endpoint_auth_methods_supported"], known["introspection_endpoint_auth_methods_supported"])
	aliases, _ := known["mtls_endpoint_aliases"].(map[string]any)
	if strings.Count(methods, client.AuthMethodTLS) != 4 || known["tls_client_certificate_bound_access_tokens"] != true || len(aliases) != 6 {
		t.Errorf("metadata says %v, %v, %v", methods, known["tls_client_certificate_bound_access_tokens"], aliases)
	}
	for name, alias := range aliases {
		if at, ok := known[name].(string); !ok || strings.Replace(at, testIssuer, mutualAlias, 1) != alias {
			t.Errorf("%s is %v, and with a certificate %v", name, at, alias)
		}
	}
	text := fmt.Sprint(unknown)
	if strings.Contains(text, "tls_client") || strings.Contains(text, "mtls") {
		t.Errorf("metadata of a node without certificates says %s", text)
	}
	without.post(tokenPath, with("orders", "orders"), "grant_type", "client_credentials").want(t, http.StatusUnauthorized, "invalid_client")
}

// At the address where certificates are asked for, proofs and assertions name that one.
func TestPR1_ProofsAtTheAlias(t *testing.T) {
	t.Parallel()
	n := newCertifiedNode(t)
	p := n.prover()
	for at, status := range map[string]int{mutualAlias: 200, testIssuer: 400} {
		r := httptest.NewRequest(http.MethodPost, mutualAlias+tokenPath, strings.NewReader(url.Values{
			"grant_type": {"client_credentials"}, "client_id": {"own"},
		}.Encode()))
		r.Header.Set("Content-Type", formType)
		r.Header.Set(certificateHeader, "own")
		r.Header.Set(dpopHeader, p.proof(http.MethodPost, at+tokenPath))
		if a := n.do(r); a.Code != status {
			t.Errorf("a proof for %s: %d %s", at, a.Code, a.Body)
		}
	}
}
