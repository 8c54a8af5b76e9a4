package op

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/client"
)

// writeUserinfo writes claims as its client wants them: as JSON, or as a signed JWT that
// says whose they are and for whom (OpenID Connect Core 5.3.2). It has no exp: it is no
// ID token, and nobody takes it for one.
func (p *Provider) writeUserinfo(w http.ResponseWriter, c *client.Client, claims map[string]any) error {
	if c.UserInfoAlg == "" {
		writeJSON(w, http.StatusOK, claims)
		return nil
	}
	claims["iss"], claims["aud"] = p.cfg.Issuer, c.ID
	payload, err := json.Marshal(claims)
	if err != nil {
		return fmt.Errorf("encode userinfo: %w", err)
	}
	signed, err := p.cfg.Keys.Sign(c.UserInfoAlg, idTokenType, payload)
	if err != nil {
		return fmt.Errorf("sign userinfo: %w", err)
	}
	w.Header().Set("Content-Type", "application/jwt")
	w.WriteHeader(http.StatusOK)
	write(w, []byte(signed))
	return nil
}
