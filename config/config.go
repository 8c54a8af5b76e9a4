package config

import (
	"net/netip"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/account/attribute"
)

// Config is the whole configuration. Its tags say: yaml, the key; default, the
// value as it would be written in the file; oneof, the values accepted; secret,
// that the field may stand in plain text where "url", and never where "ref";
// doc, what the schema and the documentation say.
type Config struct {
	Issuer         string          `yaml:"issuer" doc:"The address of this provider as browsers and relying parties see it, such as https://id.example.com. It is the iss of every token, so it should never change. Use https and no trailing slash; a path, such as https://example.com/auth, is only for a host shared with other applications."`
	InsecureHTTP   bool            `yaml:"insecure_http" default:"false" doc:"Accept an http issuer on a loopback host (localhost, 127.0.0.1, ::1). Only for your own use, never for other people."`
	AllowedHosts   []string        `yaml:"allowed_hosts" doc:"Host headers to accept besides the issuer's own, with the port if there is one. Links always use the issuer, whatever the request says."`
	Listen         string          `yaml:"listen" default:":8080" doc:"The address to listen on: host:port, or :port for every interface."`
	TLS            TLS             `yaml:"tls" doc:"The certificate for serving https directly. Without it, a proxy listed in trusted_proxies must terminate TLS."`
	MutualTLS      MutualTLS       `yaml:"mutual_tls" doc:"TLS client certificates (RFC 8705), for the auth_methods tls_client_auth and self_signed_tls_client_auth and for certificate-bound tokens; see docs/recipes/mutual-tls.md."`
	TrustedProxies []netip.Prefix  `yaml:"trusted_proxies" doc:"Networks whose X-Forwarded-For and X-Forwarded-Proto headers are trusted, such as 10.0.0.0/8. From anyone else these headers are ignored."`
	Database       Database        `yaml:"database" doc:"Where users, sessions, grants and keys are stored."`
	Redis          Redis           `yaml:"redis" doc:"Where short-lived data is stored: codes, sign-ins in progress, rate limits."`
	Secrets        Secrets         `yaml:"secrets" doc:"The keys that protect stored data. Keep them outside the database and its backups."`
	Mail           Mail            `yaml:"mail" doc:"Outgoing email. Under dev without smtp_url, messages go to the inbox."`
	SMS            SMS             `yaml:"sms" doc:"Outgoing SMS; off without provider. Under dev without provider, messages go to the inbox."`
	Messages       Messages        `yaml:"messages" doc:"What messages say and how they look."`
	Outbox         Outbox          `yaml:"outbox" doc:"The queue of messages waiting for delivery."`
	Fetch          Fetch           `yaml:"fetch" doc:"Requests to client URLs, such as backchannel_logout_uri."`
	Metrics        Metrics         `yaml:"metrics" doc:"The second listener, for Prometheus metrics."`
	Log            Log             `yaml:"log" doc:"What is logged to standard error, and how."`
	Branding       Branding        `yaml:"branding" doc:"The look of pages and messages. A client may have its own logo and color."`
	SignUp         SignUp          `yaml:"sign_up" doc:"Who may create their own account."`
	Account        Account         `yaml:"account" doc:"Settings for people's own account pages."`
	Admin          Admin           `yaml:"admin" doc:"Who may administer, and how. None of it is served unless switched on."`
	SCIM           SCIM            `yaml:"scim" doc:"Provisioning of people and groups; see docs/scim.md."`
	Password       Password        `yaml:"password" doc:"Which passwords are accepted, and how they are hashed."`
	MFA            MFA             `yaml:"mfa" doc:"Second factors: who needs one, which count, and how guessing is limited."`
	Sessions       Sessions        `yaml:"sessions" doc:"How long a browser stays signed in."`
	Tokens         Tokens          `yaml:"tokens" doc:"Token lifetimes, and requirements for requests. A client may have its own settings."`
	SigningKeys    SigningKeys     `yaml:"signing_keys" doc:"The keys that sign tokens. They are generated, published ahead of use, rotated and retired automatically."`
	Audit          Audit           `yaml:"audit" doc:"The audit log of security events."`
	Events         Events          `yaml:"events" doc:"Where security events are delivered, besides the audit log."`
	MemoryLimit    string          `yaml:"memory_limit" default:"auto" doc:"Soft memory limit of the process, such as 512MiB: near it, garbage is collected more often. auto is nine tenths of what its container may use; off sets no limit. GOMEMLIMIT overrides auto."`
	Limits         Limits          `yaml:"limits" doc:"Limits on what one address or account may do, and on the size of a request. Attempts count before they are checked; the first free ones are not delayed, then each is followed by a refusal period that doubles from base to max."`
	Timeouts       Timeouts        `yaml:"timeouts" doc:"Limits on how long a connection may take."`
	Attributes     []Attribute     `yaml:"attributes" doc:"What is stored about people beyond the standard claims. If you remove an attribute here, its values are kept, hidden, until the attribute returns."`
	Access         Access          `yaml:"access" doc:"Who may use clients that have no access rules of their own."`
	Scopes         []Scope         `yaml:"scopes" doc:"Custom scopes. The standard ones, groups and roles always exist."`
	Claims         []Claim         `yaml:"claims" doc:"Custom claims about people. The standard ones, groups and roles always exist."`
	Resources      []Resource      `yaml:"resources" doc:"Resource servers that clients may request access tokens for with the resource parameter (RFC 8707)."`
	ClientsDir     string          `yaml:"clients_dir" doc:"A folder of .yaml files, each with one client (a mapping) or several (a list). They are added to clients. Relative to the configuration file."`
	PruneAfter     time.Duration   `yaml:"prune_after" default:"7d" doc:"How long to keep the consents of a client that is no longer in any node's configuration. Its tokens are revoked at once; bringing the client back within this time restores its consents."`
	Registration   Registration    `yaml:"registration" doc:"Whether clients may register themselves (RFC 7591, RFC 7592, OpenID Connect Dynamic Client Registration), and what they may have; see docs/registration.md."`
	TrustedIssuers []TrustedIssuer `yaml:"trusted_issuers" doc:"Issuers whose subjects are trusted, such as a Kubernetes cluster or a build service: clients with trusted_subjects get tokens for those subjects; see docs/recipes/trusted-issuers.md."`
	Clients        []Client        `yaml:"clients" doc:"The relying parties that may use this provider."`

	Profile         string          `yaml:"profile" oneof:"mcp" doc:"A preset: mcp switches on what clients of the Model Context Protocol need (client_documents for Claude, VS Code and ChatGPT, and registration of public clients, both for every entry in resources). Keys you set yourself take precedence; see docs/mcp.md."`
	ClientDocuments ClientDocuments `yaml:"client_documents" doc:"Clients whose client_id is the https address of their metadata (OAuth Client ID Metadata Documents), as MCP clients use; see docs/registration.md."`

	// Warnings are what does not keep Latchkey from starting and still should
	// be looked at.
	Warnings []Problem `yaml:"-"`
	// ClientPlaces are where the clients of files stand, by their ids, in words.
	ClientPlaces map[string]string `yaml:"-"`
	// AttributeSchema is what attributes come to.
	AttributeSchema attribute.Schema `yaml:"-"`
	// Catalog is what access, scopes, claims and resources come to.
	Catalog *access.Catalog `yaml:"-"`
	// Files are the files and folders that were read, and Stamp how they were just
	// before, for [Watch].
	Files []string `yaml:"-"`
	Stamp string   `yaml:"-"`
}

