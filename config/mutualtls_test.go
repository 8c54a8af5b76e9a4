package config

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// Where certificates come from is checked, and each of a client's names gets there.
func TestMutualTLS(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, testenv.NewAuthority(t, "Acme").PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	names := []string{"id: a", "type: service", "auth_method: tls_client_auth", "tls_client_auth_subject_dn: CN=a", "tls_client_auth_san_dns: a.example", "tls_client_auth_san_uri: 'urn:a'", "tls_client_auth_san_ip: 192.0.2.7", "tls_client_auth_san_email: a@a.example"}
	behind := "trusted_proxies: [10.0.0.0/8]\nmutual_tls: {from: nginx, ca_file: " + ca + ", url: https://mtls.example.com}\n"
	c := mustLoad(t, clientYAML("id: a", "type: service", "auth_method: tls_client_auth", "tls_client_auth_san_ip: 192.0.2.7", "tls_client_certificate_bound_access_tokens: true")+behind, serveEnv())
	got := clientsOf(t, c)[0]
	if got.TLSSANIP != "192.0.2.7" || !got.CertificateBound || got.AuthMethod != client.AuthMethodTLS {
		t.Errorf("%+v", got.Metadata)
	}
	if pool, err := c.MutualTLS.Authorities(); err != nil || pool == nil {
		t.Errorf("authorities: %v, %v", pool, err)
	}
	if !slices.Contains(c.Hosts(), "mtls.example.com") {
		t.Errorf("hosts are %v", c.Hosts())
	}
	_, err := load(t, clientYAML(names...)+behind, serveEnv())
	checkProblems(t, problemsOf(t, err), []string{"clients[0].tls_client_auth_subject_dn"})

	for text, want := range map[string]string{
		"mutual_tls: {from: apache}\n":                                                             "mutual_tls.from",
		"mutual_tls: {from: tls}\n":                                                                "mutual_tls.from (line",
		"mutual_tls: {ca_file: " + ca + "}\n":                                                      "mutual_tls.ca_file",
		"tokens: {require_certificate: true}\n":                                                    "tokens.require_certificate (line",
		"mutual_tls: {from: nginx, ca_file: /nowhere}\ntrusted_proxies: [10.0.0.0/8]\n":            "mutual_tls.ca_file",
		"mutual_tls: {from: nginx, header: Cookie}\ntrusted_proxies: [10.0.0.0/8]\n":               "mutual_tls.header",
		"mutual_tls: {from: nginx, url: https://id.example.com}\ntrusted_proxies: [10.0.0.0/8]\n":  "mutual_tls.url",
		"mutual_tls: {from: nginx, url: https://m.example.com/x}\ntrusted_proxies: [10.0.0.0/8]\n": "mutual_tls.url",
		"mutual_tls: {from: nginx, url: http://m.example.com}\ntrusted_proxies: [10.0.0.0/8]\n":    "mutual_tls.url",
	} {
		_, err := load(t, clientYAML("id: a", "type: public", "redirect_uris: [https://a.example/cb]")+text, serveEnv())
		checkProblems(t, problemsOf(t, err), []string{want})
	}
}

// Only whoever connects to the alias is asked by the listener itself.
func TestMutualTLS_WhoIsAsked(t *testing.T) {
	for _, tc := range []struct {
		m    MutualTLS
		name string
		want bool
	}{
		{MutualTLS{}, "id.example.com", false},
		{MutualTLS{From: "nginx"}, "id.example.com", false},
		{MutualTLS{From: "tls"}, "id.example.com", true},
		{MutualTLS{From: "tls", URL: "https://mtls.example.com:8443"}, "MTLS.example.com", true},
		{MutualTLS{From: "tls", URL: "https://mtls.example.com"}, "id.example.com", false},
		{MutualTLS{From: "tls", URL: "https://mtls.example.com"}, "", false},
	} {
		if got := tc.m.Asks(tc.name); got != tc.want {
			t.Errorf("%+v asks %q: %v", tc.m, tc.name, got)
		}
	}
}
