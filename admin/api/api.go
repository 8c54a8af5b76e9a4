package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// Where the API and its document are, below the issuer.
const (
	Root         = "/admin/api/"
	Prefix       = admin.APIPath
	DocumentPath = Root + "openapi.json"
)

// Config is what an [API] is made of. Every field is required, except where it says
// otherwise.
type Config struct {
	// Issuer is the address of the provider, and so of the API.
	Issuer, Version string
	// Metadata is where the API is described to clients (RFC 9728).
	Metadata string
	Tokens   Tokens
	// Policy says which roles make people administrators, and ACR is the authentication
	// context class that they must have reached.
	Policy   admin.Policy
	ACR      string
	Accounts *account.Service
	Stores
	Clients Clients
	// Places are where in which file they stand, by their ids.
	Places map[string]string
	// Stored are the clients of the database, and Registrar writes them.
	Stored    StoredClients
	Registrar Registrar
	Keys      KeyRing
	// Ephemeral remembers the answers to idempotency keys, sealed.
	Ephemeral ephemeral.Store
	Counters  ephemeral.Counters
	Hasher    *keys.Hasher
	Sealer    *keys.Sealer
	// Limit is how often one caller may call.
	Limit storage.Bucket
	// MaxBody bounds the body of a request, in bytes.
	MaxBody int64
	// ResetLasts is how long a link works that sets a new password.
	ResetLasts time.Duration
	// Digest is that of the configuration that runs.
	Digest string
	// Jobs are the periodic jobs of a node, by their names.
	Jobs map[string]time.Duration
	Log  *slog.Logger
	Now  func() time.Time
}

// Tokens checks access tokens; op.Provider in the binary.
type Tokens interface {
	// Authenticate returns who calls, by an access token for [admin.Resource].
	Authenticate(w http.ResponseWriter, r *http.Request) (*Token, error)
	// Refusal says how an error of Authenticate is answered; challenges are the values of
	// WWW-Authenticate.
	Refusal(r *http.Request, err error) (status int, challenges []string, detail string)
}

// Token is what an access token says of who calls.
type Token struct {
	Client *client.Client
	// User is on whose behalf the client calls; nil: it acts for itself.
	User   *storage.User
	SID    storage.ID
	Scopes []string
	// Shown is how and when they signed in, as the token says it.
	Shown storage.Authentication
}

// Stores are what is read.
type Stores struct {
	Users       Users
	Credentials Credentials
	Lockouts    Lockouts
	Recovery    RecoveryCodes
	Devices     TrustedDevices
	Sessions    Sessions
	Grants      Grants
	Consents    Consents
	Groups      Groups
	Memberships Memberships
	Events      Events
	Outbox      Outbox
	Invitations Invitations
	Feeds       Feeds
	Nodes       Nodes
	JobClaims   JobClaims
	Numbers     Numbers
}

// Clients are those of the configuration.
type Clients interface {
	// Client answers client.ErrUnknown.
	Client(ctx context.Context, id string) (*client.Client, error)
	All() []*client.Client
}

// SigningKeys tells of the ring of signing keys.
type SigningKeys interface {
	Keys() []storage.SigningKey
}

// KeyRing is the ring of signing keys; keys.Ring in the binary.
type KeyRing interface {
	SigningKeys
	// KeyAlgs are the algorithms that the ring has keys of.
	KeyAlgs() []string
	// Rotate answers keys.ErrPending and keys.ErrNoKeys. The events of changes say what by
	// says of who wanted them, and why.
	Rotate(ctx context.Context, alg string, by storage.Event) error
	// Revoke answers storage.ErrNotFound.
	Revoke(ctx context.Context, kid string, by storage.Event) error
	RevokeAll(ctx context.Context, by storage.Event) ([]string, error)
}

// API answers the operations.
type API struct {
	cfg      Config
	table    []operation
	answers  *ephemeral.Values[remembered]
	huma     huma.API
	document []byte
}

// New makes an API, and the document of it.
func New(cfg Config) (*API, error) {
	a := &API{
		cfg: cfg, table: operations(),
		answers: ephemeral.NewValues[remembered](cfg.Ephemeral, cfg.Hasher, idempotencyKind, rememberedFor),
	}
	return a, a.describe()
}

// Handler answers everything below [Root].
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	a.huma = humago.New(mux, a.humaConfig())
	methods := map[string][]string{}
	for _, o := range a.table {
		o.register(a, a.huma, o.spec(a))
		methods[o.path] = append(methods[o.path], o.method)
	}
	mux.HandleFunc("GET "+DocumentPath, a.serveDocument)
	methods[DocumentPath] = []string{http.MethodGet}
	for path, allowed := range methods {
		if path != DocumentPath {
			path = Prefix + path
		}
		mux.HandleFunc(path, notAllowed(allowed))
	}
	mux.HandleFunc(Root, func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, http.StatusNotFound, "there is nothing at this address")
	})
	return mux
}