// TLS names a certificate.
type TLS struct {
	CertFile string `yaml:"cert_file" doc:"PEM file with the certificate and its chain."`
	KeyFile  string `yaml:"key_file" doc:"PEM file with the private key."`
}

// Enabled reports whether Latchkey serves https by itself.
func (t TLS) Enabled() bool { return t.CertFile != "" }

// Database says where durable rows are.
type Database struct {
	URL      Secret `yaml:"url" secret:"url" doc:"postgres://user:password@host/name, or sqlite:///absolute/path. May be a file: or env: reference."`
	MaxConns int    `yaml:"max_conns" default:"16" doc:"Maximum number of PostgreSQL connections, or SQLite readers, per node."`
	// The timeouts depend on one another: see completeDatabase.
	Timeout                  time.Duration `yaml:"timeout" default:"0s" doc:"How long one database call may take, including the wait for a connection; then its statement is canceled. 0s uses timeouts.request. Jobs, imports and migrations may take longer."`
	StatementTimeout         time.Duration `yaml:"statement_timeout" default:"0s" doc:"When PostgreSQL ends a statement on its own, in case no client is left to cancel it. 0s uses twice database.timeout. If a pooler rejects parameters, set this and the next two for the database role instead."`
	LockTimeout              time.Duration `yaml:"lock_timeout" default:"0s" doc:"How long a statement waits for a lock in PostgreSQL. 0s uses database.timeout."`
	IdleInTransactionTimeout time.Duration `yaml:"idle_in_transaction_timeout" default:"0s" doc:"When PostgreSQL ends an idle transaction. 0s uses four times database.timeout."`
	MaxConnLifetime          time.Duration `yaml:"max_conn_lifetime" default:"30m" doc:"Maximum age of a connection. After a failover, connections move to the new server as they are replaced."`
	// MaxClockOffset is judged by the node itself.
	MaxClockOffset time.Duration `yaml:"max_clock_offset" default:"10s" doc:"A node whose clock differs from the database's by more than this is not ready; from 1s on it is degraded. Shared times (lifetimes, the grace period of refresh tokens) follow the database's clock."`
}

