package api

import (
	"context"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/storage"
)

func eventOperations() []operation {
	return []operation{
		row(operation{
			id: "events.list", method: http.MethodGet, path: "/events", scope: admin.ScopeAuditRead, status: http.StatusOK,
			does: "Read the record of security events, the newest first",
			more: "Events meet each parameter that is given.",
		}, (*API).listEvents),
	}
}

// Event is a security event: who did what, through which client, from where, and how it
// ended.
type Event struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Type      string    `json:"type"`
	Outcome   string    `json:"outcome" enum:"success,failure"`
	ActorKind string    `json:"actor_kind,omitempty" doc:"person, operator, client or system; absent where nobody said who they are."`
	Actor     string    `json:"actor,omitempty"`
	Person    string    `json:"person,omitempty" doc:"The id of whom it is about."`
	Client    string    `json:"client,omitempty"`
	Grant     string    `json:"grant,omitempty"`
	Session   string    `json:"session,omitempty"`
	Address   string    `json:"address,omitempty"`
	UserAgent string    `json:"user_agent,omitempty" doc:"The browser’s own word."`
	RequestID string    `json:"request_id,omitempty"`
	Detail    string    `json:"detail,omitempty"`
	Seq       int64     `json:"seq,omitempty" doc:"Its place in the chain; absent until it is linked, soon after it was written."`
}

func showEvent(e *storage.Event) Event {
	return Event{
		ID: string(e.ID), At: e.At.UTC(), Type: string(e.Type), Outcome: e.Outcome, ActorKind: string(e.ActorKind), Actor: e.ActorID,
		Person: string(e.UserID), Client: e.ClientID, Grant: string(e.GrantID), Session: string(e.SID), Address: e.Address,
		UserAgent: e.UserAgent, RequestID: e.RequestID, Detail: e.Detail, Seq: e.Seq,
	}
}

type listEventsInput struct {
	PageParams
	Person    string    `query:"person" pattern:"^[0-9a-f]{32}$" doc:"Is about them."`
	Type      string    `query:"type" maxLength:"64" doc:"Is of this type, such as sign_in_failed."`
	Client    string    `query:"client" maxLength:"256" doc:"Came through this client."`
	RequestID string    `query:"request_id" maxLength:"64" doc:"Was written by this request."`
	Outcome   string    `query:"outcome" enum:"success,failure"`
	Reads     bool      `query:"reads" doc:"Include reads by the API or the console (admin_read). Without it, they are included only if type or request_id asks for them."`
	Since     time.Time `query:"since" doc:"Happened then or later (RFC 3339)."`
	Until     time.Time `query:"until" doc:"Happened before (RFC 3339)."`
}

func (a *API) listEvents(ctx context.Context, in *listEventsInput) (*pageOutput[Event], error) {
	before, err := in.place()
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"type": in.Type, "client": in.Client, "request_id": in.RequestID} {
		if err := line("query."+name, value); err != nil {
			return nil, err
		}
	}
	events, err := a.cfg.Events.List(ctx, storage.EventFilter{
		UserID: storage.ID(in.Person), Type: storage.EventType(in.Type), ClientID: in.Client, RequestID: in.RequestID, Outcome: in.Outcome, WithoutReads: !in.Reads,
		Since: in.Since, Until: in.Until, Before: storage.ID(before), Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return pageOf(events, in.Limit, func(e *storage.Event) string { return string(e.ID) }, showEvent), nil
}
