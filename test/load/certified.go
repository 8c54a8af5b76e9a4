package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// certified is a service that is known by its TLS certificate.
const certified = "certified"

// withCertificate is the row of client_credentials again, over connections that show a
// TLS certificate (RFC 8705): it is all that authenticates the client, and the token is
// bound to it.
var withCertificate = row{Name: "client_credentials, with a TLS certificate", Signatures: 1, prepare: func(p *party, w *wire, _ int) (work, error) {
	do := always(w, p.node.post(p.node.Endpoints.Token, "grant_type=client_credentials&client_id="+certified), `"access_token"`)
	if err := do(); err != nil {
		return nil, err
	}
	return do, isBound(w.body)
}}

// isBound wants a token response whose access token is bound to a certificate.
func isBound(response []byte) error {
	token, err := between(response, accessTokenMark, '"')
	if err != nil {
		return err
	}
	parts := strings.Split(string(token), ".")
	if len(parts) != 3 {
		return fmt.Errorf("access token has %d parts", len(parts))
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return fmt.Errorf("read access token: %w", err)
	}
	var claims struct {
		Confirmation struct {
			Certificate string `json:"x5t#S256"`
		} `json:"cnf"`
	}
	if err := json.Unmarshal(text, &claims); err != nil || claims.Confirmation.Certificate == "" {
		return errors.Join(errors.New("the access token is bound to no certificate"), err)
	}
	return nil
}

// certified measures a node that ends TLS itself and asks for certificates. It has
// stores of its own: its issuer is another one.
func (s settings) certified(ctx context.Context, h *host, kind stores, m *measured) error {
	if !s.wants(withCertificate.Name) {
		return nil
	}
	if kind.Database != "" {
		kind.Database = h.postgres()
	}
	in, err := newCertifiedInstallation(ctx, h, s.binary, kind)
	if err != nil {
		return err
	}
	node, err := in.start(ctx)
	if err != nil {
		return err
	}
	defer node.stop()
	found, err := s.rowsInTurn(ctx, entry{in, &party{node: node}, withCertificate})
	if err != nil {
		return err
	}
	m.results[withCertificate.Name] = found[0]
	return nil
}

func newCertifiedInstallation(ctx context.Context, h *host, binary string, kind stores) (*installation, error) {
	in := emptyInstallation(h.TempDir(), binary, kind)
	authority := testenv.NewAuthority(h, "Load CA")
	certFile, keyFile := testenv.WriteCertificate(h, in.dir, "server", authority.Issue(h, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}))
	caFile := filepath.Join(in.dir, "ca.pem")
	if err := os.WriteFile(caFile, authority.PEM, 0o600); err != nil {
		return nil, fmt.Errorf("write authority: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority.Certificate)
	in.tls = &tls.Config{
		RootCAs: roots, MinVersion: tls.VersionTLS13, ServerName: "127.0.0.1",
		Certificates: []tls.Certificate{authority.Issue(h, &x509.Certificate{Subject: pkix.Name{CommonName: certified}})},
	}
	// The issuer has to be known before the node listens.
	var lc net.ListenConfig
	free, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	in.listen = free.Addr().String()
	if err := free.Close(); err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	return in, in.write(fmt.Sprintf(`issuer: https://%s
tls: {cert_file: %q, key_file: %q}
mutual_tls: {from: tls, ca_file: %q}
clients:
  - id: %s
    type: service
    auth_method: tls_client_auth
    tls_client_auth_subject_dn: CN=%s
    tls_client_certificate_bound_access_tokens: true
    scopes: [read, write]
`, in.listen, certFile, keyFile, caFile, certified, certified))
}
