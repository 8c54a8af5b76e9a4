// Package clientcert finds the TLS certificate of whoever sent a request (RFC 8705
// section 6.5): of the connection itself, or in a header of a proxy that ends TLS. What a
// header says counts only where a trusted proxy sent it, who must set or remove it in
// every request; of anybody else it is ignored. That the sender holds the key was proven
// in the handshake; who vouches for the certificate is for the caller to judge.
package clientcert

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Form is where certificates come from.
type Form string

// The forms.
const (
	// TLS is the connection itself.
	TLS Form = "tls"
	// Nginx is $ssl_client_escaped_cert: PEM, URL-encoded.
	Nginx Form = "nginx"
	// HAProxy is ssl_c_der,base64: DER in base64.
	HAProxy Form = "haproxy"
	// Envoy is x-forwarded-client-cert with Cert or Chain: URL-encoded PEM.
	Envoy Form = "envoy"
)

// Forms lists them.
func Forms() []Form { return []Form{TLS, Nginx, HAProxy, Envoy} }

// defaultHeaders are the headers that documentation of the proxies sets.
var defaultHeaders = map[Form]string{Nginx: "Ssl-Client-Cert", HAProxy: "X-Ssl-Client-Cert", Envoy: "X-Forwarded-Client-Cert"}

// DefaultHeader is the header that a form is read from where no other is named; empty
// for [TLS].
func DefaultHeader(f Form) string { return defaultHeaders[f] }

const (
	// maxHeader bounds a header that is read, in bytes.
	maxHeader = 32 << 10
	// maxCertificates bounds a chain.
	maxCertificates = 8
)

// Source says where certificates come from; the zero value knows none.
type Source struct {
	Form Form
	// Header is read instead of the form's own; of no use with [TLS].
	Header string
}

// Of returns the certificate of whoever sent the request, and what chain came with it;
// none where there is none. trusted says that the peer is a trusted proxy: only then a
// header counts, and only otherwise the connection does, for its certificate would be the
// proxy's. An error says that a trusted proxy sent what cannot be one certificate.
func (s Source) Of(r *http.Request, trusted bool) ([]*x509.Certificate, error) {
	switch {
	case s.Form == "":
		return nil, nil
	case s.Form == TLS && (trusted || r.TLS == nil):
		return nil, nil
	case s.Form == TLS:
		return r.TLS.PeerCertificates, nil
	case !trusted:
		return nil, nil
	}
	name := s.Header
	if name == "" {
		name = DefaultHeader(s.Form)
	}
	switch values := r.Header.Values(name); {
	case len(values) == 0 || len(values) == 1 && strings.TrimSpace(values[0]) == "":
		return nil, nil
	case len(values) > 1:
		return nil, fmt.Errorf("the header %s appears more than once", name)
	case len(values[0]) > maxHeader:
		return nil, fmt.Errorf("the header %s is longer than %d bytes", name, maxHeader)
	default:
		chain, err := Parse(s.Form, values[0])
		if err != nil {
			return nil, fmt.Errorf("read the header %s: %w", name, err)
		}
		return chain, nil
	}
}

// Parse reads a header of a proxy.
func Parse(f Form, text string) ([]*x509.Certificate, error) {
	switch text = strings.TrimSpace(text); f {
	case Nginx:
		return parseEscaped(text)
	case HAProxy:
		return parseDER(text)
	case Envoy:
		return parseEnvoy(text)
	case TLS:
	}
	return nil, fmt.Errorf("%q is no form of a header", f)
}

// parseEscaped reads URL-encoded PEM.
func parseEscaped(text string) ([]*x509.Certificate, error) {
	plain, err := url.PathUnescape(text) // a plus sign is one of base64, and no space
	if err != nil {
		return nil, errors.New("it is not URL-encoded")
	}
	var chain []*x509.Certificate
	for rest := []byte(plain); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			if strings.TrimSpace(string(rest)) != "" || len(chain) == 0 {
				return nil, errors.New("it is not a certificate in PEM")
			}
			return chain, nil
		}
		if block.Type != "CERTIFICATE" || len(chain) == maxCertificates {
			return nil, errors.New("it holds something else than certificates, or too many")
		}
		one, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("parse: %w", err)
		}
		chain = append(chain, one)
	}
}

// parseDER reads DER in base64.
func parseDER(text string) ([]*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("it is not base64")
	}
	one, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	return []*x509.Certificate{one}, nil
}
