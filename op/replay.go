package op

import (
	"context"
	"errors"
	"log/slog"

	"github.com/latchkey-id/latchkey/storage"
)

// refuseReplay refuses a code that is not there to be taken. If it was exchanged
// before, and whoever shows it now could have exchanged it, then two parties
// hold the client's secrets and what the first use issued is revoked (RFC 6749
// section 4.1.2). A replay that would have failed anyway proves only that the
// code was seen, and must not let an onlooker end somebody's grant.
func (p *Provider) refuseReplay(ctx context.Context, r *tokenRequest, hash string, shown codeProof) error {
	g, err := p.cfg.Grants.ByCodeHash(ctx, []string{hash})
	if errors.Is(err, storage.ErrNotFound) {
		return errBadCode(errors.New("no such code"))
	}
	if err != nil {
		return unavailable("look up the grant of a code", err)
	}
	bound := codeBinding{ClientID: g.ClientID, RedirectURI: g.RedirectURI, Challenge: g.CodeChallenge}
	if err := bound.check(shown); err != nil {
		return errBadCode(err)
	}
	if err := p.revokeAfterAttack(ctx, r, g, storage.RevokedCodeReplay, storage.EventCodeReplay); err != nil {
		return err
	}
	return errBadCode(errors.New("the code was used before"))
}

// revokeAfterAttack ends a grant whose code or refresh token was used twice.
func (p *Provider) revokeAfterAttack(ctx context.Context, r *tokenRequest, g *storage.Grant, reason string, typ storage.EventType) error {
	ctx, cancel := uncancelled(ctx)
	defer cancel()
	event, err := p.event(ctx, r, typ, g)
	if err != nil {
		return err
	}
	event.Outcome, event.Detail = storage.Failure, reason
	err = p.cfg.Grants.Revoke(ctx, g.ID, r.Now, reason, event)
	if errors.Is(err, storage.ErrNotFound) {
		return nil // it has ended already
	}
	if err != nil {
		return unavailable("revoke grant", err)
	}
	p.cfg.Counter.GrantRevoked(reason)
	p.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "grant revoked",
		slog.String("reason", reason), slog.String("client_id", g.ClientID), slog.String("user_id", string(g.UserID)),
		slog.String("grant_id", string(g.ID)))
	return nil
}
