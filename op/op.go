package op

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// Config is what a [Provider] is made of. Every field without a default is required.
type Config struct {
	// Issuer is the issuer URL without a trailing slash; endpoints hang below it.
	Issuer  string
	Clients clients
	Keys    *keys.Ring
	Hasher  *keys.Hasher
	// Sealer seals opaque access tokens.
	Sealer *keys.Sealer
	Grants grants
	// Tokens answers for access tokens that have no grant.
	Tokens accessTokens
	// Counters counts what clients without a secret have us keep: PendingPerAddress of a
	// kind from one network address at once, and in an hour.
	Counters          ephemeral.Counters
	PendingPerAddress int
	Requirements
	// TrustedIssuers are who may vouch for subjects, with where their keys are.
	TrustedIssuers map[string]string
	// Events records what no other change tells of.
	Events events
	// MutualTLS is how TLS certificates of clients are known (RFC 8705); nil: they are not.
	MutualTLS *MutualTLS
	// Ephemeral keeps codes, and whatever else expires by itself.
	Ephemeral ephemeral.Store
	// Fetch calls addresses of clients.
	Fetch fetcher
	// Registration is how clients register themselves; nil: they do not.
	Registration *Registration
	// Documents says that clients may be known by their metadata documents, for discovery.
	Documents bool
	// Used is told of each client of the database that gets tokens, and of each that is
	// known by its document when somebody allowed it something; it may be nil.
	Used func(ctx context.Context, c *client.Client) error
	// Pairwise says that clients may have pairwise subjects, for discovery.
	Pairwise bool
	// Access says who may use clients, and has the scopes, claims and resource servers
	// of the installation; nil has none, and everyone may.
	Access *access.Catalog
	// Interactions keeps requests that wait for a person.
	Interactions interactions
	// Devices keeps the requests of devices that have no browser.
	Devices  devices
	SignIn   signIn
	SignOut  signOut
	Sessions sessions
	// Farewells are the notices to clients of sessions that ended.
	Farewells farewells
	// Submissions make the form that signs out, and the end of a sign-in, idempotent.
	Submissions submissions
	Errors      *web.Errors
	Cookies     web.Cookies
	Counter     counter
	Log         *slog.Logger
	Now         func() time.Time
	Random      io.Reader
	// Explain shows mistakes that are mended by configuration to whoever develops an
	// application, on a page, with what to set: for `latchkey dev`.
	Explain bool
	// ACRValues are the authentication context classes that sign-in can reach,
	// for discovery; by default none are advertised.
	ACRValues []string
	// ACRAliases are other names of them, by which clients may ask for and are told them.
	ACRAliases []ACRAlias
	// CheckSession has a frame that tells applications whether a session goes on
	// (OpenID Connect Session Management 1.0).
	CheckSession bool
	// SignUp says that people may make accounts, so that prompt=create works.
	SignUp bool
	// UILocales are the languages of the hosted pages, for discovery.
	UILocales []string
	// CodeLifetime is how long a code may wait for its exchange; by default,
	// and at most, a minute.
	CodeLifetime time.Duration
}

// clients knows relying parties; client.Registry in the binary.
type clients interface {
	// Client answers client.ErrUnknown where no client has the id.
	Client(ctx context.Context, id string) (*client.Client, error)
	// HasOrigin reports whether any client is registered for the web origin.
	HasOrigin(ctx context.Context, origin string) (bool, error)
	// HasScope reports whether any client is registered for the scope.
	HasScope(ctx context.Context, scope string) (bool, error)
}

// grants keeps what people allowed clients; storage/sqlstore.Grants in the binary.
type grants interface {
	// Create inserts the grant and its event, and returns it with its person. It
	// answers storage.ErrConsumed if one was issued for the same code before, and
	// storage.ErrNotFound if what the code rests on has ended.
	Create(ctx context.Context, g *storage.Grant, start storage.GrantStart, e storage.Event) (*storage.GrantUser, error)
	// Rotate moves a grant to its next generation in one conditional write and
	// answers storage.ErrNotFound when no live grant fits every field.
	Rotate(ctx context.Context, r storage.Rotation) (*storage.GrantUser, error)
	// ByID returns the grant, revoked or not, with its person.
	ByID(ctx context.Context, id storage.ID) (*storage.GrantUser, error)
	// ByCodeHash returns the grant that was issued for a code.
	ByCodeHash(ctx context.Context, hashes []string) (*storage.Grant, error)
	// Revoke ends a live grant and writes the event with it. It answers
	// storage.ErrNotFound when there was nothing left to end.
	Revoke(ctx context.Context, id storage.ID, now time.Time, reason string, e storage.Event) error
}