// Redis says where ephemeral entries are; an empty URL keeps them in a table.
type Redis struct {
	URL Secret `yaml:"url" secret:"url" doc:"redis:// or rediss://. Default: a table in the database. May be a file: or env: reference."`
}

// Secrets are the server's own keys. The first of a list whose use_from has passed
// makes, all of them read what was made under them.
type Secrets struct {
	SealingKeys []SecretKey `yaml:"sealing_keys" doc:"Keys that encrypt the signing keys in the database. The first key whose use_from has passed encrypts; all of them decrypt. To rotate, put a new key first, with a use_from by which every node has it."`
	PairwiseKey Secret      `yaml:"pairwise_key" secret:"ref" doc:"At least 32 random bytes in base64 or hexadecimal, for the sub values of clients with subject_type: pairwise. Never change it: with another key every sub changes, and these clients no longer recognize anyone. Generate one with: openssl rand -base64 32"`
	HashKeys    []SecretKey `yaml:"hash_keys" doc:"Keys for the keyed hashes (HMAC) under which tokens, codes and sessions are stored. The first key whose use_from has passed creates hashes; all of them look hashes up. To rotate, put a new key first, with a use_from by which every node has it. Keep an old key for as long as refresh tokens live: a node answers 503 to a token made with a key it does not know. The keys also authenticate the security events: keep an old one for as long as audit.retention."`
}

// SecretKey is a key of at least 256 bits with the name that stored values carry.
type SecretKey struct {
	ID  string `yaml:"id" doc:"A short name, unique in its list: letters, digits, - and _. Stored values refer to it, so never give it to another key."`
	Key Secret `yaml:"key" secret:"ref" doc:"At least 32 random bytes in base64 or hexadecimal, as a file: or env: reference. Generate one with: openssl rand -base64 32"`
	// UseFrom lets a key be given to every node before any of them makes with it.
	UseFrom time.Time `yaml:"use_from" doc:"When the key starts to produce new values, such as 2027-01-31T00:00:00Z; it reads existing ones as soon as it is configured. With several nodes, choose a time by which all of them have the new configuration. Default: at once."`
	Revoked bool      `yaml:"revoked" default:"false" doc:"The key was stolen or lost: it produces nothing, and values made with it are refused. key may then be omitted."`
}

// Metrics is the listener for Prometheus.
type Metrics struct {
	Listen string `yaml:"listen" default:"127.0.0.1:9090" doc:"The address of GET /metrics, never the public one. An empty string (\"\") switches it off."`
}

