package op

import (
	"context"
	"errors"
	"log/slog"

	"github.com/latchkey-id/latchkey/client"
)

// provesSecret reports whether the secret is one of the client's that has not
// expired. No slow hash is computed (requirement LK2): whoever can send a request
// could fill the queue that sign-ins wait in. Against a timing side channel that
// tells which clients exist, an unknown client costs the keyed hash that a known
// one does.
func (p *Provider) provesSecret(ctx context.Context, found *client.Client, c credentials) (bool, error) {
	if c.Secret == "" && c.RawSecret == "" {
		return false, nil
	}
	if found == nil {
		p.cfg.Hasher.Sum(client.SecretPurpose, c.ClientID, c.Secret) // result ignored: there is nothing to match
		return false, nil
	}
	var unjudged error
	now := p.cfg.Now()
	for _, s := range found.Secrets {
		if s.Verifier == "" || !s.ExpiresAt.IsZero() && !now.Before(s.ExpiresAt) {
			continue
		}
		right, err := p.cfg.Hasher.Judge(s.Verifier, client.SecretPurpose, found.ID, c.Secret)
		if right && c.Secret != "" {
			return true, nil
		}
		raw, rawErr := p.cfg.Hasher.Judge(s.Verifier, client.SecretPurpose, found.ID, c.RawSecret)
		if raw && c.RawSecret != "" {
			p.noteUndecoded(ctx, found.ID)
			return true, nil
		}
		unjudged = errors.Join(unjudged, err, rawErr)
	}
	// Of what is left one may be right that this node cannot judge (requirement KY5).
	return false, unjudged
}

// noteUndecoded logs, once for each client, that it does not form-encode its secret.
func (p *Provider) noteUndecoded(ctx context.Context, clientID string) {
	if _, said := p.undecoded.LoadOrStore(clientID, true); said {
		return
	}
	p.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "client secret fits only undecoded: the client does not form-encode it for "+
		"client_secret_basic (RFC 6749 section 2.3.1); a secret made with `openssl rand -hex 32` is the same either way",
		slog.String("client_id", clientID))
}
