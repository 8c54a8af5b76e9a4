package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// sessionsEnd says which sessions end, and what becomes of their grants.
type sessionsEnd struct {
	// where is a condition over the table sessions with the placeholders of args.
	where string
	args  []any
	// keepGrants is the sid of a session whose grants and clients go on, because
	// another takes its place; empty is none.
	keepGrants storage.ID
	now        time.Time
	reason     string
}

// endSessions is the one end of every session, however it comes about: sign-out,
// by its owner or an operator, with a password, when it expires, or when another
// takes its place (requirement SE5). It deletes the sessions, revokes their grants
// that are not offline, has their clients told, and returns which they were.
//
// Lock order: users, sessions, grants. A grant that is being made holds its
// session: either the session waits for it, and it is revoked here, or it finds no
// session to rest on.
func (s *Store) endSessions(ctx context.Context, tx bun.Tx, end sessionsEnd) ([]storage.ID, error) {
	rows, err := list[endedSessionRow](ctx, s, tx, `DELETE FROM sessions WHERE `+end.where+` RETURNING sid, user_id`, end.args...)
	if err != nil {
		return nil, err
	}
	var sids []storage.ID
	var over []storage.EndedSession
	for _, row := range rows {
		sids = append(sids, storage.ID(row.SID))
		if storage.ID(row.SID) != end.keepGrants {
			over = append(over, storage.EndedSession{SID: storage.ID(row.SID), UserID: storage.ID(row.UserID), EndedAt: end.now, Reason: end.reason})
		}
	}
	for chunk := range slices.Chunk(over, maxPlaceholders) {
		if err := s.endWithSessions(ctx, tx, chunk, end); err != nil {
			return nil, err
		}
	}
	return sids, nil
}

// maxPlaceholders bounds the values of one IN.
const maxPlaceholders = 500

type endedSessionRow struct {
	bun.BaseModel `bun:"table:sessions,alias:s"`

	SID    string `bun:"sid"`
	UserID string `bun:"user_id"`
}

type sessionClientRow struct {
	bun.BaseModel `bun:"table:session_clients,alias:c"`

	SID      string `bun:"sid"`
	ClientID string `bun:"client_id"`
	Subject  string `bun:"sub"`
}

// endWithSessions ends what ends with sessions that are over.
func (s *Store) endWithSessions(ctx context.Context, tx bun.Tx, over []storage.EndedSession, end sessionsEnd) error {
	sids := make([]storage.ID, len(over))
	for i, e := range over {
		sids[i] = e.SID
	}
	var args []any
	clients, err := list[sessionClientRow](ctx, s, tx, `DELETE FROM session_clients WHERE sid IN `+anyOf(&args, sids)+` RETURNING sid, client_id, sub`, args...)
	if err != nil {
		return fmt.Errorf("end clients of sessions: %w", err)
	}
	for _, c := range clients {
		i := slices.Index(sids, storage.ID(c.SID))
		over[i].Clients = append(over[i].Clients, storage.SessionClient{ClientID: c.ClientID, Subject: c.Subject})
	}
	args = []any{sqlTime{end.now}, end.reason}
	_, err = s.exec(ctx, tx, `UPDATE grants SET revoked_at = $1, revoked_reason = $2
		WHERE revoked_at IS NULL AND NOT offline AND sid IN `+anyOf(&args, sids), args...)
	if err != nil || s.cfg.SessionsEnded == nil {
		return err
	}
	after, err := s.cfg.SessionsEnded(within(ctx, tx), over)
	if err != nil {
		return fmt.Errorf("tell of ended sessions: %w", err)
	}
	if err := s.endOffline(ctx, tx, sids, after.OfflineClients, end); err != nil {
		return fmt.Errorf("end offline grants of sessions: %w", err)
	}
	return s.insertMessages(ctx, tx, after.Deliveries)
}

// endOffline revokes what outlives sessions, at clients that do not want it to.
func (s *Store) endOffline(ctx context.Context, tx bun.Tx, sids []storage.ID, clients []string, end sessionsEnd) error {
	if len(clients) == 0 {
		return nil
	}
	args := []any{sqlTime{end.now}, end.reason}
	_, err := s.exec(ctx, tx, `UPDATE grants SET revoked_at = $1, revoked_reason = $2
		WHERE revoked_at IS NULL AND offline AND sid IN `+anyOf(&args, sids)+` AND client_id IN `+anyOf(&args, clients), args...)
	return err
}

// accessEnd says which of a person's sessions and grants end.
type accessEnd struct {
	userID storage.ID
	// except is a session that goes on, with the grants that end with it.
	except storage.ID
	// offline says that grants which outlive sessions end too, whichever session
	// they came from, if any.
	offline bool
	now     time.Time
	reason  string
}

// endAccess ends a person's sessions and grants in the transaction of the change
// that calls for it (requirement SE5).
func (s *Store) endAccess(ctx context.Context, tx bun.Tx, e accessEnd) error {
	_, err := s.endSessions(ctx, tx, sessionsEnd{
		where: `user_id = $1 AND sid <> $2`, args: []any{string(e.userID), string(e.except)}, now: e.now, reason: e.reason,
	})
	if err != nil {
		return err
	}
	which := `NOT offline AND sid IS DISTINCT FROM $4`
	if e.offline {
		which = `(offline OR sid IS DISTINCT FROM $4)`
	}
	_, err = s.exec(ctx, tx, `UPDATE grants SET revoked_at = $1, revoked_reason = $2 WHERE user_id = $3 AND revoked_at IS NULL AND `+which,
		sqlTime{e.now}, e.reason, string(e.userID), string(e.except))
	return err
}

// forgetDevices ends a person's trust in browsers.
func (s *Store) forgetDevices(ctx context.Context, tx bun.Tx, userID storage.ID) error {
	if _, err := s.exec(ctx, tx, `DELETE FROM trusted_devices WHERE user_id = $1`, string(userID)); err != nil {
		return err
	}
	return s.endTrust(ctx, tx, userID, "")
}

// endTrust lets no session of the person rest on a trusted device any more; on
// one of them where id names it. Such a session shows a second factor when one
// is wanted the next time.
func (s *Store) endTrust(ctx context.Context, tx bun.Tx, userID, id storage.ID) error {
	_, err := s.exec(ctx, tx, `UPDATE sessions SET trusted_device = '', trust_acr = ''
		WHERE user_id = $1 AND trusted_device <> '' AND ($2 = '' OR trusted_device = $2)`, string(userID), string(id))
	return err
}

// rebindFactor lets a factor begin anew: failures with the old one no longer
// count, and trust that rested on it ends (requirement TD3).
func (s *Store) rebindFactor(ctx context.Context, tx bun.Tx, userID storage.ID, kind storage.FactorKind) error {
	_, err := s.exec(ctx, tx, `DELETE FROM lockouts WHERE user_id = $1 AND kind = $2`, string(userID), string(kind))
	if err != nil {
		return err
	}
	return s.forgetDevices(ctx, tx, userID)
}
