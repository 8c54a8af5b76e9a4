package clientcert

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

func escaped(certificates ...*x509.Certificate) string {
	var text strings.Builder
	for _, c := range certificates {
		text.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return url.PathEscape(text.String())
}

// What proxies send is read exactly, and what is not one certificate is refused.
func TestPA4_CertificatesInHeaders(t *testing.T) {
	authority := testenv.NewAuthority(t, "Acme")
	leaf := authority.Issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "orders"}}).Leaf
	other := authority.Issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "stock"}}).Leaf
	one := escaped(leaf)
	der := base64.StdEncoding.EncodeToString(leaf.Raw)
	private := url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: leaf.Raw})))
	for name, tc := range map[string]struct {
		form Form
		text string
		want int // how many certificates; 0: an error
	}{
		"nginx":                          {Nginx, one, 1},
		"nginx, as it escapes":           {Nginx, strings.ReplaceAll(one, "+", "%2B"), 1},
		"nginx, with a chain":            {Nginx, escaped(leaf, authority.Certificate), 2},
		"nginx, not escaped":             {Nginx, der, 0},
		"nginx, broken escape":           {Nginx, one[:30] + "%zz", 0},
		"nginx, text after it":           {Nginx, one + "x", 0},
		"nginx, a key":                   {Nginx, private, 0},
		"nginx, cut off":                 {Nginx, one[:len(one)/2], 0},
		"nginx, too many":                {Nginx, escaped(leaf, leaf, leaf, leaf, leaf, leaf, leaf, leaf, leaf), 0},
		"HAProxy":                        {HAProxy, der, 1},
		"HAProxy, url base64":            {HAProxy, base64.RawURLEncoding.EncodeToString(leaf.Raw), 0},
		"HAProxy, PEM":                   {HAProxy, one, 0},
		"HAProxy, more after it":         {HAProxy, base64.StdEncoding.EncodeToString(append(leaf.Raw, 0)), 0},
		"Envoy":                          {Envoy, `Hash=ab12;Cert="` + one + `";Subject="CN=orders,O=\"Acme\"";URI=spiffe://a;URI=spiffe://b`, 1},
		"Envoy, not quoted":              {Envoy, "Cert=" + one, 1},
		"Envoy, a chain":                 {Envoy, `Cert="` + one + `";Chain="` + escaped(leaf, authority.Certificate) + `"`, 2},
		"Envoy, the chain of another":    {Envoy, `Cert="` + one + `";Chain="` + escaped(other, authority.Certificate) + `"`, 0},
		"Envoy, two elements":            {Envoy, `Cert="` + escaped(other) + `",Cert="` + one + `"`, 0},
		"Envoy, two elements, no quotes": {Envoy, "Hash=ab,Hash=cd;Cert=" + one, 0},
		"Envoy, two of Cert":             {Envoy, `Cert="` + escaped(other) + `";Cert="` + one + `"`, 0},
		"Envoy, two in another case":     {Envoy, `Cert="` + escaped(other) + `";cert="` + one + `"`, 0},
		"Envoy, hash alone":              {Envoy, "Hash=ab12", 0},
		"Envoy, a quote that is open":    {Envoy, `Cert="` + one, 0},
		"Envoy, no pairs":                {Envoy, "certificate", 0},
		"a form that is none":            {"apache", one, 0},
	} {
		chain, err := Parse(tc.form, tc.text)
		if len(chain) != tc.want || (err == nil) != (tc.want > 0) {
			t.Errorf("%s: %d certificates, %v", name, len(chain), err)
		}
		if len(chain) > 0 && !chain[0].Equal(leaf) {
			t.Errorf("%s: the certificate of %s", name, chain[0].Subject)
		}
	}
}

// Headers count from a trusted proxy alone, and the connection's certificate from
// anybody else alone; a header that is there twice is refused.
func TestPA4_WhoMayVouchForACertificate(t *testing.T) {
	leaf := testenv.SelfSigned(t, &x509.Certificate{Subject: pkix.Name{CommonName: "orders"}}).Leaf
	for name, tc := range map[string]struct {
		source  Source
		headers []string
		tls     bool
		trusted bool
		want    int // -1: an error
	}{
		"a trusted proxy":               {Source{Form: Nginx}, []string{"Ssl-Client-Cert"}, false, true, 1},
		"anybody":                       {Source{Form: Nginx}, []string{"Ssl-Client-Cert"}, false, false, 0},
		"anybody with a certificate":    {Source{Form: Nginx}, nil, true, false, 0},
		"no header":                     {Source{Form: Nginx}, nil, false, true, 0},
		"twice":                         {Source{Form: Nginx}, []string{"Ssl-Client-Cert", "ssl-client-cert"}, false, true, -1},
		"twice, from anybody":           {Source{Form: Nginx}, []string{"Ssl-Client-Cert", "Ssl-Client-Cert"}, false, false, 0},
		"another header":                {Source{Form: Nginx, Header: "X-Cert"}, []string{"Ssl-Client-Cert"}, false, true, 0},
		"the header that is named":      {Source{Form: Nginx, Header: "X-Cert"}, []string{"x-cert"}, false, true, 1},
		"of another form":               {Source{Form: HAProxy, Header: "X-Cert"}, []string{"X-Cert"}, false, true, -1},
		"the connection":                {Source{Form: TLS}, []string{"Ssl-Client-Cert"}, true, false, 1},
		"the connection of a proxy":     {Source{Form: TLS}, []string{"Ssl-Client-Cert"}, true, true, 0},
		"a header where TLS is the way": {Source{Form: TLS}, []string{"Ssl-Client-Cert"}, false, true, 0},
		"nothing is configured":         {Source{}, []string{"Ssl-Client-Cert"}, true, true, 0},
	} {
		r := httptest.NewRequest("POST", "/token", nil)
		for _, h := range tc.headers {
			r.Header.Add(h, escaped(leaf))
		}
		if tc.tls {
			r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}
		}
		chain, err := tc.source.Of(r, tc.trusted)
		if got := len(chain); (err != nil) != (tc.want < 0) || err == nil && got != tc.want {
			t.Errorf("%s: %d certificates, %v", name, got, err)
		}
	}
	r := httptest.NewRequest("POST", "/token", nil)
	r.Header.Set("Ssl-Client-Cert", "")
	if chain, err := (Source{Form: Nginx}).Of(r, true); err != nil || chain != nil {
		t.Errorf("an empty header, as nginx sends it without a certificate: %v, %v", chain, err)
	}
	r.Header.Set("Ssl-Client-Cert", strings.Repeat("a", maxHeader+1))
	if _, err := (Source{Form: Nginx}).Of(r, true); err == nil {
		t.Error("a header of any length is read")
	}
}

// No header makes a parser fail other than by an error, and none is read as anything but
// certificates that are in it.
func FuzzParse(f *testing.F) {
	leaf := testenv.SelfSigned(f, &x509.Certificate{Subject: pkix.Name{CommonName: "orders"}}).Leaf
	for _, text := range []string{
		escaped(leaf), base64.StdEncoding.EncodeToString(leaf.Raw), `Hash=1;Cert="` + escaped(leaf) + `"`, `Chain="` + escaped(leaf, leaf) + `";By=x`,
		`Cert="a\"b";`, "%", "Cert=", `="`, ";;", "-----BEGIN CERTIFICATE-----%0A-----END CERTIFICATE-----",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, form := range Forms() {
			chain, err := Parse(form, text)
			if (err == nil) != (len(chain) > 0) || len(chain) > maxCertificates {
				t.Fatalf("%s %q: %d certificates, %v", form, text, len(chain), err)
			}
		}
	})
}
