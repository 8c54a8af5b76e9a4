package op

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// Preview is what tokens would say, and userinfo, if they were issued. It is made by
// the code that makes them; what only issuing knows (jti, at_hash, nonce) is missing.
type Preview struct {
	// IDToken is nil where openid is not among the scopes.
	IDToken     map[string]any `json:"id_token,omitempty"`
	UserInfo    map[string]any `json:"userinfo,omitempty"`
	AccessToken map[string]any `json:"access_token"`
}

// NewPreview says what a client would get for a grant with the scopes, for a resource
// server or, where that is empty, for none in particular. What it has from userinfo then
// is by a token for that, which is for us. It does not decide whether it would get anything.
func NewPreview(
	issuer string, catalog *access.Catalog, log *slog.Logger, c *client.Client, g *storage.GrantUser, scopes []string, resource string, now time.Time,
) (*Preview, error) {
	m := maker{issuer: issuer, catalog: catalog, log: log}
	if !allowsOffline(c) { // dropped where it is asked for
		scopes = slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return scope == client.ScopeOfflineAccess })
	}
	if resource != "" {
		if err := m.mayAskFor(c, resource); err != nil {
			return nil, err
		}
	}
	to := m.target(c, scopes, resource)
	claims := grantClaims(c, g)
	m.complete(&claims, c, to, now, now.Add(to.lifetime))
	payload, err := json.Marshal(claims)
	if err != nil {
		return nil, fmt.Errorf("encode access token: %w", err)
	}
	if payload, err = m.accessTokenExtras(c, g, to)(payload); err != nil {
		return nil, err
	}
	preview := &Preview{}
	if preview.AccessToken, err = decoded(payload, "jti", "gid"); err != nil {
		return nil, err
	}
	if !slices.Contains(scopes, client.ScopeOpenID) {
		return preview, nil
	}
	if payload, err = m.idToken(c, g, idTokenClaims{}, now); err != nil {
		return nil, err
	}
	if preview.IDToken, err = decoded(payload, "sid"); err != nil {
		return nil, err
	}
	shown := to.scopes
	if resource != "" {
		shown = m.target(c, scopes, issuer).scopes
	}
	if payload, err = m.userinfo(c, g, shown).object(); err != nil {
		return nil, fmt.Errorf("encode userinfo: %w", err)
	}
	preview.UserInfo, err = decoded(payload)
	return preview, err
}

// decoded reads claims again, without those that nothing issued has.
func decoded(payload []byte, but ...string) (map[string]any, error) {
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil, fmt.Errorf("decode claims: %w", err)
	}
	for _, name := range but {
		delete(claims, name)
	}
	return claims, nil
}
