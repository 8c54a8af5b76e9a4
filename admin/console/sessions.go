package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/storage"
)

// sessionsPath is the list of everybody's sessions.
const sessionsPath = Root + "/sessions"

// sessionList lists the browsers that anybody is signed in in, the newest first.
func sessionList() *list {
	return &list{
		filters: []filter{{name: "person", label: "console.person"}, {name: "client", label: "console.client_id"}},
		columns: []string{"console.person", "console.browser", "console.address", "account.applications", "console.since", "console.seen", ""},
		pick:    "end",
		read:    readSessions,
	}
}

func readSessions(r *http.Request, c *Console, v *visit, query url.Values, after string, limit int) ([]item, string, error) {
	page := storage.SessionPage{ClientID: query.Get("client"), Before: storage.ID(after), Limit: limit + 1}
	if who := query.Get("person"); who != "" {
		var err error
		if page.UserID, err = c.named(r.Context(), who); page.UserID == "" {
			return nil, "", err
		}
	}
	found, err := c.cfg.Sessions.Page(r.Context(), page)
	now := c.cfg.Now()
	rows, next := itemsOf(found, limit, func(l *storage.ListedSession) string { return string(l.SID) }, func(l *storage.ListedSession) item {
		shown := item{record: api.ShowSession(l, now), cells: func(s *screen) []cell { return c.sessionCells(s, v, l) }}
		if l.UserID != v.User.ID && v.may.Has(c.scopeOf("sessions.end")) {
			shown.pick = string(l.UserID) + picked + string(l.SID)
		}
		return shown
	})
	return rows, next, err
}

// named is whom a filter names, by id, address or username; nobody where there is none.
func (c *Console) named(ctx context.Context, who string) (storage.ID, error) {
	if _, err := storage.ID(who).Bytes(); err == nil {
		return storage.ID(who), nil
	}
	found, err := c.cfg.Users.Search(ctx, storage.PeopleFilter{Prefix: who, Limit: 1})
	if err != nil || len(found) == 0 || !strings.EqualFold(found[0].Key, who) {
		return "", err
	}
	return found[0].User.ID, nil
}

// sessionCells is a session as its list shows it.
func (c *Console) sessionCells(s *screen, v *visit, l *storage.ListedSession) []cell {
	seen, end := s.at(l.LastSeenAt), cell{}
	if !l.Live(c.cfg.Now()) {
		seen = cell{All: []cell{seen, tag("plain", s.T("console.over"))}}
	}
	if l.UserID == v.User.ID {
		end = tag("plain", s.T("console.yours"))
	} else if v.may.Has(c.scopeOf("sessions.end")) {
		end = cell{Text: s.T("console.end_session.title"), Danger: true, Label: s.Device(l.UserAgent), URL: pathOf(l.UserID) + "/end-session?" + url.Values{"session": {string(l.SID)}}.Encode()}
	}
	return []cell{
		nameCell(&storage.User{ID: l.UserID, Email: l.Email, Username: l.Username}), text(s.Device(l.UserAgent)), text(l.Address),
		c.appsOf(s.ctx, l), s.at(l.CreatedAt), seen, end,
	}
}

// appsOf are the applications that a session signed in to.
func (c *Console) appsOf(ctx context.Context, l *storage.ListedSession) cell {
	var all []cell
	for _, client := range l.Clients {
		all = append(all, cell{Text: c.clientName(ctx, client.ClientID), URL: appAt(client.ClientID)})
	}
	return cell{All: all}
}

// picked stands between the person and the sid of a session that was picked.
const picked = "."

// sessionActs is what is done to several sessions at once.
func sessionActs() []*act {
	return []*act{{
		of: sessionsPath, name: "end", text: "console.end_picked", operation: "sessions.end", command: "session end {person} {session}", danger: true,
		subject: "session", several: true, about: sessionWords, fields: pickedSessions, do: endPicked,
	}}
}

// pickedOf are the sessions that an act is about, each once and no more than a page has.
func pickedOf(t *target) []storage.ListedSession {
	var all []storage.ListedSession
	for _, one := range strings.Fields(t.subject) {
		person, sid, _ := strings.Cut(one, picked)
		l := storage.ListedSession{Session: storage.Session{UserID: storage.ID(person), SID: storage.ID(sid)}}
		_, err := l.UserID.Bytes()
		if _, bad := l.SID.Bytes(); err != nil || bad != nil || slices.ContainsFunc(all, func(x storage.ListedSession) bool { return x.SID == l.SID }) {
			continue
		}
		if all = append(all, l); len(all) == onPage {
			break
		}
	}
	return all
}

// sessionWords are what commands and calls name of them, which end one at a time.
func sessionWords(t *target) []url.Values {
	var all []url.Values
	for _, p := range pickedOf(t) {
		all = append(all, url.Values{"person": {string(p.UserID)}, "session": {string(p.SID)}})
	}
	return all
}

// pickedSessions shows what was picked before it ends.
func pickedSessions(c *Console, v *visit, t *target, s *screen, _ *form) error {
	b := block{ID: "picked", Table: &table{Label: s.T("console.sessions"), Columns: s.columns("console.person", "console.browser", "console.address", "console.seen"), None: s.T("console.none")}}
	for _, p := range pickedOf(t) {
		u, err := c.cfg.Users.ByID(s.ctx, p.UserID)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		sessions, err := c.cfg.Sessions.ListByUser(s.ctx, p.UserID, c.cfg.Now())
		if err != nil {
			return err
		}
		for _, x := range sessions {
			if x.SID == p.SID {
				who := nameCell(u)
				if !c.cfg.Accounts.Reaches(v.actor, u) {
					who = cell{All: []cell{who, tag("warn", s.T("console.not_yours"))}}
				}
				b.Table.Rows = append(b.Table.Rows, row{Cells: []cell{who, text(s.Device(x.UserAgent)), text(x.Address), s.at(x.LastSeenAt)}})
			}
		}
	}
	s.Blocks = append(s.Blocks, b)
	return nil
}

// endPicked ends them one by one: each is an event of its person. One that ended
// meanwhile is as was wanted; one that the visitor may not end is left, and they are told.
func endPicked(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
	var refused error
	for _, p := range pickedOf(t) {
		err := c.cfg.Accounts.EndSession(r.Context(), by, p.UserID, p.SID)
		switch {
		case errors.Is(err, account.ErrNotFound), errors.Is(err, account.ErrNobody), errors.Is(err, account.ErrUnchanged):
		case errors.Is(err, account.ErrForbidden):
			refused = err
		case err != nil:
			return false, err
		}
	}
	return false, refused
}