// Log says what is logged.
type Log struct {
	Level  string `yaml:"level" default:"info" oneof:"debug info warn error" doc:"The lowest severity that is logged."`
	Format string `yaml:"format" default:"json" oneof:"json text" doc:"json: one JSON object per line; text: for people to read."`
}

// Password is the policy of passwords and the cost of their hashes.
type Password struct {
	MinLength           int           `yaml:"min_length" default:"15" doc:"Minimum length of a password that is the only factor, in characters; at least 15 (NIST SP 800-63B-4). There are no composition rules; common passwords, and those made from the person's or the provider's own names, are refused."`
	MinLengthWithFactor int           `yaml:"min_length_with_factor" default:"8" doc:"Minimum length of a password where a second factor is required; at least 8."`
	ContextWords        []string      `yaml:"context_words" doc:"More words that passwords may not be made from, such as the names of your company and products. The issuer's host, branding.name and the person's own names are always included."`
	BreachLookupURL     string        `yaml:"breach_lookup_url" doc:"Address of a breached-password service, besides the built-in list of 100,000: https://api.pwnedpasswords.com/range/ or a mirror of it. It receives the first five digits of a password's SHA-1 hash (k-anonymity). Empty switches it off; if the service does not answer, the password is accepted."`
	Argon2              Argon2        `yaml:"argon2" doc:"The cost of a new hash. Hashes made at another cost are upgraded when their owner signs in."`
	MaxConcurrent       int           `yaml:"max_concurrent" default:"0" doc:"Hashes computed concurrently on a node; each takes argon2.memory_kib. 0 is one per CPU, at most 8."`
	QueueTimeout        time.Duration `yaml:"queue_timeout" default:"5s" doc:"How long a sign-in waits for its turn to hash before it gets 503."`
}

// Argon2 is the cost of Argon2id (RFC 9106).
type Argon2 struct {
	MemoryKiB   uint32 `yaml:"memory_kib" default:"47104" doc:"Memory per hash in KiB; at least 19456."`
	Time        uint32 `yaml:"time" default:"2" doc:"Passes over the memory; at least 2."`
	Parallelism uint8  `yaml:"parallelism" default:"1" doc:"Threads per hash."`
}

// Sessions bounds a signed-in browser.
type Sessions struct {
	Idle        time.Duration `yaml:"idle" default:"12h" doc:"A session ends after this long without use."`
	Absolute    time.Duration `yaml:"absolute" default:"7d" doc:"A session ends after this long, however much it is used."`
	CheckIframe bool          `yaml:"check_iframe" default:"false" doc:"Offer check_session_iframe, which lets browser applications notice that somebody signed out or that another person signed in (OpenID Connect Session Management), and session_state in authorization responses. It needs a cookie in a frame, which browsers block for applications on other sites than the provider's; for those, prefer backchannel_logout_uri."`
	// Where somebody ticks "keep me signed in", these are meant instead.
	RememberIdle     time.Duration `yaml:"remember_idle" default:"30d" doc:"Like idle, for people who choose to stay signed in; the sign-in page shows it. A multi-factor sign-in still expires after mfa.assurance_age."`
	RememberAbsolute time.Duration `yaml:"remember_absolute" default:"90d" doc:"Like absolute, for people who choose to stay signed in. If neither is longer than idle and absolute, the sign-in page does not offer it."`
}

