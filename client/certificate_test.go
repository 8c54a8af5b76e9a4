package client

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// RFC 8705 section 2.1.2: whose certificate is the client's.
func TestCL2_WhoseCertificate(t *testing.T) {
	spiffe := &url.URL{Scheme: "spiffe", Host: "example.org", Path: "/ns/shop/sa/orders"}
	authority := testenv.NewAuthority(t, "Acme")
	issue := func(template *x509.Certificate) *x509.Certificate { return authority.Issue(t, template).Leaf }
	orders := issue(&x509.Certificate{
		Subject: pkix.Name{
			CommonName: "Orders, of Acme", Organization: []string{"Acme"}, Country: []string{"DE"},
			ExtraNames: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, Value: "shop"}},
		},
		DNSNames: []string{"orders.example.com", "*.example.net"}, URIs: []*url.URL{spiffe},
		IPAddresses: []net.IP{net.ParseIP("192.0.2.7"), net.ParseIP("2001:db8::7")}, EmailAddresses: []string{"Orders@Example.com"},
	})
	bare := issue(&x509.Certificate{})
	for name, tc := range map[string]struct {
		m    Metadata
		fits bool
	}{
		"its subject":                  {Metadata{TLSSubjectDN: `DC=shop,CN=Orders\, of Acme,O=Acme,C=DE`}, true},
		"in other spelling":            {Metadata{TLSSubjectDN: `dc=SHOP, cn=orders\2C  of acme , 2.5.4.10=ACME,c=de`}, true},
		"in another order":             {Metadata{TLSSubjectDN: `C=DE,O=Acme,CN=Orders\, of Acme,DC=shop`}, false},
		"a part of the subject":        {Metadata{TLSSubjectDN: `CN=Orders\, of Acme,O=Acme,C=DE`}, false},
		"more than the subject":        {Metadata{TLSSubjectDN: `DC=shop,CN=Orders\, of Acme,O=Acme,C=DE,L=Bonn`}, false},
		"attributes that are one set":  {Metadata{TLSSubjectDN: `DC=shop+CN=Orders\, of Acme,O=Acme,C=DE`}, false},
		"another attribute":            {Metadata{TLSSubjectDN: `DC=shop,OU=Orders\, of Acme,O=Acme,C=DE`}, false},
		"a DNS name":                   {Metadata{TLSSANDNS: "ORDERS.example.com"}, true},
		"a name that a pattern covers": {Metadata{TLSSANDNS: "stock.example.net"}, false},
		"a longer name":                {Metadata{TLSSANDNS: "orders.example.com.evil.example"}, false},
		"a URI":                        {Metadata{TLSSANURI: spiffe.String()}, true},
		"another URI":                  {Metadata{TLSSANURI: spiffe.String() + "-2"}, false},
		"an address":                   {Metadata{TLSSANIP: "2001:0db8:0::7"}, true},
		"an address of IPv4":           {Metadata{TLSSANIP: "::ffff:192.0.2.7"}, true},
		"another address":              {Metadata{TLSSANIP: "192.0.2.8"}, false},
		"an email address":             {Metadata{TLSSANEmail: "Orders@example.COM"}, true},
		"one of another spelling":      {Metadata{TLSSANEmail: "orders@example.com"}, false},
		"the name of another kind":     {Metadata{TLSSANURI: "orders.example.com"}, false},
		"nothing":                      {Metadata{}, false},
		"two names, of which one fits": {Metadata{TLSSANDNS: "orders.example.com", TLSSANIP: "192.0.2.8"}, false},
		"two names, and both fit":      {Metadata{TLSSANDNS: "orders.example.com", TLSSANIP: "192.0.2.7"}, false},
	} {
		if got := tc.m.FitsCertificate(orders); got != tc.fits {
			t.Errorf("%s: fits %v", name, got)
		}
		if tc.m.FitsCertificate(bare) {
			t.Errorf("%s: a certificate without any name fits", name)
		}
	}
}

