package eventfeed

import (
	"net/netip"
	"strings"

	"github.com/latchkey-id/latchkey/storage"
)

// ecsVersion is that of the Elastic Common Schema whose names are written.
const ecsVersion = "8.11.0"

// ECS is an event in the names of the Elastic Common Schema.
func ECS(e storage.Event) any {
	category, kind := categoryOf(e.Type)
	doc := ecsDocument{
		Timestamp: e.At.UTC().Format("2006-01-02T15:04:05.000000Z07:00"), Message: e.Detail, ECS: ecsMeta{ecsVersion},
		Event: ecsEvent{
			Kind: "event", Module: "latchkey", Dataset: "latchkey.audit", ID: e.ID, Sequence: e.Seq,
			Action: e.Type, Outcome: e.Outcome, Category: []string{category}, Type: []string{kind}, Reason: e.Detail,
		},
		Latchkey: ecsOwn{ActorKind: e.ActorKind, ActorID: e.ActorID, ClientID: e.ClientID, GrantID: e.GrantID, SID: e.SID},
	}
	if e.UserID != "" {
		doc.User = &ecsUser{e.UserID}
	}
	if e.Address != "" {
		doc.Source = &ecsSource{Address: e.Address}
		if ip, err := netip.ParseAddr(e.Address); err == nil {
			doc.Source.IP = ip.WithZone("").String()
		}
	}
	if e.UserAgent != "" {
		doc.UserAgent = &ecsUserAgent{e.UserAgent}
	}
	if e.RequestID != "" {
		doc.HTTP = &ecsHTTP{ecsRequest{e.RequestID}}
	}
	return doc
}

type ecsDocument struct {
	Timestamp string        `json:"@timestamp"`
	Message   string        `json:"message,omitempty"`
	ECS       ecsMeta       `json:"ecs"`
	Event     ecsEvent      `json:"event"`
	User      *ecsUser      `json:"user,omitempty"`
	Source    *ecsSource    `json:"source,omitempty"`
	UserAgent *ecsUserAgent `json:"user_agent,omitempty"`
	HTTP      *ecsHTTP      `json:"http,omitempty"`
	Latchkey  ecsOwn        `json:"latchkey"`
}

type ecsMeta struct {
	Version string `json:"version"`
}

type ecsEvent struct {
	Kind     string            `json:"kind"`
	Module   string            `json:"module"`
	Dataset  string            `json:"dataset"`
	ID       storage.ID        `json:"id"`
	Sequence int64             `json:"sequence"`
	Action   storage.EventType `json:"action"`
	Outcome  string            `json:"outcome"`
	Category []string          `json:"category"`
	Type     []string          `json:"type"`
	Reason   string            `json:"reason,omitempty"`
}

type ecsUser struct {
	ID storage.ID `json:"id"`
}

type ecsSource struct {
	Address string `json:"address"`
	IP      string `json:"ip,omitempty"`
}

type ecsUserAgent struct {
	Original string `json:"original"`
}

type ecsHTTP struct {
	Request ecsRequest `json:"request"`
}

type ecsRequest struct {
	ID string `json:"id"`
}

// ecsOwn is what ECS has no names for.
type ecsOwn struct {
	ActorKind storage.ActorKind `json:"actor_kind,omitempty"`
	ActorID   string            `json:"actor_id,omitempty"`
	ClientID  string            `json:"client_id,omitempty"`
	GrantID   storage.ID        `json:"grant_id,omitempty"`
	SID       storage.ID        `json:"sid,omitempty"`
}

// categoryOf is the category and the type of an event, of those that ECS allows.
func categoryOf(t storage.EventType) (category, kind string) {
	switch t {
	case storage.EventSignIn:
		return "authentication", "start"
	case storage.EventSignOut, storage.EventSessionEnded, storage.EventSessionsEnded:
		return "session", "end"
	case storage.EventUserCreated, storage.EventUserImported:
		return "iam", "creation"
	case storage.EventUserDeleted:
		return "iam", "deletion"
	case storage.EventAdminRead:
		return "iam", "info"
	case storage.EventGroupCreated, storage.EventGroupDeleted, storage.EventGroupChanged, storage.EventGroupJoined, storage.EventGroupLeft:
		return "iam", "group"
	case storage.EventSigningKeyRotated, storage.EventSigningKeyRevoked, storage.EventEpochRaised, storage.EventEverybodyLocked,
		storage.EventClientRemoved, storage.EventClientRestored, storage.EventClientPruned,
		storage.EventClientRegistered, storage.EventClientChanged, storage.EventClientDeleted,
		storage.EventRegistrationTokenCreated, storage.EventRegistrationTokenRevoked,
		storage.EventClientLocked, storage.EventClientUnlocked, storage.EventSecretsResealed,
		storage.EventDeliveriesRetried, storage.EventEventsReplayed:
		return "configuration", "change"
	default:
	}
	for _, of := range []string{"sign_in", "factor_passed", "factor_failed", "factor_locked", "grant", "refresh", "code", "consent", "access", "throttled", "attempt", "device_trust_used", "recovery_code_used", "passkey"} {
		if strings.HasPrefix(string(t), of) {
			return "authentication", "info"
		}
	}
	return "iam", "change"
}
