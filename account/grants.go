package account

import (
	"context"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Grants ends what applications may do; storage/sqlstore.Grants in the binary.
type Grants interface {
	// RevokeClient ends grants, offline ones too, and the consent. It answers
	// storage.ErrNotFound where the client has no access.
	RevokeClient(ctx context.Context, userID storage.ID, clientID string, now time.Time, reason string, e storage.Event, m ...storage.Message) error
}

// Consents keeps what people allowed; storage/sqlstore.Consents in the binary.
type Consents interface {
	Put(ctx context.Context, userID storage.ID, clientID string, scopes []string, now time.Time, e storage.Event) error
}

// AllowClient remembers that the person allowed a client the scopes, and returns when.
func (s *Service) AllowClient(ctx context.Context, by Actor, id storage.ID, clientID string, scopes []string) (time.Time, error) {
	c, err := s.begin(ctx, by, allowClient, id)
	if err != nil {
		return time.Time{}, err
	}
	c.event.ClientID, c.event.Detail = clientID, strings.Join(scopes, " ")
	return c.now, s.written(c, "write consent", s.cfg.Consents.Put(ctx, id, clientID, scopes, c.now, c.event))
}

// RevokeClient takes a client's access to the person's account away: its grants,
// offline ones too, what it was issued under them, and the consent. It answers
// ErrNotFound where it has none.
func (s *Service) RevokeClient(ctx context.Context, by Actor, id storage.ID, clientID string) error {
	c, err := s.begin(ctx, by, revokeClient, id)
	if err != nil {
		return err
	}
	c.event.ClientID = clientID
	err = s.cfg.Grants.RevokeClient(ctx, id, clientID, c.now, storage.RevokedByUser, c.event, c.messages...)
	return s.written(c, "revoke access", err)
}
