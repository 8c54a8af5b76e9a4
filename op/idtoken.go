package op

import (
	"cmp"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// idTokenType is the typ of an ID token's header.
const idTokenType = "JWT"

// idTokenClaims are the claims of every ID token (OpenID Connect Core 2);
// nothing is in one that neither the specification nor the client asks for.
type idTokenClaims struct {
	Issuer          string   `json:"iss"`
	Subject         string   `json:"sub"`
	Audience        string   `json:"aud"`
	ExpiresAt       int64    `json:"exp"`
	IssuedAt        int64    `json:"iat"`
	AuthTime        int64    `json:"auth_time"`
	Nonce           string   `json:"nonce,omitempty"`
	ACR             string   `json:"acr,omitempty"`
	AMR             []string `json:"amr,omitempty"`
	SID             string   `json:"sid,omitempty"`
	AccessTokenHash string   `json:"at_hash,omitempty"`
}

// ownIDTokenClaims are told by us whatever a claims request says.
var ownIDTokenClaims = []string{
	"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "auth_time", "nonce", "acr", "amr", "azp", "sid", "at_hash", "c_hash",
}

// idToken makes the ID token that goes with an access token. The nonce is that
// of the authorization request; after a refresh there is none (Core 12.2).
func (p *Provider) idToken(c *client.Client, g *storage.GrantUser, accessToken, nonce string, now time.Time) (string, error) {
	alg := cmp.Or(c.IDTokenSigningAlg, defaultIDTokenAlg)
	payload, err := json.Marshal(idTokenClaims{
		Issuer:          p.cfg.Issuer,
		Subject:         client.Subject(c, g.Grant.UserID),
		Audience:        c.ID,
		ExpiresAt:       now.Add(c.Lifetimes.IDToken).Unix(),
		IssuedAt:        now.Unix(),
		AuthTime:        g.Grant.Authentication.Time.Unix(),
		Nonce:           nonce,
		ACR:             g.Grant.Authentication.ACR,
		AMR:             g.Grant.Authentication.AMR,
		SID:             string(g.Grant.SID),
		AccessTokenHash: tokenHash(alg, accessToken),
	})
	if err != nil {
		return "", fmt.Errorf("encode ID token: %w", err)
	}
	if requested := requestedInIDToken(c, &g.Grant); len(requested) > 0 {
		if payload, err = addClaims(payload, userClaims(&g.User, nil, requested)); err != nil {
			return "", err
		}
	}
	token, err := p.cfg.Keys.Sign(alg, idTokenType, payload)
	if err != nil {
		return "", fmt.Errorf("sign ID token: %w", err)
	}
	return token, nil
}

// requestedInIDToken are the claims that an ID token holds: those that the
// authorization asked for by name, and those that the client is registered to
// find in each, as far as its person allowed them.
func requestedInIDToken(c *client.Client, g *storage.Grant) map[string]*storage.ClaimRequest {
	requested := stillAllowed(c, g.Claims.IDToken)
	if len(c.IDTokenClaims) == 0 {
		return requested
	}
	all := make(map[string]*storage.ClaimRequest, len(requested)+len(c.IDTokenClaims))
	maps.Copy(all, requested)
	implied := c.ConsentFor(g.RedirectURI) == client.ConsentImplied
	for _, name := range c.IDTokenClaims {
		if mayNameClaim(c, name) && (implied || slices.Contains(g.Scopes, claimScope(name))) {
			all[name] = nil
		}
	}
	return all
}

// stillAllowed are those of the claims that a grant asked for by name that its client
// may still name: its registration may have changed (requirement RF5).
func stillAllowed(c *client.Client, named map[string]*storage.ClaimRequest) map[string]*storage.ClaimRequest {
	for name := range named {
		if mayNameClaim(c, name) {
			continue
		}
		left := maps.Clone(named)
		maps.DeleteFunc(left, func(name string, _ *storage.ClaimRequest) bool { return !mayNameClaim(c, name) })
		return left
	}
	return named
}

// addClaims appends what the client asked to have of the person.
func addClaims(payload []byte, extra map[string]any) ([]byte, error) {
	for _, name := range ownIDTokenClaims {
		delete(extra, name)
	}
	if len(extra) == 0 {
		return payload, nil
	}
	more, err := json.Marshal(extra)
	if err != nil {
		return nil, fmt.Errorf("encode claims of a person: %w", err)
	}
	payload[len(payload)-1] = ','
	return append(payload, more[1:]...), nil
}

// tokenHash is at_hash or c_hash: the left half of the hash that belongs to the
// ID token's algorithm, which for Ed25519 is SHA-512 (Core 3.1.3.6).
func tokenHash(alg, token string) string {
	if alg == "EdDSA" {
		sum := sha512.Sum512([]byte(token))
		return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