// Tokens holds the lifetimes of every client that does not have its own.
type Tokens struct {
	RequirePushed       bool          `yaml:"require_pushed_authorization_requests" default:"false" doc:"Refuse every authorization request that was not pushed (RFC 9126). You can also require this for a single client."`
	PushedLifetime      time.Duration `yaml:"pushed_request_lifetime" default:"60s" doc:"How long the request_uri of a pushed request may be used; at most 10m."`
	RequireDPoP         bool          `yaml:"require_dpop" default:"false" doc:"Refuse every token request without a DPoP proof (RFC 9449). You can also require this for a single client (dpop_bound_access_tokens). A client whose tokens are bound to its TLS certificate needs no proof. Proofs are accepted in any case."`
	RequireCertificate  bool          `yaml:"require_certificate" default:"false" doc:"Refuse every token request without a TLS client certificate, and bind access tokens to it (RFC 8705). You can also require this for a single client (tls_client_certificate_bound_access_tokens). A client whose tokens are bound to its DPoP key needs no certificate. Together with require_dpop, either is enough, and no token is a bearer token. Needs mutual_tls."`
	RequireDPoPNonce    bool          `yaml:"require_dpop_nonce" default:"false" doc:"Require a nonce from this provider in each DPoP proof, so that proofs cannot be made in advance. Clients get the nonce from the first response, which costs them one extra request."`
	CodeLifetime        time.Duration `yaml:"code_lifetime" default:"60s" doc:"How long an authorization code can be exchanged; at most 60s."`
	AccessTokenLifetime time.Duration `yaml:"access_token_lifetime" default:"10m" doc:"How long an access token is valid; at most 24h."`
	IDTokenLifetime     time.Duration `yaml:"id_token_lifetime" default:"10m" doc:"How long an ID token is valid; at most 24h."`
	RefreshIdleLifetime time.Duration `yaml:"refresh_idle_lifetime" default:"30d" doc:"A grant ends after this long without a refresh."`
	RefreshLifetime     time.Duration `yaml:"refresh_lifetime" default:"90d" doc:"A grant ends after this long, however often it is refreshed."`
	RefreshGrace        time.Duration `yaml:"refresh_grace" default:"30s" doc:"How long the previous refresh token still returns the same new token, for a client that lost the response; at most 5m, 0 switches it off."`
}

// SigningKeys is the policy of the key ring.
type SigningKeys struct {
	Algs           []string      `yaml:"algs" default:"RS256,ES256,EdDSA" oneof:"@signing_alg" doc:"Algorithms to keep a key for. RS256 is the one every relying party can verify; ES256 signs many times faster. FAPI 2.0 allows PS256, ES256 and EdDSA."`
	EncryptionAlgs []string      `yaml:"encryption_algs" oneof:"@key_encryption_alg" doc:"Algorithms of the keys that clients may encrypt request objects to, published in the JWKS with use enc. Default: none, and encrypted request objects are refused."`
	SignFor        time.Duration `yaml:"sign_for" default:"30d" doc:"How long a key signs before its successor takes over."`
	PublishAhead   time.Duration `yaml:"publish_ahead" default:"24h" doc:"How long a new key is in the JWKS before it signs."`
	KeepAfter      time.Duration `yaml:"keep_after" default:"24h" doc:"How long a key stays in the JWKS after it stops signing; no shorter than the longest token lifetime."`
	Poll           time.Duration `yaml:"poll" default:"5s" doc:"How often a node checks for keys that another node created or revoked."`
}

// Timeouts bounds connections.
type Timeouts struct {
	ReadHeader time.Duration `yaml:"read_header" default:"5s" doc:"Reading the request header."`
	Read       time.Duration `yaml:"read" default:"15s" doc:"Reading the whole request."`
	Write      time.Duration `yaml:"write" default:"20s" doc:"From the end of the request header to the end of the response."`
	Request    time.Duration `yaml:"request" default:"5s" doc:"How long a request waits for one database call; in total it waits at most three times as long. Then the statement is canceled and the request gets 503 with Retry-After."`
	Idle       time.Duration `yaml:"idle" default:"2m" doc:"How long an idle connection is kept open for the next request."`
	Start      time.Duration `yaml:"start" default:"30s" doc:"How long a starting process tries to reach the database before it gives up. It does not wait for Redis: without Redis nobody can sign in, but refresh tokens still work."`
	Drain      time.Duration `yaml:"drain" default:"5s" doc:"How long a stopping process reports that it is not ready but still serves, which gives a load balancer time to stop sending requests. 0s stops at once."`
	Shutdown   time.Duration `yaml:"shutdown" default:"20s" doc:"After timeouts.drain, how long requests and deliveries in progress may take."`
}
