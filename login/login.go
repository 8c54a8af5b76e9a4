package login

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// Config is what [Pages] are made of. Every field is required.
type Config struct {
	UI        *ui.Renderer
	Users     users
	Sessions  sessions
	Consents  consents
	Ephemeral ephemeral
	Clients   clients
	Password  passwords
	Hasher    *keys.Hasher
	Errors    *web.Errors
	Cookies   web.Cookies
	Log       *slog.Logger
	Now       func() time.Time
	Random    io.Reader
	// SessionIdle ends a session that was not used for so long, and
	// SessionAbsolute every session after so long.
	SessionIdle, SessionAbsolute time.Duration
	Limits                       Limits
}

// Limits bounds sign-in attempts, counted before the password is looked at.
type Limits struct {
	Window time.Duration
	// PerAccount bounds the attempts at one account from one address, so that
	// no outsider can use up its owner's.
	PerAccount int
	// PerAddress bounds the attempts from one address at any account.
	PerAddress int
}

// users knows people; storage/sqlstore.Users in the binary.
type users interface {
	ByIdentifier(ctx context.Context, identifier string) (*storage.User, error)
	SetPasswordHash(ctx context.Context, id storage.ID, old, updated string, now time.Time) error
}

// sessions keeps signed-in browsers; storage/sqlstore.Sessions in the binary.
type sessions interface {
	Create(ctx context.Context, s *storage.Session, replaces []string, e storage.Event) error
	BySecret(ctx context.Context, hashes []string, now time.Time) (*storage.SignedIn, error)
	Touch(ctx context.Context, sid storage.ID, now, idleExpiresAt time.Time) error
	End(ctx context.Context, sid storage.ID, now time.Time, e storage.Event) error
}

// consents keeps what people allowed clients; storage/sqlstore.Consents in the binary.
type consents interface {
	Get(ctx context.Context, userID storage.ID, clientID string) ([]string, error)
	Put(ctx context.Context, userID storage.ID, clientID string, scopes []string, now time.Time, e storage.Event) error
}

// ephemeral keeps interactions and counts attempts.
type ephemeral interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Get(ctx context.Context, key string) ([]byte, error)
	Count(ctx context.Context, key string, window time.Duration) (int64, error)
}

// clients knows relying parties; op.Registry in the binary.
type clients interface {
	Client(id string) (*storage.Client, bool)
}

// passwords makes and checks password verifiers; login/password.Hasher in the binary.
type passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, encoded, password string) (bool, error)
	// VerifyDummy does the work of Verify for a person who does not exist.
	VerifyDummy(ctx context.Context, password string) error
	NeedsRehash(encoded string) bool
}

// Pages serves the hosted pages.
type Pages struct {
	cfg Config
}

// New makes the pages.
func New(cfg Config) *Pages { return &Pages{cfg: cfg} }

// Register adds the pages to mux.
func (p *Pages) Register(mux *http.ServeMux) {
	handle := func(pattern string, h web.HandlerFunc) { mux.Handle(pattern, p.cfg.Errors.Handle(h)) }
	handle("GET /login", p.showSignIn)
	handle("POST /login", p.cfg.UI.Form(p.signIn))
	handle("GET /consent", p.showConsent)
	handle("POST /consent", p.cfg.UI.Form(p.consent))
}
