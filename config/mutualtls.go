package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/clientcert"
)

// MutualTLS says how TLS certificates of clients are known.
type MutualTLS struct {
	From   clientcert.Form `yaml:"from" oneof:"@certificate_forms" doc:"Where the client certificate comes from: tls, the connection itself, if Latchkey has tls.cert_file; or the header of a TLS-terminating proxy in trusted_proxies: nginx (URL-encoded PEM, $ssl_client_escaped_cert), haproxy (DER in base64, ssl_c_der), envoy (x-forwarded-client-cert with Cert or Chain). The proxy must set or remove the header in every request. Default: none, client certificates are ignored."`
	Header string          `yaml:"header" doc:"The header that the proxy sets. Default: Ssl-Client-Cert for nginx, X-Ssl-Client-Cert for haproxy, X-Forwarded-Client-Cert for envoy."`
	CAFile string          `yaml:"ca_file" doc:"PEM file with the certificate authorities trusted for tls_client_auth, read again at each reload. Revocation is not checked, so use short-lived certificates."`
	URL    string          `yaml:"url" doc:"The issuer at another host, such as https://mtls.example.com, where client certificates are requested, which spares browsers the prompt at the issuer. Metadata lists it in mtls_endpoint_aliases. With from: tls, the listener requests a certificate only on connections to that host (SNI). Default: certificates are requested at the issuer."`
}

// Known reports whether TLS certificates of clients are.
func (m MutualTLS) Known() bool { return m.From != "" }

// Asks reports whether whoever connects to a host by name is asked for a certificate by
// the listener itself.
func (m MutualTLS) Asks(serverName string) bool {
	if m.From != clientcert.TLS {
		return false
	}
	u, err := url.Parse(m.URL)
	return m.URL == "" || err == nil && strings.EqualFold(u.Hostname(), serverName)
}

// Authorities are those of ca_file; nil where it is not set.
func (m MutualTLS) Authorities() (*x509.CertPool, error) {
	if m.CAFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(m.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read mutual_tls.ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("mutual_tls.ca_file holds no certificate in PEM")
	}
	return pool, nil
}

var headerSyntax = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

// validateMutualTLS checks where certificates of clients come from.
func (l *loader) validateMutualTLS(c *Config) {
	m := c.MutualTLS
	switch {
	case m.From == "":
		if c.Tokens.RequireCertificate {
			l.add("tokens.require_certificate", "no certificate can be read: say where certificates come from in mutual_tls.from")
		}
		for key, set := range map[string]bool{"header": m.Header != "", "ca_file": m.CAFile != "", "url": m.URL != ""} {
			if set {
				l.add(joinPath("mutual_tls", key), "it has no effect without mutual_tls.from; say where certificates come from")
			}
		}
		return
	case m.From == clientcert.TLS && !c.TLS.Enabled():
		l.add("mutual_tls.from", "tls needs tls.cert_file: without it a proxy ends TLS, and its header has the certificates")
	case m.From != clientcert.TLS && len(c.TrustedProxies) == 0:
		l.add("mutual_tls.from", "a header counts only from a proxy in trusted_proxies; name its network there")
	}
	if m.Header != "" && (m.From == clientcert.TLS || !headerSyntax.MatchString(m.Header) || strings.EqualFold(m.Header, "Authorization") || strings.EqualFold(m.Header, "Cookie")) {
		l.add("mutual_tls.header", "%q is not a header that a proxy sets with a certificate; with from: tls there is none", m.Header)
	}
	if _, err := m.Authorities(); err != nil {
		l.add("mutual_tls.ca_file", "%v", err)
	}
	if m.URL == "" {
		return
	}
	u, err := url.Parse(m.URL)
	issuer, issuerErr := url.Parse(c.Issuer)
	if err != nil || issuerErr != nil || u.Scheme != issuer.Scheme || m.URL != client.OriginOf(u)+issuer.Path || strings.EqualFold(u.Host, issuer.Host) {
		l.add("mutual_tls.url", "%q has to be the issuer at another host, with the same scheme and path, such as https://mtls.example.com%s", m.URL, c.IssuerPath())
	}
}
