package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

type listedSessionRow struct {
	bun.BaseModel `bun:"table:sessions,alias:s"`

	SID           string  `bun:"sid"`
	UserID        string  `bun:"user_id"`
	ACR           string  `bun:"acr"`
	CreatedAt     sqlTime `bun:"created_at"`
	LastSeenAt    sqlTime `bun:"last_seen_at"`
	IdleExpiresAt sqlTime `bun:"idle_expires_at"`
	ExpiresAt     sqlTime `bun:"expires_at"`
	UserAgent     string  `bun:"user_agent"`
	Address       string  `bun:"address"`
	Email         string  `bun:"email,scanonly"`
	Username      string  `bun:"username,scanonly"`
}

// computed returns what a session's person is called by, of the row of users u.
func (listedSessionRow) computed(column string) string { return "u." + column }

func (r *listedSessionRow) session() storage.ListedSession {
	return storage.ListedSession{Email: r.Email, Username: r.Username, Session: storage.Session{
		SID: storage.ID(r.SID), UserID: storage.ID(r.UserID), Authentication: storage.Authentication{ACR: r.ACR},
		CreatedAt: r.CreatedAt.Time, LastSeenAt: r.LastSeenAt.Time, IdleExpiresAt: r.IdleExpiresAt.Time, ExpiresAt: r.ExpiresAt.Time,
		UserAgent: r.UserAgent, Address: r.Address,
	}}
}

// Page returns sessions with their people and clients, the newest first, by keyset: a
// page costs the same however many there are. Sessions whose time is over and that
// were not swept yet are among them. Neither secrets nor proofs are read.
func (r *Sessions) Page(ctx context.Context, p storage.SessionPage) ([]storage.ListedSession, error) {
	args, conditions := []any{p.Limit}, []string{}
	where := func(condition string, value string) {
		args = append(args, value)
		conditions = append(conditions, strings.ReplaceAll(condition, "?", placeholders(len(args), 1)))
	}
	if p.UserID != "" {
		where(`s.user_id = ?`, string(p.UserID))
	}
	if p.Before != "" {
		where(`s.sid < ?`, string(p.Before))
	}
	if p.ClientID != "" && p.UserID != "" {
		where(`EXISTS (SELECT 1 FROM session_clients c WHERE c.sid = s.sid AND c.client_id = ?)`, p.ClientID)
	} else if p.ClientID != "" {
		before := ``
		if p.Before != "" {
			before = ` AND c.sid < $2`
		}
		where(`s.sid IN (SELECT DISTINCT c.sid FROM session_clients c WHERE c.client_id = ?`+before+` ORDER BY c.sid DESC LIMIT $1)`, p.ClientID)
	}
	text := `SELECT ` + columnsOf[listedSessionRow]() + ` FROM sessions s JOIN users u ON u.id = s.user_id`
	if len(conditions) > 0 {
		text += ` WHERE ` + strings.Join(conditions, ` AND `)
	}
	rows, err := list[listedSessionRow](ctx, r.s, r.s.read, text+` ORDER BY s.sid DESC LIMIT $1`, args...)
	if err != nil {
		return nil, wrap("list sessions", err)
	}
	sessions, sids := make([]storage.ListedSession, len(rows)), make([]storage.ID, len(rows))
	for i := range rows {
		sessions[i] = rows[i].session()
		sids[i] = sessions[i].SID
	}
	var of []any
	clients, err := list[sessionClientRow](ctx, r.s, r.s.read, `SELECT c.sid, c.client_id, c.sub FROM session_clients c
		WHERE c.sid IN `+anyOf(&of, sids)+` ORDER BY c.sid, c.client_id`, of...)
	if err != nil {
		return nil, wrap("list clients of sessions", err)
	}
	for _, c := range clients {
		i := slices.Index(sids, storage.ID(c.SID))
		sessions[i].Clients = append(sessions[i].Clients, storage.SessionClient{ClientID: c.ClientID, Subject: c.Subject})
	}
	return sessions, nil
}
