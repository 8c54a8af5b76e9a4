package main

import (
	"crypto/x509"
	"net/http"

	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/clientcert"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/op"
)

// mutualTLS is how TLS certificates of clients are known; nil where they are not.
func mutualTLS(cfg config.MutualTLS) (*op.MutualTLS, error) {
	if !cfg.Known() {
		return nil, nil
	}
	authorities, err := cfg.Authorities()
	if err != nil {
		return nil, err
	}
	source := clientcert.Source{Form: cfg.From, Header: cfg.Header}
	return &op.MutualTLS{
		Alias: cfg.URL, Authorities: authorities,
		Certificates: func(r *http.Request) ([]*x509.Certificate, error) {
			return source.Of(r, web.FromTrustedProxy(r.Context()))
		},
	}, nil
}
