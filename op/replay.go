package op

import (
	"context"
	"errors"
	"log/slog"

	"github.com/latchkey-id/latchkey/storage"
)

// replayed refuses a code that is not there to be taken. If it was exchanged
// before, and whoever shows it now could have exchanged it, then two parties
// hold the client's secrets and what the first use issued is revoked (RFC 6749
// section 4.1.2). A replay that would have failed anyway proves only that the
// code was seen, and must not let an onlooker end somebody's grant.
func (s *server) replayed(ctx context.Context, c call, hashes []string, shown codeProof) error {
	g, err := s.cfg.Grants.ByCodeHash(ctx, hashes)
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
	if err := s.revokeAfterAttack(ctx, c, g, storage.RevokedCodeReplay, storage.EventCodeReplay); err != nil {
		return err
	}
	return errBadCode(errors.New("the code was used before"))
}

// revokeAfterAttack ends a grant whose code or refresh token was used twice.
func (s *server) revokeAfterAttack(ctx context.Context, c call, g *storage.Grant, reason string, typ storage.EventType) error {
	ctx, cancel := uncancelled(ctx)
	defer cancel()
	event, err := s.event(ctx, c, typ, g)
	if err != nil {
		return err
	}
	event.Outcome, event.Detail = storage.Failure, reason
	err = s.cfg.Grants.Revoke(ctx, g.ID, c.now, reason, event)
	if errors.Is(err, storage.ErrNotFound) {
		return nil // it has ended already
	}
	if err != nil {
		return unavailable("revoke grant", err)
	}
	s.cfg.Counter.GrantRevoked(reason)
	s.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "grant revoked",
		slog.String("reason", reason), slog.String("client_id", g.ClientID), slog.String("user_id", string(g.UserID)),
		slog.String("grant_id", string(g.ID)))
	return nil
}
