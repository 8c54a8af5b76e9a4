package client

import (
	"crypto/x509"
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// Token endpoint authentication methods by a TLS client certificate (RFC 8705 section 2).
const (
	// AuthMethodTLS is a certificate of an authority that the installation trusts, with
	// a subject that is the client's.
	AuthMethodTLS = "tls_client_auth"
	// AuthMethodSelfSignedTLS is a certificate that the client registered itself.
	AuthMethodSelfSignedTLS = "self_signed_tls_client_auth"
)

// certificateName is one way to say whose certificate is the client's (RFC 8705 section
// 2.1.2).
type certificateName struct {
	field string
	value string
	// check says what is wrong with a value that is written down.
	check func(value string) error
	// fits compares exactly; nothing is taken for a pattern.
	fits func(value string, c *x509.Certificate) bool
}

// certificateNames are all of them.
func (m *Metadata) certificateNames() []certificateName {
	return []certificateName{
		{"tls_client_auth_subject_dn", m.TLSSubjectDN, checkSubject, fitsSubject},
		{"tls_client_auth_san_dns", m.TLSSANDNS, checkDNS, fitsDNS},
		{"tls_client_auth_san_uri", m.TLSSANURI, checkURI, fitsURI},
		{"tls_client_auth_san_ip", m.TLSSANIP, checkIP, fitsIP},
		{"tls_client_auth_san_email", m.TLSSANEmail, checkEmail, fitsEmail},
	}
}

// FitsCertificate reports whether a certificate is the client's by its subject, or an
// alternative name, whichever is registered. Who vouches for it is not looked at.
func (m *Metadata) FitsCertificate(c *x509.Certificate) bool {
	registered, fits := 0, false
	for _, name := range m.certificateNames() {
		if name.value != "" {
			registered, fits = registered+1, name.fits(name.value, c)
		}
	}
	return registered == 1 && fits
}

// CertificateName is the name by which the client's certificate is registered, and the field
// that has it; empty where none is.
func (m *Metadata) CertificateName() (field, value string) {
	for _, name := range m.certificateNames() {
		if name.value != "" {
			return name.field, name.value
		}
	}
	return "", ""
}

func checkSubject(value string) error {
	_, err := parseDistinguishedName(value)
	return err
}

func fitsSubject(value string, c *x509.Certificate) bool {
	wanted, err := parseDistinguishedName(value)
	if err != nil {
		return false
	}
	has, err := subjectOf(c.RawSubject)
	return err == nil && wanted.equal(has)
}

func checkDNS(value string) error {
	if u, err := url.Parse("https://" + value); err != nil || u.Host != value || u.Port() != "" || strings.Contains(value, "*") {
		return errors.New("it is the name of a host, such as orders.example.com")
	}
	return nil
}

func fitsDNS(value string, c *x509.Certificate) bool {
	for _, name := range c.DNSNames {
		if strings.EqualFold(name, value) {
			return true
		}
	}
	return false
}

func checkURI(value string) error {
	if u, err := url.Parse(value); err != nil || u.Scheme == "" || strings.Contains(value, "*") {
		return errors.New("it is a URI, such as spiffe://example.org/ns/shop/sa/orders")
	}
	return nil
}

func fitsURI(value string, c *x509.Certificate) bool {
	for _, uri := range c.URIs {
		if uri.String() == value {
			return true
		}
	}
	return false
}

func checkIP(value string) error {
	if address, err := netip.ParseAddr(value); err != nil || address.Zone() != "" {
		return errors.New("it is an IP address, such as 192.0.2.7 or 2001:db8::7")
	}
	return nil
}

func fitsIP(value string, c *x509.Certificate) bool {
	wanted, err := netip.ParseAddr(value)
	if err != nil {
		return false
	}
	for _, ip := range c.IPAddresses {
		if has, ok := netip.AddrFromSlice(ip); ok && has.Unmap() == wanted.Unmap() {
			return true
		}
	}
	return false
}

func checkEmail(value string) error {
	if local, domain, ok := strings.Cut(value, "@"); !ok || local == "" || domain == "" || strings.Contains(domain, "@") {
		return errors.New("it is an email address")
	}
	return nil
}

// fitsEmail compares the local part as it stands, and the host whatever its case (RFC
// 5280 section 7.5).
func fitsEmail(value string, c *x509.Certificate) bool {
	local, domain, _ := strings.Cut(value, "@")
	for _, address := range c.EmailAddresses {
		if l, d, ok := strings.Cut(address, "@"); ok && l == local && strings.EqualFold(d, domain) {
			return true
		}
	}
	return false
}

// certificates checks how the client uses TLS certificates (RFC 8705).
func (v *validation) certificates() {
	uses := v.AuthMethod == AuthMethodTLS || v.AuthMethod == AuthMethodSelfSignedTLS
	if uses && !v.policy.Certificates {
		v.add("token_endpoint_auth_method", "%s needs to know the client's certificate: say in mutual_tls where it comes from", v.AuthMethod)
	}
	if v.CertificateBound && !v.policy.Certificates {
		v.add("tls_client_certificate_bound_access_tokens", "this needs to know the client's certificate: say in mutual_tls where it comes from")
	}
	if v.AuthMethod == AuthMethodTLS && v.policy.Certificates && !v.policy.CertificateAuthorities {
		v.add("token_endpoint_auth_method", "%s needs certificate authorities; name them in mutual_tls.ca_file", v.AuthMethod)
	}
	named := 0
	for _, name := range v.certificateNames() {
		if name.value == "" {
			continue
		}
		named++
		if v.AuthMethod != AuthMethodTLS {
			v.add(name.field, "it has no effect without %s: %s; remove it", v.spell("token_endpoint_auth_method"), AuthMethodTLS)
		} else if err := name.check(name.value); err != nil {
			v.add(name.field, "%q: %v", name.value, err)
		}
	}
	if v.AuthMethod == AuthMethodTLS && named != 1 {
		v.add("tls_client_auth_subject_dn", "identify the client's certificate with one of tls_client_auth_subject_dn, tls_client_auth_san_dns, tls_client_auth_san_uri, tls_client_auth_san_ip and tls_client_auth_san_email")
	}
	if v.AuthMethod == AuthMethodSelfSignedTLS {
		v.selfSigned()
	}
}

// selfSigned checks that the client registered a certificate (RFC 8705 section 2.2.2).
func (v *validation) selfSigned() {
	switch {
	case v.JWKS == nil && v.JWKSURI == "":
		v.add("jwks_uri", "%s needs the client's certificates, as x5c of its keys: their address here, or themselves in jwks", AuthMethodSelfSignedTLS)
	case v.JWKS != nil && !v.JWKS.hasCertificates():
		v.add("jwks", "none of its keys has a certificate (x5c)")
	}
}

func (s *KeySet) hasCertificates() bool {
	for _, k := range s.Keys {
		if k.Certified {
			return true
		}
	}
	return false
}
