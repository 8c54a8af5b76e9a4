package op

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/client"
)

// introspectionType is the typ of a signed answer, and the subtype of its media type
// (RFC 9701 sections 5 and 10.3).
const introspectionType = "token-introspection+jwt"

// signedIntrospection is an answer of introspection as evidence: a resource server can
// show it to others. It has no sub and no exp of its own, so that nobody takes it for a
// token (RFC 9701 section 5).
type signedIntrospection struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	IssuedAt int64  `json:"iat"`
	Answer   any    `json:"token_introspection"`
}

// compactAnswer is an answer that is a JWT.
type compactAnswer struct{ contentType, token string }

// inForm gives an answer of introspection the form that its caller asked for.
func (p *Provider) inForm(ctx context.Context, r *tokenRequest, answer any) (any, error) {
	if !accepts(r.HTTP, "application/"+introspectionType) {
		return answer, nil
	}
	payload, err := json.Marshal(signedIntrospection{
		Issuer: p.cfg.Issuer, Audience: r.Client.ID, IssuedAt: r.Now.Unix(), Answer: answer,
	})
	if err != nil {
		return nil, fmt.Errorf("encode introspection: %w", err)
	}
	token, err := p.cfg.Keys.Sign(cmp.Or(r.Client.IntrospectionAlg, client.DefaultIDTokenAlg), introspectionType, payload)
	if err != nil {
		return nil, fmt.Errorf("sign introspection: %w", err)
	}
	if how := r.Client.IntrospectionEncryption(); how.Wanted() {
		if token, err = p.encryptTo(ctx, r.Client, how, introspectionType, []byte(token), true); err != nil {
			return nil, err
		}
	}
	return &compactAnswer{"application/" + introspectionType, token}, nil
}

// accepts reports whether a request names a media type among those that it takes.
func accepts(r *http.Request, mediaType string) bool {
	for _, header := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(header, ",") {
			named, params, err := mime.ParseMediaType(part)
			if err == nil && named == mediaType && strings.Trim(params["q"], "0.") != "" || err == nil && named == mediaType && params["q"] == "" {
				return true
			}
		}
	}
	return false
}

// writeCompact writes an answer that is a JWT.
func writeCompact(w http.ResponseWriter, status int, answer *compactAnswer) {
	w.Header().Set("Content-Type", answer.contentType)
	w.WriteHeader(status)
	write(w, []byte(answer.token))
}

// introspectionMetadata are what the metadata say of these answers (RFC 9701 section 7).
func introspectionMetadata(c *Config) map[string]any {
	return map[string]any{
		"introspection_signing_alg_values_supported":    c.Keys.Algs(),
		"introspection_encryption_alg_values_supported": client.EncryptionAlgs(),
		"introspection_encryption_enc_values_supported": client.ContentEncryptions(),
	}
}
