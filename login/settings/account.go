package settings

import (
	"context"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// Config is what [Pages] are made of. Every field is required.
type Config struct {
	// Flow signs people in and gathers their evidence.
	Flow        *login.Pages
	UI          *ui.Renderer
	Users       users
	Sessions    sessions
	Grants      grants
	Consents    consents
	Credentials credentials
	Devices     devices
	Events      events
	Ephemeral   ephemeral
	Clients     clients
	Factors     *mfa.Factors
	Hasher      *keys.Hasher
	Sealer      *keys.Sealer
	Errors      *web.Errors
	Now         func() time.Time
	// FreshFor is how old evidence may be.
	FreshFor time.Duration
	// DeletionGrace is how long a deletion can be taken back; zero deletes at once.
	DeletionGrace time.Duration
	// PendingFor is how long a new address waits for its confirmation.
	PendingFor time.Duration
	// Username says whether people have a username: required, optional or off.
	Username string
	// DeleteDue deletes the accounts whose time has come.
	DeleteDue func(ctx context.Context) (int64, error)
	// Queued is told that the outbox holds something new.
	Queued func()
}

// users changes people; storage/sqlstore.Users in the binary.
type users interface {
	// UpdateProfile answers storage.ErrConflict when the username is another's.
	UpdateProfile(ctx context.Context, id storage.ID, p storage.Profile, username string, now time.Time, e storage.Event) error
	ChangePhone(ctx context.Context, c storage.PhoneChange, e storage.Event, m ...storage.Message) error
	// PlanDeletion ends all access. It answers storage.ErrConflict when one is planned.
	PlanDeletion(ctx context.Context, id storage.ID, at time.Time, e storage.Event, m ...storage.Message) error
}

// sessions lists and ends them; storage/sqlstore.Sessions in the binary.
type sessions interface {
	ListByUser(ctx context.Context, userID storage.ID, now time.Time) ([]storage.AccountSession, error)
	// EndOf answers storage.ErrNotFound for one that is not the person's.
	EndOf(ctx context.Context, userID, sid storage.ID, now time.Time, e storage.Event, m ...storage.Message) error
	EndAll(ctx context.Context, userID, except storage.ID, now time.Time, endGrants bool, e storage.Event, m ...storage.Message) error
}

// grants knows which clients have access; storage/sqlstore.Grants in the binary.
type grants interface {
	ApplicationsOf(ctx context.Context, userID storage.ID, now time.Time) ([]storage.AccountApplication, error)
	ListByUser(ctx context.Context, userID storage.ID) ([]storage.Grant, error)
	// RevokeClient answers storage.ErrNotFound where the client has no access.
	RevokeClient(ctx context.Context, userID storage.ID, clientID string, now time.Time, reason string, e storage.Event, m ...storage.Message) error
}

// consents are what people allowed; storage/sqlstore.Consents in the binary.
type consents interface {
	ListByUser(ctx context.Context, userID storage.ID) ([]storage.Consent, error)
}

// credentials are what people enrolled; storage/sqlstore.Credentials in the binary.
type credentials interface {
	Rename(ctx context.Context, userID, id storage.ID, name string, e storage.Event) error
	// Delete answers storage.ErrConflict for the last one where one must stay.
	Delete(ctx context.Context, userID, id storage.ID, keepOne bool, e storage.Event, m ...storage.Message) error
}

// devices are browsers that people trust; storage/sqlstore.TrustedDevices in the binary.
type devices interface {
	ListByUser(ctx context.Context, userID storage.ID, now time.Time) ([]storage.TrustedDevice, error)
	Delete(ctx context.Context, userID, id storage.ID, e storage.Event) error
	DeleteAll(ctx context.Context, userID storage.ID, e storage.Event) error
}

// events are security events; storage/sqlstore.Events in the binary.
type events interface {
	Append(ctx context.Context, e storage.Event) error
	ListByUser(ctx context.Context, userID storage.ID, limit int) ([]storage.Event, error)
}

// ephemeral keeps what waits for its proof.
type ephemeral interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Get(ctx context.Context, key string) ([]byte, error)
	Delete(ctx context.Context, keys ...string) error
}

// clients knows relying parties; client.Registry in the binary.
type clients interface {
	// Client answers client.ErrUnknown where no client has the id.
	Client(ctx context.Context, id string) (*client.Client, error)
}

// Pages serves the account pages.
type Pages struct{ cfg Config }

// New makes the pages.
func New(cfg Config) *Pages { return &Pages{cfg: cfg} }

// route is one page: what shows it, and what takes its form.
type route struct {
	path         string
	show, change web.HandlerFunc
}

func (p *Pages) routes() []route {
	routes := []route{
		{ui.PathAccount, p.page(p.showOverview), nil},
		{ui.PathProfile, p.page(p.showProfile), p.page(p.changeProfile)},
		{ui.PathEmail, p.proven(p.showEmail), p.proven(p.changeEmail)},
		{ui.PathPassword, p.proven(p.showPassword), p.proven(p.changePassword)},
		{ui.PathSecurity, p.page(p.showSecurity), p.page(p.changeSecurity)},
		{addPath, p.page(p.addFactor), nil},
		{ui.PathSessions, p.page(p.showSessions), p.page(p.endSessions)},
		{ui.PathApplications, p.page(p.showApplications), p.page(p.revokeApplication)},
		{ui.PathActivity, p.page(p.showActivity), nil},
		{ui.PathData, p.asking(p.showData), p.proven(p.exportData)},
		{ui.PathDelete, p.openDelete, p.takeDelete},
	}
	if p.cfg.Factors.Phone() != nil {
		routes = append(routes,
			route{ui.PathPhone, p.proven(p.showPhone), p.proven(p.changePhone)},
			route{phoneCodePath, p.page(p.showPhoneCode), p.page(p.confirmPhone)})
	}
	return routes
}

// Register adds the pages to mux.
func (p *Pages) Register(mux *http.ServeMux) {
	for _, route := range p.routes() {
		mux.Handle("GET "+route.path, p.cfg.Errors.Handle(route.show))
		if route.change != nil {
			mux.Handle("POST "+route.path, p.cfg.Errors.Handle(p.cfg.UI.Form(route.change)))
		}
	}
}

// Paths lists the addresses of the pages, for the metrics.
func (p *Pages) Paths() []string {
	var paths []string
	for _, route := range p.routes() {
		paths = append(paths, route.path)
	}
	return paths
}