// What cannot be compared is refused where it is written down.
func TestCL2_NamesOfCertificatesAreChecked(t *testing.T) {
	policy := Policy{SigningAlgs: SigningAlgs(), Certificates: true, CertificateAuthorities: true}
	service := Metadata{Type: TypeService, AuthMethod: AuthMethodTLS}
	for name, tc := range map[string]struct {
		change func(*Metadata, *Policy)
		field  string
		says   string
	}{
		"no name":          {func(*Metadata, *Policy) {}, "tls_client_auth_subject_dn", "identify the client"},
		"two names":        {func(m *Metadata, _ *Policy) { m.TLSSANDNS, m.TLSSANIP = "a.example", "192.0.2.7" }, "tls_client_auth_subject_dn", "one of"},
		"no distinguished": {func(m *Metadata, _ *Policy) { m.TLSSubjectDN = "orders" }, "tls_client_auth_subject_dn", "not an attribute type"},
		"an encoding":      {func(m *Metadata, _ *Policy) { m.TLSSubjectDN = "CN=#0401" }, "tls_client_auth_subject_dn", "as text"},
		"an empty value":   {func(m *Metadata, _ *Policy) { m.TLSSubjectDN = "CN= ,O=Acme" }, "tls_client_auth_subject_dn", "no value"},
		"a trailing comma": {func(m *Metadata, _ *Policy) { m.TLSSubjectDN = "CN=a," }, "tls_client_auth_subject_dn", "not an attribute type"},
		"a lone quote":     {func(m *Metadata, _ *Policy) { m.TLSSubjectDN = `CN="a"` }, "tls_client_auth_subject_dn", "escape"},
		"a pattern":        {func(m *Metadata, _ *Policy) { m.TLSSANDNS = "*.example.com" }, "tls_client_auth_san_dns", "name of a host"},
		"a port":           {func(m *Metadata, _ *Policy) { m.TLSSANDNS = "a.example:443" }, "tls_client_auth_san_dns", "name of a host"},
		"no URI":           {func(m *Metadata, _ *Policy) { m.TLSSANURI = "orders" }, "tls_client_auth_san_uri", "a URI"},
		"a network":        {func(m *Metadata, _ *Policy) { m.TLSSANIP = "192.0.2.0/24" }, "tls_client_auth_san_ip", "an IP address"},
		"no address":       {func(m *Metadata, _ *Policy) { m.TLSSANEmail = "orders" }, "tls_client_auth_san_email", "an email"},
		"another method":   {func(m *Metadata, _ *Policy) { m.AuthMethod, m.TLSSANIP = AuthMethodBasic, "192.0.2.7" }, "tls_client_auth_san_ip", "it has no effect"},
		"no way to know":   {func(m *Metadata, p *Policy) { m.TLSSANIP, p.Certificates = "192.0.2.7", false }, "token_endpoint_auth_method", "mutual_tls"},
		"nobody vouches":   {func(m *Metadata, p *Policy) { m.TLSSANIP, p.CertificateAuthorities = "192.0.2.7", false }, "token_endpoint_auth_method", "mutual_tls.ca_file"},
		"bound, no way": {func(m *Metadata, p *Policy) {
			*m, *p = Metadata{Type: TypeService, CertificateBound: true}, Policy{SigningAlgs: SigningAlgs()}
		}, "tls_client_certificate_bound_access_tokens", "mutual_tls"},
		"self-signed, no key": {func(m *Metadata, _ *Policy) { m.AuthMethod = AuthMethodSelfSignedTLS }, "jwks_uri", "x5c"},
		"no certificate": {func(m *Metadata, _ *Policy) {
			m.AuthMethod, m.JWKS = AuthMethodSelfSignedTLS, &KeySet{Keys: []Key{{Type: "EC"}}}
		}, "jwks", "x5c"},
		"a public client": {func(m *Metadata, _ *Policy) { m.Type, m.TLSSANIP = TypePublic, "192.0.2.7" }, "token_endpoint_auth_method", "cannot keep a secret"},
	} {
		m, p := service, policy
		tc.change(&m, &p)
		m.Complete(Lifetimes{})
		found := false
		for _, problem := range m.Validate(p) {
			found = found || problem.Field == tc.field && strings.Contains(problem.Message, tc.says)
		}
		if !found {
			t.Errorf("%s: %v", name, m.Validate(p))
		}
	}
}

// Whatever is written down as a name is read or refused, and what is read fits itself
// whatever its case.
func FuzzDistinguishedName(f *testing.F) {
	for _, seed := range []string{"CN=a", `CN=a\,b+OU=c,DC=d`, "2.5.4.3=x", `CN=\e2\82\ac`, "CN=#04", "=,", `CN=a\`, "1.=x", "CN=\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := parseDistinguishedName(text)
		if err != nil {
			return
		}
		again, err := parseDistinguishedName(text)
		if err != nil || !name.equal(again) || len(name) == 0 {
			t.Fatalf("%q is read as %v and %v, %v", text, name, again, err)
		}
	})
}