// accessTokens knows which access tokens were revoked one by one.
type accessTokens interface {
	// Check returns the grant of an access token with its person in one round
	// trip, or storage.ErrNotFound when the grant is gone or ended, the person
	// disabled, or this very token (by jti) revoked.
	Check(ctx context.Context, grantID storage.ID, jti string, now time.Time) (*storage.GrantUser, error)
	// Revoked reports whether a token without a grant was revoked, alone or with all
	// that was issued before some time.
	Revoked(ctx context.Context, clientID, jti string, issuedAt time.Time) (bool, error)
	// Revoke makes one access token stop working until it expires anyway; it is idempotent.
	Revoke(ctx context.Context, jti string, expiresAt time.Time, e storage.Event) error
}

// events records security events; storage/sqlstore.Events in the binary.
type events interface {
	Append(ctx context.Context, e storage.Event) error
}

// counter counts what operators are alerted by.
type counter interface {
	// GrantRevoked counts a grant that ended because a code or refresh token was used twice.
	GrantRevoked(reason string)
	// TokensAsked counts a request for tokens: grantType is one of [GrantTypes],
	// outcome one of [TokenOutcomes].
	TokensAsked(grantType, outcome string)
}

// signIn is how the provider asks for a person; login.Pages in the binary.
type signIn interface {
	// Check says whether the browser's session satisfies the interaction.
	Check(r *http.Request, in *interaction.Interaction) (interaction.Outcome, error)
	// Begin sends the browser to the page of what is missing.
	Begin(w http.ResponseWriter, r *http.Request, in *interaction.Interaction)
	// DeviceDecided says that a device was allowed what it asked for, or was not.
	DeviceDecided(w http.ResponseWriter, r *http.Request, in *interaction.Interaction, allowed bool) error
}

// signOut is how a person leaves; login.Pages in the binary.
type signOut interface {
	// Session returns who is signed in in this browser, or nil.
	Session(r *http.Request) (*storage.SignedIn, error)
	// ConfirmSignOut shows the page that asks before signing out; hidden
	// fields carry the request's own parameters back to the end-session endpoint.
	ConfirmSignOut(w http.ResponseWriter, r *http.Request, client *client.Client, hidden map[string]string) error
	// VerifyForm reports whether a POST carries the form token of this browser; it
	// answers keys.ErrUnknownKey where this node cannot tell.
	VerifyForm(r *http.Request) (bool, error)
	// SignOut ends the browser's session, its grants that are not offline, and its cookie.
	SignOut(w http.ResponseWriter, r *http.Request) error
	// SignedOut shows the page that says so, which tells applications by its frames.
	SignedOut(w http.ResponseWriter, r *http.Request, done *interaction.SignedOut) error
}

// submissions make forms idempotent; interaction.Submissions in the binary.
type submissions interface {
	// Once has a form that is sent twice handled once; both get the answer.
	Once(h web.HandlerFunc) web.HandlerFunc
	// OnceAs has what has a name, a secret of the browser's, done once; both get the answer.
	OnceAs(name string, h web.HandlerFunc) web.HandlerFunc
	// Repeat gives that answer again, and reports whether there is one.
	Repeat(w http.ResponseWriter, r *http.Request, name string) bool
}

// sessions looks at and ends sessions that no cookie of the request names; storage/sqlstore.Sessions in the binary.
type sessions interface {
	// Clients returns the clients that a session signed in to.
	Clients(ctx context.Context, sid storage.ID) ([]storage.SessionClient, error)
	// EndOf ends a session of the person with its grants that are not offline, and
	// writes the event. It answers storage.ErrNotFound where there is none.
	EndOf(ctx context.Context, user, sid storage.ID, now time.Time, e storage.Event, m ...storage.Message) error
}

