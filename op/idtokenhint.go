package op

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// idTokenHint is what an ID token says of an earlier sign-in.
type idTokenHint struct {
	Issuer   string        `json:"iss"`
	Subject  string        `json:"sub"`
	Audience oidc.Audience `json:"aud"`
	SID      string        `json:"sid"`
	// ExpiresAt is there in every ID token: other JWTs for the same audience have none.
	ExpiresAt int64 `json:"exp"`
	// ClientID is empty: only access tokens have it, some of which are of the same type.
	ClientID string `json:"client_id"`
}

// readIDTokenHint reads an ID token that we issued. That it may have expired
// does not matter: it is a hint, and proves nothing but that we wrote it
// (OpenID Connect Core 3.1.2.1, RP-Initiated Logout 2).
//
// One that its client encrypted to us again (Core 3.1.2.1) is decrypted first.
func (p *Provider) readIDTokenHint(ctx context.Context, token string) (*idTokenHint, error) {
	if strings.Count(token, ".") == 4 && len(p.cfg.Keys.EncryptionAlgs()) > 0 {
		content, _, _, err := p.cfg.Keys.Decrypt(ctx, token)
		if err != nil {
			return nil, fmt.Errorf("decrypt ID token: %w", err)
		}
		token = string(content)
	}
	payload, err := p.cfg.Keys.VerifyHint(ctx, token, idTokenType, signingAlgs...)
	if err != nil {
		return nil, fmt.Errorf("verify ID token: %w", err)
	}
	var hint idTokenHint
	if err := json.Unmarshal(payload, &hint); err != nil {
		return nil, fmt.Errorf("decode ID token: %w", err)
	}
	if hint.Issuer != p.cfg.Issuer || hint.Subject == "" || len(hint.Audience) == 0 || hint.ExpiresAt == 0 {
		return nil, errors.New("no ID token of this issuer")
	}
	if hint.ClientID != "" || slices.Contains(hint.Audience, p.cfg.Issuer) {
		return nil, errors.New("an access token")
	}
	return &hint, nil
}
