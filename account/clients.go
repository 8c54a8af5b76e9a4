package account

import (
	"context"

	"github.com/latchkey-id/latchkey/storage"
)

// clientActions are the changes of clients of the database, by their events.
var clientActions = map[storage.EventType]action{
	storage.EventClientRegistered:         {event: storage.EventClientRegistered, operator: true, system: true, duty: DutyClients, grave: true},
	storage.EventClientChanged:            {event: storage.EventClientChanged, operator: true, system: true, duty: DutyClients, grave: true},
	storage.EventClientDeleted:            {event: storage.EventClientDeleted, operator: true, system: true, duty: DutyClients, grave: true},
	storage.EventRegistrationTokenCreated: {event: storage.EventRegistrationTokenCreated, operator: true, duty: DutyClients, grave: true},
	storage.EventRegistrationTokenRevoked: {event: storage.EventRegistrationTokenRevoked, operator: true, duty: DutyClients, grave: true},
}

// BeginClient decides whether the actor may make a change of a client of the database,
// and begins the event of it, for client/registration to write. It answers ErrForbidden,
// which is an event of its own.
func (s *Service) BeginClient(ctx context.Context, by Actor, typ storage.EventType) (storage.Event, error) {
	if err := s.authorize(ctx, by, clientActions[typ], &storage.User{}); err != nil {
		return storage.Event{}, err
	}
	return NewEvent(s.cfg.Now(), s.cfg.Random, by, typ, "")
}
