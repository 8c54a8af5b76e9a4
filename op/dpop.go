package op

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// The error codes of RFC 9449 sections 5 and 8.
const (
	codeInvalidDPoPProof = "invalid_dpop_proof"
	codeUseDPoPNonce     = "use_dpop_nonce"
)

const (
	// dpopHeader and dpopNonceHeader are as net/http spells them.
	dpopHeader, dpopNonceHeader = "Dpop", "Dpop-Nonce"
	// dpopType is the typ of a proof, dpopScheme that of the Authorization header and
	// the token_type.
	dpopType, dpopScheme = "dpop+jwt", "DPoP"
	proofKind            = "dpop-proof"
	// proofWindow is by how much the iat of a proof may differ from our time, either way.
	proofWindow   = time.Minute
	maxProofBytes = 8 << 10
	maxProofID    = 512
)

// dpopProof says that a request comes from who holds a key (RFC 9449 section 4.2).
type dpopProof struct {
	// Key is the thumbprint of the key (RFC 7638).
	Key string

	claims proofClaims
	spent  bool
}

// proofClaims are those of a proof. A pointer tells an absent one from an empty one.
type proofClaims struct {
	ID        string   `json:"jti"`
	Method    string   `json:"htm"`
	Address   string   `json:"htu"`
	IssuedAt  *float64 `json:"iat"`
	Nonce     *string  `json:"nonce"`
	TokenHash string   `json:"ath"`
}

// parseProof checks all of a proof that follows from itself, the request and the time
// (RFC 9449 section 4.3): not its nonce, nor whether it was used before.
func parseProof(text, method, address string, now time.Time) (*dpopProof, error) {
	if len(text) > maxProofBytes {
		return nil, errors.New("it is too long")
	}
	signed, err := parseClientSignature(text)
	if err != nil {
		return nil, err
	}
	encoded, _, _ := strings.Cut(text, ".")
	key, err := proofKey(encoded)
	if err != nil {
		return nil, err
	}
	payload, err := signed.verify(key.Key)
	if err != nil {
		return nil, fmt.Errorf("check its signature: %w", err)
	}
	proof := &dpopProof{}
	if err := decodeClaims(payload, &proof.claims); err != nil {
		return nil, fmt.Errorf("read its claims: %w", err)
	}
	if err := proof.claims.check(method, address, now); err != nil {
		return nil, err
	}
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("name its key: %w", err)
	}
	proof.Key = base64.RawURLEncoding.EncodeToString(sum)
	return proof, nil
}

// proofKey returns the public key in the header of a proof, whose typ it checks.
func proofKey(encoded string) (*jose.JSONWebKey, error) {
	var header struct {
		Type string          `json:"typ"`
		JWK  json.RawMessage `json:"jwk"`
	}
	if err := decodePart(encoded, &header); err != nil {
		return nil, fmt.Errorf("read its header: %w", err)
	}
	if header.Type != dpopType {
		return nil, errors.New("its typ is not " + dpopType)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(header.JWK, &members); err != nil || members == nil {
		return nil, errors.New("it has no jwk")
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, has := members[private]; has {
			return nil, errors.New("its jwk has a private or symmetric part")
		}
	}
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(header.JWK); err != nil {
		return nil, fmt.Errorf("read its jwk: %w", err)
	}
	if !key.IsPublic() || !key.Valid() || !strongEnough(key.Key) {
		return nil, errors.New("its jwk is not a public key, or too weak")
	}
	return &key, nil
}

func (c *proofClaims) check(method, address string, now time.Time) error {
	switch {
	case c.ID == "" || len(c.ID) > maxProofID:
		return errors.New("it has no jti, or too long a one")
	case c.Method != method:
		return errors.New("its htm is another method")
	case !sameAddress(c.Address, address):
		return errors.New("its htu is another address")
	case c.IssuedAt == nil:
		return errors.New("it has no iat")
	}
	if age := now.Sub(timeOf(*c.IssuedAt)); age > proofWindow || age < -proofWindow {
		return fmt.Errorf("its iat is %s off", age.Round(time.Second))
	}
	return nil
}

// sameAddress reports whether an htu is one of our addresses, query and fragment aside,
// after the normalizations that RFC 9449 section 4.3 asks for (RFC 3986 sections 6.2.2
// and 6.2.3).
func sameAddress(htu, address string) bool {
	said, err := url.Parse(htu)
	if err != nil || said.User != nil || said.Opaque != "" {
		return false
	}
	ours, err := url.Parse(address)
	return err == nil && strings.EqualFold(said.Scheme, ours.Scheme) && hostAndPort(said) == hostAndPort(ours) && said.Path == ours.Path
}

// hostAndPort is the authority with the port that the scheme implies.
func hostAndPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

// readProof returns the proof of a request to one of our endpoints, or nil where it
// brings none. Where nonces are required the answer to a proof brings the next one.
func (p *Provider) readProof(w http.ResponseWriter, r *http.Request, path string) (*dpopProof, error) {
	headers := r.Header[dpopHeader]
	if len(headers) == 0 {
		return nil, nil
	}
	p.offerNonce(w)
	if len(headers) > 1 {
		return nil, errProof(errors.New("there is more than one"))
	}
	proof, err := parseProof(headers[0], r.Method, p.baseOf(r)+path, p.cfg.Now())
	if err != nil {
		return nil, errProof(err)
	}
	if err := p.checkNonce(w, proof.claims.Nonce); err != nil {
		return nil, err
	}
	return proof, nil
}

// spendProof lets a proof be used once at an address (replay, RFC 9449 section 11.1,
// requirement PR1): of many requests with it one goes on. A nil proof is none. Callers
// have found a credential in order before, so that strangers cannot fill the store.
func (p *Provider) spendProof(ctx context.Context, proof *dpopProof) error {
	if proof == nil {
		return nil
	}
	left := timeOf(*proof.claims.IssuedAt).Add(proofWindow).Sub(p.cfg.Now())
	id := ephemeral.Name(proof.Key, proof.claims.Address, proof.claims.ID)
	err := p.proofs.PutNew(ctx, id, struct{}{}, left+2*proofWindow) // nodes' clocks differ
	switch {
	case errors.Is(err, storage.ErrConflict):
		return errProof(errors.New("it was used before"))
	case err != nil:
		return unavailable("spend DPoP proof", err)
	}
	proof.spent = true
	return nil
}

// provesToken reports whether the proof was made for an access token (its ath).
func (d *dpopProof) provesToken(token string) bool {
	sum := sha256.Sum256([]byte(token))
	made := base64.RawURLEncoding.EncodeToString(sum[:])
	return subtle.ConstantTimeCompare([]byte(made), []byte(d.claims.TokenHash)) == 1
}

// errProof refuses a proof. What is wrong with it helps whoever writes a client, and
// nobody else.
func errProof(cause error) *Error {
	return &Error{Code: codeInvalidDPoPProof, Description: "the DPoP proof is missing, invalid or already used", Cause: cause}
}
