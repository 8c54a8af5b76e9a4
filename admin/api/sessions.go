package api

import (
	"context"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/storage"
)

func sessionOperations() []operation {
	return []operation{
		row(operation{
			id: "sessions.all", method: http.MethodGet, path: "/sessions", scope: admin.ScopePeopleRead, status: http.StatusOK,
			does: "List the browsers that anybody is signed in in, the newest first", more: "Sessions meet each parameter that is given.",
		}, (*API).allSessions),
	}
}

// ListedSession is a session of anybody.
type ListedSession struct {
	Session
	Person  string   `json:"person" doc:"The id of whose it is."`
	Live    bool     `json:"live" doc:"False: its time is over, and it goes soon."`
	ACR     string   `json:"acr,omitempty"`
	Clients []string `json:"clients" nullable:"false" doc:"The applications that it signed in to."`
}

// ShowSession is a session at a time, as the API answers with it.
func ShowSession(s *storage.ListedSession, now time.Time) ListedSession {
	shown := ListedSession{
		Session: Session{string(s.SID), s.CreatedAt.UTC(), s.LastSeenAt.UTC(), s.UserAgent, s.Address},
		Person:  string(s.UserID), Live: s.Live(now), ACR: s.Authentication.ACR, Clients: []string{},
	}
	for _, c := range s.Clients {
		shown.Clients = append(shown.Clients, c.ClientID)
	}
	return shown
}

type allSessionsInput struct {
	PageParams
	Person string `query:"person" pattern:"^[0-9a-f]{32}$" doc:"Is theirs."`
	Client string `query:"client" maxLength:"256" doc:"Signed in to this application."`
}

func (a *API) allSessions(ctx context.Context, in *allSessionsInput) (*pageOutput[ListedSession], error) {
	before, err := in.place()
	if err == nil {
		err = line("query.client", in.Client)
	}
	if err != nil {
		return nil, err
	}
	found, err := a.cfg.Sessions.Page(ctx, storage.SessionPage{
		UserID: storage.ID(in.Person), ClientID: in.Client, Before: storage.ID(before), Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	now := a.cfg.Now()
	return pageOf(found, in.Limit, func(s *storage.ListedSession) string { return string(s.SID) }, func(s *storage.ListedSession) ListedSession { return ShowSession(s, now) }), nil
}
