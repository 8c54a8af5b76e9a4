package op

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/client"
)

// confirmation is the cnf claim: what whoever shows a token must prove to hold (RFC
// 7800 section 3.1, RFC 9449 section 6).
type confirmation struct {
	// KeyThumbprint is that of a DPoP key.
	KeyThumbprint string `json:"jkt,omitempty"`
	// Certificate is the thumbprint of a TLS certificate (RFC 8705 section 3.1).
	Certificate string `json:"x5t#S256,omitempty"`
}

// confirmation is what the tokens of a request are bound by; nil: they are bearer tokens.
func (r *tokenRequest) confirmation() *confirmation {
	if r.Proof == nil && r.Certificate == "" {
		return nil
	}
	bound := &confirmation{Certificate: r.Certificate}
	if r.Proof != nil {
		bound.KeyThumbprint = r.Proof.Key
	}
	return bound
}

// rowConfirmation is what a grant's refresh tokens are bound by, as its row has it: of a
// client without credentials the key of the proof and the certificate (RFC 8705 section
// 4). The refresh tokens of all others are
// bound by their authentication, and their keys may change (RFC 9449 section 5).
func (r *tokenRequest) rowConfirmation() (string, error) {
	if r.confirmation() == nil || !r.Client.IsPublic() {
		return "", nil
	}
	text, err := json.Marshal(r.confirmation())
	if err != nil {
		return "", fmt.Errorf("encode confirmation: %w", err)
	}
	return string(text), nil
}

// tokenType is the token_type of access tokens that are bound so.
func (c *confirmation) tokenType() string {
	if c == nil || c.KeyThumbprint == "" {
		return bearerScheme
	}
	return dpopScheme
}

// binding is what every token of a client has to be bound to (sender-constrained tokens,
// RFC 9700 section 2.2.1).
type binding struct {
	// Key wants that of a DPoP proof, and Certificate a TLS certificate.
	Key, Certificate bool
	// Either wants one of both.
	Either bool
}

// mustBind is what the client is registered for, or what is required of all clients. Of
// one that is registered for the other kind nothing more is required, and where both are
// required of all, either does.
func (p *Provider) mustBind(c *client.Client) binding {
	key, certificate := p.cfg.RequireDPoP, p.cfg.RequireCertificate
	if c.DPoPBound || c.CertificateBound || !key || !certificate {
		return binding{Key: c.DPoPBound || key && !c.CertificateBound && !certificate, Certificate: c.CertificateBound || certificate && !c.DPoPBound && !key}
	}
	return binding{Either: true}
}

// wanted reports whether there is anything to be bound to.
func (b binding) wanted() bool { return b.Key || b.Certificate || b.Either }

// requireProof refuses a request for tokens without a proof where its client needs one
// (RFC 9449 section 5.2).
func (p *Provider) requireProof(r *tokenRequest) error {
	if r.Proof != nil || !p.mustBind(r.Client).Key {
		return nil
	}
	refused := errProof(errors.New("the client's tokens are to be bound and it sends none"))
	if p.cfg.RequireDPoPNonce {
		refused.Header = http.Header{dpopNonceHeader: {p.nonces.make()}}
	}
	return refused
}

// checkPossession refuses an access token that is bound to a key or a certificate without
// a proof of it, and one that is not where the request claims that it is: neither is to be taken
// for the other (RFC 9449 sections 7.1 and 7.2).
func (p *Provider) checkPossession(w http.ResponseWriter, r *http.Request, shown presentedToken, claims *accessTokenClaims) error {
	bound := claims.Confirmation
	if err := p.checkCertificate(r, bound); err != nil {
		return err
	}
	byKey := bound != nil && bound.KeyThumbprint != ""
	switch {
	case !byKey && !shown.DPoP:
		return nil
	case !byKey:
		return fmt.Errorf("%w: it is not bound, and came by the scheme DPoP", errInvalidToken)
	case !shown.DPoP:
		return fmt.Errorf("%w: it is bound to a key, and came as a bearer token", errInvalidToken)
	}
	proof, err := p.readProof(w, r, r.URL.Path)
	switch {
	case err != nil:
		return err
	case proof == nil:
		p.offerNonce(w)
		return errProof(errors.New("it is missing"))
	case !proof.provesToken(shown.Text):
		return errProof(errors.New("its ath is that of another token"))
	case proof.Key != bound.KeyThumbprint:
		return fmt.Errorf("%w: it is bound to another key than that of the proof", errInvalidToken)
	}
	return p.spendProof(r.Context(), proof)
}
