// Package eventfeed is how security events leave the house: as lines of JSON for a
// SIEM, and signed for webhooks. What it writes is a form that others read: names
// stay, and new ones come.
package eventfeed

import (
	_ "embed"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Schema is the JSON schema (2020-12) of [Event].
//
//go:embed event.schema.json
var Schema []byte

// Event is a security event as JSON.
type Event struct {
	Seq       int64             `json:"seq"`
	ID        storage.ID        `json:"id"`
	At        time.Time         `json:"at"`
	Type      storage.EventType `json:"type"`
	Outcome   string            `json:"outcome"`
	UserID    storage.ID        `json:"user_id,omitempty"`
	ClientID  string            `json:"client_id,omitempty"`
	GrantID   storage.ID        `json:"grant_id,omitempty"`
	SID       storage.ID        `json:"sid,omitempty"`
	Address   string            `json:"address,omitempty"`
	UserAgent string            `json:"user_agent,omitempty"`
	RequestID string            `json:"request_id,omitempty"`
	Detail    string            `json:"detail,omitempty"`
	ActorKind storage.ActorKind `json:"actor_kind,omitempty"`
	ActorID   string            `json:"actor_id,omitempty"`
}

// Of is an event as JSON.
func Of(e storage.Event) Event {
	return Event{
		Seq: e.Seq, ID: e.ID, At: e.At.UTC(), Type: e.Type, Outcome: e.Outcome, ActorKind: e.ActorKind, ActorID: e.ActorID,
		UserID: e.UserID, ClientID: e.ClientID, GrantID: e.GrantID, SID: e.SID, Address: e.Address, UserAgent: e.UserAgent,
		RequestID: e.RequestID, Detail: e.Detail,
	}
}
