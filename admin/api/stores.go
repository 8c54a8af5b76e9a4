package api

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// What is read; the repositories of storage/sqlstore in the binary.
type (
	// Users finds people. All but Search answer storage.ErrNotFound.
	Users interface {
		ByID(ctx context.Context, id storage.ID) (*storage.User, error)
		Search(ctx context.Context, f storage.PeopleFilter) ([]storage.FoundUser, error)
	}
	// Credentials lists what people enrolled.
	Credentials interface {
		ListByUser(ctx context.Context, userID storage.ID) ([]storage.Credential, error)
	}
	// Lockouts tells of failures with factors.
	Lockouts interface {
		ListByUser(ctx context.Context, userID storage.ID) ([]storage.Lockout, error)
	}
	// RecoveryCodes tells of sets of recovery codes.
	RecoveryCodes interface {
		Status(ctx context.Context, userID storage.ID) (storage.RecoveryCodes, error)
	}
	// TrustedDevices lists browsers that people trust.
	TrustedDevices interface {
		ListByUser(ctx context.Context, userID storage.ID, now time.Time) ([]storage.TrustedDevice, error)
	}
	// Sessions lists browsers that are signed in.
	Sessions interface {
		ListByUser(ctx context.Context, userID storage.ID, now time.Time) ([]storage.AccountSession, error)
		Page(ctx context.Context, p storage.SessionPage) ([]storage.ListedSession, error)
	}
	// Grants lists what clients may do.
	Grants interface {
		ListByUser(ctx context.Context, userID storage.ID) ([]storage.Grant, error)
		// List and ListByClient are in the order of the ids, after one.
		List(ctx context.Context, after storage.ID, limit int) ([]storage.Grant, error)
		ListByClient(ctx context.Context, clientID string, after storage.ID, limit int) ([]storage.Grant, error)
	}
	// Consents lists what people allowed clients.
	Consents interface {
		ListByUser(ctx context.Context, userID storage.ID) ([]storage.Consent, error)
	}
	// Groups finds groups.
	Groups interface {
		ByID(ctx context.Context, id storage.ID) (*storage.Group, error)
		ByName(ctx context.Context, name string) (*storage.Group, error)
		List(ctx context.Context, after string, limit int) ([]storage.Group, error)
		Sizes(ctx context.Context, groups []storage.ID) (map[storage.ID]int64, error)
	}
	// Memberships lists who is in which group.
	Memberships interface {
		Members(ctx context.Context, group, after storage.ID, limit int) ([]storage.Member, error)
		Of(ctx context.Context, user storage.ID) ([]storage.GroupOf, error)
	}
	// Events lists security events.
	Events interface {
		List(ctx context.Context, f storage.EventFilter) ([]storage.Event, error)
	}
	// Outbox lists deliveries.
	Outbox interface {
		Page(ctx context.Context, f storage.DeliveryFilter) ([]storage.Delivery, error)
		Backlog(ctx context.Context, now time.Time) (storage.Backlog, error)
	}
	// Invitations lists who was invited to sign up.
	Invitations interface {
		List(ctx context.Context, before storage.ID, limit int) ([]storage.Invitation, error)
	}
	// Feeds tells how far the receivers of events got.
	Feeds interface {
		List(ctx context.Context) ([]storage.Feed, error)
	}
	// Numbers tells of what happened each day.
	Numbers interface {
		Since(ctx context.Context, day time.Time) ([]storage.DailyNumber, error)
	}
	// Nodes lists the processes that serve.
	Nodes interface {
		List(ctx context.Context) ([]storage.Node, error)
	}
	// JobClaims tells when periodic jobs were begun.
	JobClaims interface {
		List(ctx context.Context) ([]storage.JobClaim, error)
	}
)
