package op

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
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
	CodeHash        string   `json:"c_hash,omitempty"`

	// scopes ask for claims here, where no access token goes with it (Core 5.4).
	scopes []string
}

// idToken makes the ID token that goes with an access token. The nonce is that
// of the authorization request; after a refresh there is none (Core 12.2).
func (p *Provider) idToken(ctx context.Context, m *maker, c *client.Client, g *storage.GrantUser, accessToken, nonce string, now time.Time) (string, error) {
	return p.signIDToken(ctx, m, c, g, idTokenClaims{Nonce: nonce, AccessTokenHash: tokenHash(idTokenAlg(c), accessToken)}, now)
}

// idTokenAlg is the algorithm of the client's ID tokens.
func idTokenAlg(c *client.Client) string { return cmp.Or(c.IDTokenSigningAlg, defaultIDTokenAlg) }

// signIDToken completes the claims of an ID token, signs it, and encrypts it to clients
// that want that (Core 10.2).
func (p *Provider) signIDToken(ctx context.Context, m *maker, c *client.Client, g *storage.GrantUser, claims idTokenClaims, now time.Time) (string, error) {
	alg := idTokenAlg(c)
	payload, err := m.idToken(c, g, claims, now)
	if err != nil {
		return "", err
	}
	token, err := p.cfg.Keys.Sign(alg, idTokenType, payload)
	if err != nil {
		return "", fmt.Errorf("sign ID token: %w", err)
	}
	if how := c.IDTokenEncryption(); how.Wanted() {
		return p.encryptTo(ctx, c, how, idTokenType, []byte(token), true)
	}
	return token, nil
}

// idToken is what an ID token says, to be signed.
func (m *maker) idToken(c *client.Client, g *storage.GrantUser, claims idTokenClaims, now time.Time) ([]byte, error) {
	claims.Issuer = m.issuer
	claims.Subject = client.Subject(c, g.Grant.UserID)
	claims.Audience = c.ID
	claims.ExpiresAt = now.Add(c.Lifetimes.IDToken).Unix()
	claims.IssuedAt = now.Unix()
	claims.AuthTime = g.Grant.Authentication.Time.Unix()
	claims.ACR, claims.AMR = toldACR(&g.Grant), g.Grant.Authentication.AMR
	claims.SID = string(g.Grant.SID)
	payload, err := json.Marshal(claims)
	if err != nil {
		return nil, fmt.Errorf("encode ID token: %w", err)
	}
	requested := m.requested(c, &g.Grant, g.Grant.Claims.IDToken, c.IDTokenClaims)
	if len(requested)+len(claims.scopes) == 0 {
		return payload, nil
	}
	return m.addClaims(payload, c.ID, &g.User, m.userClaims(c, &g.User, claims.scopes, requested))
}

// tokenHash is at_hash or c_hash: the left half of the hash that belongs to the
// ID token's algorithm, which for Ed25519 is SHA-512 (Core 3.1.3.6).
func tokenHash(alg, token string) string {
	hash := sha256.New
	switch {
	case alg == "EdDSA":
		hash = sha512.New
	case strings.HasSuffix(alg, "384"):
		hash = sha512.New384
	}
	h := hash()
	h.Write([]byte(token)) // never fails
	sum := h.Sum(nil)
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
