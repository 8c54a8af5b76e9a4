package op

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/fetch"
)

// MutualTLS is how TLS certificates of clients are known (RFC 8705); nil in a [Config]:
// they are not.
type MutualTLS struct {
	// Certificates returns the certificate of whoever sent a request, and the chain that
	// came with it; none where there is none. An error says that it cannot be told.
	Certificates func(*http.Request) ([]*x509.Certificate, error)
	// Authorities vouch for the certificates of tls_client_auth; nil: nobody does.
	Authorities *x509.CertPool
	// Alias is the issuer at another address, at which certificates are asked for, such
	// as https://mtls.example.com; empty where that is the issuer's own.
	Alias string
}

// chainOf reads the certificates of a request once, and only where somebody asks.
type chainOf func() ([]*x509.Certificate, error)

// certificates is the reader for a request.
func (p *Provider) certificates(r *http.Request) chainOf {
	if p.cfg.MutualTLS == nil {
		return func() ([]*x509.Certificate, error) { return nil, nil }
	}
	return sync.OnceValues(func() ([]*x509.Certificate, error) {
		chain, err := p.cfg.MutualTLS.Certificates(r)
		if err != nil {
			return nil, invalidRequest("the TLS client certificate cannot be read", err)
		}
		return chain, nil
	})
}

// certificateThumbprint is x5t#S256 (RFC 8705 section 3.1).
func certificateThumbprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// bindCertificate notes the certificate that the tokens of a request are bound to, and
// refuses a request without one where that is wanted (RFC 8705 section 3.4).
func (p *Provider) bindCertificate(r *tokenRequest) error {
	must := p.mustBind(r.Client)
	if !must.Certificate && !must.Either {
		return nil
	}
	chain, err := r.certificates()
	switch {
	case err != nil:
		return err
	case len(chain) == 0 && must.Either && r.Proof != nil:
		return nil
	case len(chain) == 0 && must.Either:
		return invalidRequest("tokens are bound to a key here: send a DPoP proof or connect with a TLS certificate", nil)
	case len(chain) == 0:
		return invalidRequest("this client's tokens are bound to its TLS certificate: connect with it", nil)
	}
	r.Certificate = certificateThumbprint(chain[0])
	return nil
}

// checkCertificate refuses a token that is bound to another certificate than that of the
// request (RFC 8705 section 3).
func (p *Provider) checkCertificate(r *http.Request, bound *confirmation) error {
	if bound == nil || bound.Certificate == "" {
		return nil
	}
	chain, err := p.certificates(r)()
	switch {
	case err != nil:
		return err
	case len(chain) == 0:
		return fmt.Errorf("%w: it is bound to a TLS certificate, and came without one", errInvalidToken)
	case certificateThumbprint(chain[0]) != bound.Certificate:
		return fmt.Errorf("%w: it is bound to another TLS certificate", errInvalidToken)
	}
	return nil
}

// vouched reports whether an authority vouches for a certificate of a client, at this
// time and for this use (RFC 5280 section 6).
func (m *MutualTLS) vouched(chain []*x509.Certificate, now time.Time) error {
	if m.Authorities == nil {
		return errors.New("no authority is configured")
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: m.Authorities, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}

// registeredCertificate reports whether a certificate is one of the client's keys, as
// x5c (RFC 8705 section 2.2.2).
func registeredCertificate(c *x509.Certificate) func(client.KeySet) bool {
	return func(set client.KeySet) bool {
		for i, k := range set.Keys {
			if i == client.MaxKeys {
				break
			}
			var key jose.JSONWebKey
			if !k.Certified || key.UnmarshalJSON(k.JSON()) != nil || len(key.Certificates) == 0 {
				continue
			}
			if key.Certificates[0].Equal(c) {
				return true
			}
		}
		return false
	}
}

// findKeys reports whether the keys of a client hold what is looked for. Those that are
// published at its jwks_uri are fetched again where they do not. An error says that it
// cannot be judged now, or that the client has no keys.
func (p *Provider) findKeys(ctx context.Context, c *client.Client, holds func(client.KeySet) bool) (bool, error) {
	if c.JWKS != nil {
		return holds(*c.JWKS), nil
	}
	if c.JWKSURI == "" {
		return false, nil
	}
	request := fetch.Request{Accept: keySetTypes, Keep: keysKept}
	for {
		answer, err := p.cfg.Fetch.Get(ctx, c.JWKSURI, request)
		if err != nil {
			return false, unavailable("fetch keys of client "+c.ID, err)
		}
		var set client.KeySet
		if err := json.Unmarshal(answer.Body, &set); err != nil {
			return false, nil
		}
		if holds(set) || !request.NewerThan.IsZero() {
			return holds(set), nil
		}
		request.NewerThan, request.Keep = answer.FetchedAt, keysSought
	}
}

// baseOf is the issuer at the address that a request came to.
func (p *Provider) baseOf(r *http.Request) string {
	if m := p.cfg.MutualTLS; m != nil && m.Alias != "" {
		if alias, err := url.Parse(m.Alias); err == nil && hostAndPort(&url.URL{Scheme: alias.Scheme, Host: r.Host}) == hostAndPort(alias) {
			return m.Alias
		}
	}
	return p.cfg.Issuer
}
