package op

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// sealedTokenPrefix lets scanners of leaked secrets know one when they see it.
const sealedTokenPrefix = "lka_"

// maxSealedToken bounds what is opened, in characters.
const maxSealedToken = 16 << 10

var errSealedTokenForm = errors.New("not a sealed token of ours")

// sealedClaims is what an opaque access token holds, under the sealer: what no row
// knows. The rest of [accessTokenClaims] follows from the grant, which is read
// anyway; so the token stays under the 512 characters that relying parties'
// caches take.
type sealedClaims struct {
	ClientID string   `json:"c"`
	Audience []string `json:"a,omitempty"` // besides the issuer
	// NotOurs says that the issuer is not in the audience: a token for one resource
	// server alone is no good at our own endpoints (RFC 8707 section 2).
	NotOurs   bool       `json:"n,omitempty"`
	Scope     string     `json:"s,omitempty"`
	ID        string     `json:"j"`
	IssuedAt  int64      `json:"i"`
	ExpiresAt int64      `json:"e"`
	GrantID   storage.ID `json:"g,omitempty"`
	Key       string     `json:"k,omitempty"` // the thumbprint of a DPoP key
	// Certificate is the thumbprint of a TLS certificate.
	Certificate string `json:"x,omitempty"`
	// Subject is there where it is not the client, and no grant says who.
	Subject     string      `json:"u,omitempty"`
	GrantClient string      `json:"o,omitempty"`
	Act         *actorClaim `json:"t,omitempty"`
	MayAct      *actorClaim `json:"m,omitempty"`
}

// sealedTokenPlace is what opaque access tokens are sealed for: another issuer's,
// or another secret under the same key, is none.
func sealedTokenPlace(issuer string) keys.AssociatedData {
	return keys.AssociatedData{Table: "access_tokens", Column: "claims", Row: issuer}
}

// seal hides claims in a token.
func (c *accessTokenCodec) seal(claims *accessTokenClaims) (string, error) {
	var bound confirmation
	if claims.Confirmation != nil {
		bound = *claims.Confirmation
	}
	var subject string
	if claims.GrantID == "" && claims.Subject != claims.ClientID {
		subject = claims.Subject
	}
	payload, err := json.Marshal(sealedClaims{
		ClientID: claims.ClientID, Scope: claims.Scope, ID: claims.ID, IssuedAt: claims.IssuedAt, ExpiresAt: claims.ExpiresAt,
		Audience: slices.DeleteFunc(slices.Clone(claims.Audience), func(aud string) bool { return aud == c.issuer }),
		NotOurs:  !slices.Contains(claims.Audience, c.issuer), GrantID: claims.GrantID,
		Key: bound.KeyThumbprint, Certificate: bound.Certificate,
		Subject: subject, GrantClient: claims.GrantClient, Act: claims.Act, MayAct: claims.MayAct,
	})
	if err != nil {
		return "", fmt.Errorf("encode access token: %w", err)
	}
	sealed, err := c.sealer.Seal(payload, sealedTokenPlace(c.issuer))
	if err != nil {
		return "", fmt.Errorf("seal access token: %w", err)
	}
	return sealedTokenPrefix + sealed, nil
}

// open returns the claims of a token that was sealed here; what follows from its
// grant is missing. It answers keys.ErrUnknownKey where it cannot judge, and
// errSealedTokenForm to everything else that is no such token.
func (c *accessTokenCodec) open(token string) (*accessTokenClaims, error) {
	if len(token) > maxSealedToken {
		return nil, errSealedTokenForm
	}
	payload, err := c.sealer.Open(strings.TrimPrefix(token, sealedTokenPrefix), sealedTokenPlace(c.issuer))
	if errors.Is(err, keys.ErrUnknownKey) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSealedTokenForm, err)
	}
	var s sealedClaims
	if err := json.Unmarshal(payload, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", errSealedTokenForm, err)
	}
	claims := &accessTokenClaims{
		Issuer: c.issuer, Audience: s.Audience, ClientID: s.ClientID, Scope: s.Scope, ID: s.ID,
		IssuedAt: s.IssuedAt, ExpiresAt: s.ExpiresAt, GrantID: s.GrantID,
		GrantClient: s.GrantClient, Act: s.Act, MayAct: s.MayAct,
	}
	if !s.NotOurs {
		claims.Audience = append(claims.Audience, c.issuer)
	}
	if s.Key != "" || s.Certificate != "" {
		claims.Confirmation = &confirmation{KeyThumbprint: s.Key, Certificate: s.Certificate}
	}
	if s.GrantID == "" {
		claims.Subject = cmp.Or(s.Subject, s.ClientID) // a client that acts for itself
	}
	return claims, nil
}