// farewells knows what became of the notices of logouts; storage/sqlstore.Outbox in the binary.
type farewells interface {
	// Farewells returns the notices of the end of a session.
	Farewells(ctx context.Context, sid storage.ID) ([]storage.Delivery, error)
}

// Provider answers the protocol's endpoints.
type Provider struct {
	cfg           Config
	prompts       []string
	acrs          map[string]string // the class of each alias
	audiences     []string          // of assertions
	codes         *ephemeral.Values[issuedCode]
	signOuts      *ephemeral.Values[interaction.SignedOut]
	pushed        pushedRequests
	assertions    *ephemeral.Values[struct{}]
	trusted       *ephemeral.Values[struct{}]
	proofs        *ephemeral.Values[struct{}]
	nonces        *dpopNonces
	make          maker
	access        *accessTokenCodec
	refreshTokens *refreshTokenCodec
	discovery     *document
	resources     map[string]*document // by their paths below the issuer
	jwks          atomic.Pointer[document]
	// undecoded are the clients that do not form-encode their secret.
	undecoded sync.Map
	failures  failureLimit
}

// New makes a Provider. It prepares what never changes while it runs, such as
// the discovery document.
func New(cfg Config) (*Provider, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("make provider: %w", err)
	}
	if cfg.CodeLifetime <= 0 || cfg.CodeLifetime > maxCodeLifetime {
		cfg.CodeLifetime = maxCodeLifetime
	}
	discovery, err := newDiscovery(cfg)
	if err != nil {
		return nil, fmt.Errorf("make provider: %w", err)
	}
	resources, err := newResourceMetadata(cfg)
	if err != nil {
		return nil, fmt.Errorf("make provider: %w", err)
	}
	return &Provider{
		cfg: cfg, prompts: cfg.prompts(), acrs: aliasClasses(cfg.ACRAliases), audiences: cfg.assertionAudiences(), discovery: discovery, resources: resources,
		codes:         ephemeral.NewIssued[issuedCode](cfg.Ephemeral, cfg.Hasher, codeKind, cfg.CodeLifetime),
		pushed:        newPushedRequests(&cfg),
		assertions:    ephemeral.NewValues[struct{}](cfg.Ephemeral, cfg.Hasher, assertionKind, maxAssertionLifetime),
		trusted:       ephemeral.NewValues[struct{}](cfg.Ephemeral, cfg.Hasher, trustedKind, maxWorkloadLifetime),
		proofs:        ephemeral.NewValues[struct{}](cfg.Ephemeral, cfg.Hasher, proofKind, 4*proofWindow),
		nonces:        newDPoPNonces(cfg.Hasher, cfg.Now),
		signOuts:      ephemeral.NewIssued[interaction.SignedOut](cfg.Ephemeral, cfg.Hasher, signOutKind, signOutLifetime),
		make:          maker{issuer: cfg.Issuer, catalog: cfg.Access, log: cfg.Log},
		access:        &accessTokenCodec{issuer: cfg.Issuer, jwts: cfg.Keys, sealer: cfg.Sealer},
		refreshTokens: newRefreshTokenCodec(cfg.Hasher),
	}, nil
}

// check names every required field that is missing.
func (c *Config) check() error {
	var missing []error
	for name, absent := range map[string]bool{
		"Issuer": c.Issuer == "", "Clients": c.Clients == nil, "Keys": c.Keys == nil, "Hasher": c.Hasher == nil, "Sealer": c.Sealer == nil,
		"Grants": c.Grants == nil, "Tokens": c.Tokens == nil, "Ephemeral": c.Ephemeral == nil, "Interactions": c.Interactions == nil, "Devices": c.Devices == nil,
		"SignIn": c.SignIn == nil, "SignOut": c.SignOut == nil, "Sessions": c.Sessions == nil, "Farewells": c.Farewells == nil, "Submissions": c.Submissions == nil, "Counters": c.Counters == nil, "Fetch": c.Fetch == nil, "PendingPerAddress": c.PendingPerAddress <= 0,
		"Errors": c.Errors == nil, "Log": c.Log == nil, "Now": c.Now == nil, "Random": c.Random == nil,
		"Counter": c.Counter == nil, "Events": c.Events == nil,
	} {
		if absent {
			missing = append(missing, fmt.Errorf("%s is missing", name))
		}
	}
	return errors.Join(missing...)
}
