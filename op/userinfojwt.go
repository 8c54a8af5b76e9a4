package op

import (
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/client"
)

// writeUserinfo writes claims as its client wants them: as JSON, as a signed JWT that
// says whose they are and for whom, or encrypted, signed before or not (OpenID Connect
// Core 5.3.2). It has no exp: it is no ID token, and nobody takes it for one.
func (p *Provider) writeUserinfo(w http.ResponseWriter, r *http.Request, c *client.Client, claims claimList) error {
	how := c.UserInfoEncryption()
	if c.UserInfoAlg != "" {
		claims.set("iss", p.cfg.Issuer)
		claims.set("aud", c.ID)
	}
	payload, err := claims.object()
	if err != nil {
		return fmt.Errorf("encode userinfo: %w", err)
	}
	if c.UserInfoAlg == "" && !how.Wanted() {
		writeEncoded(w, http.StatusOK, payload)
		return nil
	}
	answer := string(payload)
	if c.UserInfoAlg != "" {
		if answer, err = p.cfg.Keys.Sign(c.UserInfoAlg, idTokenType, payload); err != nil {
			return fmt.Errorf("sign userinfo: %w", err)
		}
	}
	if how.Wanted() {
		if answer, err = p.encryptTo(r.Context(), c, how, idTokenType, []byte(answer), c.UserInfoAlg != ""); err != nil {
			return err
		}
	}
	writeCompact(w, http.StatusOK, &compactAnswer{"application/jwt", answer})
	return nil
}
