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
	Issuer         string          `yaml:"issuer" doc:"The address of this provider as browsers and relying parties see it, such as https://id.example.com. It is the iss of every token, so it should never change. https; a path, such as https://example.com/auth, is for a host that is shared with others; no trailing slash."`
	InsecureHTTP   bool            `yaml:"insecure_http" default:"false" doc:"Accept an http issuer on a loopback host (localhost, 127.0.0.1, ::1). Never for people other than yourself."`
	AllowedHosts   []string        `yaml:"allowed_hosts" doc:"Host headers that are answered besides the issuer's own, with the port where there is one. Links are made from the issuer whatever the request says."`
	Listen         string          `yaml:"listen" default:":8080" doc:"The address that serves the provider: host:port, or :port for every interface."`
	TLS            TLS             `yaml:"tls" doc:"A certificate to serve https by itself. Without it a proxy named in trusted_proxies does."`
	MutualTLS      MutualTLS       `yaml:"mutual_tls" doc:"TLS certificates of clients (RFC 8705), for the auth_methods tls_client_auth and self_signed_tls_client_auth and for tokens that are bound to a certificate; see docs/recipes/mutual-tls.md."`
	TrustedProxies []netip.Prefix  `yaml:"trusted_proxies" doc:"Networks whose X-Forwarded-For and X-Forwarded-Proto are believed, such as 10.0.0.0/8. From anyone else these headers are ignored."`
	Database       Database        `yaml:"database" doc:"Where users, sessions, grants and keys are kept."`
	Redis          Redis           `yaml:"redis" doc:"Where what expires by itself is kept: codes, sign-ins under way, limits."`
	Secrets        Secrets         `yaml:"secrets" doc:"The keys that protect what is stored. Keep them outside the database and its backups."`
	Mail           Mail            `yaml:"mail" doc:"Outgoing e-mail. Under dev without smtp_url it ends in the inbox."`
	SMS            SMS             `yaml:"sms" doc:"Outgoing SMS; off without provider. Under dev without provider it ends in the inbox."`
	Messages       Messages        `yaml:"messages" doc:"What messages say and how they look."`
	Outbox         Outbox          `yaml:"outbox" doc:"The queue that messages wait in until they are delivered."`
	Fetch          Fetch           `yaml:"fetch" doc:"Calls to addresses of clients, such as backchannel_logout_uri."`
	Metrics        Metrics         `yaml:"metrics" doc:"The second listener, for Prometheus."`
	Log            Log             `yaml:"log" doc:"What is logged to standard error, and how."`
	Branding       Branding        `yaml:"branding" doc:"How pages and messages present themselves. A client may have its own logo and color."`
	SignUp         SignUp          `yaml:"sign_up" doc:"Who may make an account by themselves."`
	Account        Account         `yaml:"account" doc:"What holds for people's own account pages."`
	Admin          Admin           `yaml:"admin" doc:"Who may administer, and by which ways in. Nothing is served of it unless it is switched on."`
	SCIM           SCIM            `yaml:"scim" doc:"Who provisions people and groups; see docs/scim.md."`
	Password       Password        `yaml:"password" doc:"What passwords are taken, and how they are hashed."`
	MFA            MFA             `yaml:"mfa" doc:"Second factors: who needs one, which count, and how guessing them is stopped."`
	Sessions       Sessions        `yaml:"sessions" doc:"How long a browser stays signed in."`
	Tokens         Tokens          `yaml:"tokens" doc:"Lifetimes of what is issued. A client may have its own."`
	SigningKeys    SigningKeys     `yaml:"signing_keys" doc:"The keys that sign tokens: they are generated, published ahead, rotated and retired by themselves."`
	Audit          Audit           `yaml:"audit" doc:"The record of security events."`
	Events         Events          `yaml:"events" doc:"Where security events go besides the record."`
	MemoryLimit    string          `yaml:"memory_limit" default:"auto" doc:"The memory that the process tries to stay within, such as 512MiB: near it garbage is collected more often. auto is nine tenths of what its container may use; off sets none. GOMEMLIMIT wins over auto."`
	Limits         Limits          `yaml:"limits" doc:"Bounds on what one address or account may do, and on the size of a request. Attempts count before they are looked at; the first free ones are not delayed, then each one is followed by a time of refusal that doubles from base to max."`
	Timeouts       Timeouts        `yaml:"timeouts" doc:"Bounds on how long a connection may take."`
	Attributes     []Attribute     `yaml:"attributes" doc:"What is kept of people besides the standard claims. Values of attributes that are not here stay, unseen, until they are again."`
	Access         Access          `yaml:"access" doc:"Who may use clients that do not say so themselves."`
	Scopes         []Scope         `yaml:"scopes" doc:"Scopes besides the standard ones and groups and roles, which exist by themselves."`
	Claims         []Claim         `yaml:"claims" doc:"Claims about people besides the standard ones and groups and roles, which exist by themselves."`
	Resources      []Resource      `yaml:"resources" doc:"Resource servers that clients may ask for access tokens for by the resource parameter (RFC 8707)."`
	ClientsDir     string          `yaml:"clients_dir" doc:"A folder of .yaml files, each one client (a mapping) or several (a list). They are added to clients. Relative to the configuration file."`
	PruneAfter     time.Duration   `yaml:"prune_after" default:"7d" doc:"For how long the consents of a client are kept that is in the configuration of no node any more. Its tokens end at once; bringing it back within this time restores what people allowed it."`
	Registration   Registration    `yaml:"registration" doc:"Whether clients may register themselves (RFC 7591, RFC 7592, OpenID Connect Dynamic Client Registration), and what they get; see docs/registration.md."`
	TrustedIssuers []TrustedIssuer `yaml:"trusted_issuers" doc:"Who vouches for subjects of their own, such as a Kubernetes cluster or a build service: clients with trusted_subjects get tokens about them; see docs/recipes/trusted-issuers.md."`
	Clients        []Client        `yaml:"clients" doc:"The relying parties that may use this provider."`

	Profile         string          `yaml:"profile" oneof:"mcp" doc:"What to switch on at once: mcp, what the clients of the Model Context Protocol need (client_documents for Claude, VS Code and ChatGPT, registration of public clients, both for every one of resources). Whatever is written for itself comes first; see docs/mcp.md."`
	ClientDocuments ClientDocuments `yaml:"client_documents" doc:"Clients whose client_id is the https address of their metadata (OAuth Client ID Metadata Documents), as MCP clients have it; see docs/registration.md."`

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
	CertFile string `yaml:"cert_file" doc:"PEM file of the certificate and its chain."`
	KeyFile  string `yaml:"key_file" doc:"PEM file of the private key."`
}

// Enabled reports whether Latchkey serves https by itself.
func (t TLS) Enabled() bool { return t.CertFile != "" }

// Database says where durable rows are.
type Database struct {
	URL      Secret `yaml:"url" secret:"url" doc:"postgres://user:password@host/name, or sqlite:///absolute/path. May be a file: or env: reference."`
	MaxConns int    `yaml:"max_conns" default:"16" doc:"Connections to PostgreSQL that one node opens at most; SQLite has so many readers."`
	// The timeouts depend on one another: see completeDatabase.
	Timeout                  time.Duration `yaml:"timeout" default:"0s" doc:"How long one call of the database may take, the wait for a connection included; then its statement is canceled. 0s is timeouts.request. Jobs, imports and migrations may take longer."`
	StatementTimeout         time.Duration `yaml:"statement_timeout" default:"0s" doc:"After how long PostgreSQL ends a statement by itself, for when nobody is there to cancel it. 0s is twice database.timeout. Set it for the role where a pooler takes no parameters, and likewise the next two."`
	LockTimeout              time.Duration `yaml:"lock_timeout" default:"0s" doc:"How long a statement waits for a lock in PostgreSQL. 0s is database.timeout."`
	IdleInTransactionTimeout time.Duration `yaml:"idle_in_transaction_timeout" default:"0s" doc:"After how long PostgreSQL ends a transaction in which nothing happens. 0s is four times database.timeout."`
	MaxConnLifetime          time.Duration `yaml:"max_conn_lifetime" default:"30m" doc:"After how long a connection is made anew, so that all have moved on some time after a failover."`
	// MaxClockOffset is judged by the node itself.
	MaxClockOffset time.Duration `yaml:"max_clock_offset" default:"10s" doc:"A node whose clock is off from the database's by more is not ready; from 1s on it is degraded. What nodes share (lifetimes, the grace of refresh tokens) counts by the database's clock."`
}

// Redis says where ephemeral entries are; an empty URL keeps them in a table.
type Redis struct {
	URL Secret `yaml:"url" secret:"url" doc:"redis:// or rediss://. Absent: a table of the database. May be a file: or env: reference."`
}

// Secrets are the server's own keys. The first of a list whose use_from has passed
// makes, all of them read what was made under them.
type Secrets struct {
	SealingKeys []SecretKey `yaml:"sealing_keys" doc:"Keys that seal signing keys in the database. The first whose use_from has passed seals, all of them open: to rotate, put a new one in front, with a use_from by which every node has it."`
	PairwiseKey Secret      `yaml:"pairwise_key" secret:"ref" doc:"At least 32 random bytes in base64 or hexadecimal, for the subjects of clients with subject_type: pairwise. Another key makes other subjects, by which every such client takes people for strangers: it must never change. Make one with: openssl rand -base64 32"`
	HashKeys    []SecretKey `yaml:"hash_keys" doc:"Keys of the keyed hashes under which tokens, codes and sessions are stored. The first whose use_from has passed hashes, all of them find: to rotate, put a new one in front, with a use_from by which every node has it. Keep an old one for as long as refresh tokens live: what was made under a key that a node does not know it cannot judge, and answers 503. They prove the security events too: keep an old one for as long as audit.retention."`
}

// SecretKey is a key of at least 256 bits with the name that stored values carry.
type SecretKey struct {
	ID  string `yaml:"id" doc:"A short name, unique in its list: letters, digits, - and _. Stored values carry it, so it belongs to this key for ever."`
	Key Secret `yaml:"key" secret:"ref" doc:"At least 32 random bytes in base64 or hexadecimal, as a file: or env: reference. Make one with: openssl rand -base64 32"`
	// UseFrom lets a key be given to every node before any of them makes with it.
	UseFrom time.Time `yaml:"use_from" doc:"From when the key is used to make things, such as 2027-01-31T00:00:00Z; it reads from the moment it is configured. With several nodes put it far enough ahead that all of them have the new configuration by then. Default: at once."`
	Revoked bool      `yaml:"revoked" default:"false" doc:"The key is stolen or lost: it makes nothing, and what it made is refused. It needs no key then."`
}

// Metrics is the listener for Prometheus.
type Metrics struct {
	Listen string `yaml:"listen" default:"127.0.0.1:9090" doc:"The address of GET /metrics, never the public one. An empty text (\"\") switches it off."`
}

// Log says what is logged.
type Log struct {
	Level  string `yaml:"level" default:"info" oneof:"debug info warn error" doc:"The least severe level that is logged."`
	Format string `yaml:"format" default:"json" oneof:"json text" doc:"One JSON object a line, or text for people."`
}

// Password is the policy of passwords and the cost of their hashes.
type Password struct {
	MinLength           int           `yaml:"min_length" default:"15" doc:"Characters of a password that is the only factor; at least 15 (NIST SP 800-63B-4). There are no rules of composition; common passwords, and those made of the person's or the provider's own names, are refused."`
	MinLengthWithFactor int           `yaml:"min_length_with_factor" default:"8" doc:"Characters of a password where a second factor is required; at least 8."`
	ContextWords        []string      `yaml:"context_words" doc:"Further words that do not make a password, such as the names of your company and products. The issuer's host, branding.name and the person's own names are known."`
	BreachLookupURL     string        `yaml:"breach_lookup_url" doc:"Address of a service that knows breached passwords, beside the list of 100,000 that is built in: https://api.pwnedpasswords.com/range/ or a mirror of it. It is told the first five digits of a password's SHA-1 hash (k-anonymity). Off where it is empty; a service that does not answer refuses nothing."`
	Argon2              Argon2        `yaml:"argon2" doc:"The cost of a new hash. Hashes made at another cost are renewed when their owner signs in."`
	MaxConcurrent       int           `yaml:"max_concurrent" default:"0" doc:"Hashes computed at once on a node; each takes argon2.memory_kib. 0 is one a CPU, at most 8."`
	QueueTimeout        time.Duration `yaml:"queue_timeout" default:"5s" doc:"How long a sign-in waits for its turn to hash before it is answered 503."`
}

// Argon2 is the cost of Argon2id (RFC 9106).
type Argon2 struct {
	MemoryKiB   uint32 `yaml:"memory_kib" default:"47104" doc:"Memory of one hash in KiB; at least 19456."`
	Time        uint32 `yaml:"time" default:"2" doc:"Passes over the memory; at least 2."`
	Parallelism uint8  `yaml:"parallelism" default:"1" doc:"Threads of one hash."`
}

// Sessions bounds a signed-in browser.
type Sessions struct {
	Idle        time.Duration `yaml:"idle" default:"12h" doc:"A session that was not used for so long ends."`
	Absolute    time.Duration `yaml:"absolute" default:"7d" doc:"A session ends after so long however much it is used."`
	CheckIframe bool          `yaml:"check_iframe" default:"false" doc:"Offer check_session_iframe, by which applications in browsers notice that somebody signed out or is another person (OpenID Connect Session Management), and session_state in authorization answers. It needs a cookie in a frame, which browsers keep from applications on other sites than the provider's; there, prefer backchannel_logout_uri."`
	// Where somebody ticks "keep me signed in", these are meant instead.
	RememberIdle     time.Duration `yaml:"remember_idle" default:"30d" doc:"The same as idle for whoever asks to be kept signed in; the sign-in page names it. More than one factor still ages (mfa.assurance_age)."`
	RememberAbsolute time.Duration `yaml:"remember_absolute" default:"90d" doc:"The same as absolute for whoever asks to be kept signed in. Where neither is longer than idle and absolute, the sign-in page does not offer it."`
}

// Tokens holds the lifetimes of every client that does not have its own.
type Tokens struct {
	RequirePushed       bool          `yaml:"require_pushed_authorization_requests" default:"false" doc:"Refuse every authorization request that its client did not push (RFC 9126). A client may require it for itself."`
	PushedLifetime      time.Duration `yaml:"pushed_request_lifetime" default:"60s" doc:"How long a browser may come with the request_uri of a pushed request; at most 10m."`
	RequireDPoP         bool          `yaml:"require_dpop" default:"false" doc:"Refuse every request for tokens without a DPoP proof (RFC 9449). A client may require it for itself (dpop_bound_access_tokens). A client whose tokens are bound to its TLS certificate needs none. Proofs are taken in any case."`
	RequireCertificate  bool          `yaml:"require_certificate" default:"false" doc:"Refuse every request for tokens without a TLS client certificate, and bind access tokens to it (RFC 8705). A client may require it for itself (tls_client_certificate_bound_access_tokens). A client whose tokens are bound to its DPoP key needs none. Together with require_dpop, either is enough: no token is a bearer token then. Needs mutual_tls."`
	RequireDPoPNonce    bool          `yaml:"require_dpop_nonce" default:"false" doc:"Want a nonce of this provider in each DPoP proof, so that none can be made ahead of its use. Clients learn it from the first answer, and send one request more for it."`
	CodeLifetime        time.Duration `yaml:"code_lifetime" default:"60s" doc:"How long an authorization code may be exchanged; at most 60s."`
	AccessTokenLifetime time.Duration `yaml:"access_token_lifetime" default:"10m" doc:"How long an access token works; at most 24h."`
	IDTokenLifetime     time.Duration `yaml:"id_token_lifetime" default:"10m" doc:"How long an ID token may be accepted; at most 24h."`
	RefreshIdleLifetime time.Duration `yaml:"refresh_idle_lifetime" default:"30d" doc:"A grant that was not refreshed for so long ends."`
	RefreshLifetime     time.Duration `yaml:"refresh_lifetime" default:"90d" doc:"A grant ends after so long however often it is refreshed."`
	RefreshGrace        time.Duration `yaml:"refresh_grace" default:"30s" doc:"How long the previous refresh token still gets the same successor, for a client that lost the answer; at most 5m, 0 switches it off."`
}

// SigningKeys is the policy of the key ring.
type SigningKeys struct {
	Algs           []string      `yaml:"algs" default:"RS256,ES256,EdDSA" oneof:"@signing_alg" doc:"Algorithms that have a key. RS256 is what every relying party can verify; ES256 is many times faster to sign. FAPI 2.0 takes PS256, ES256 and EdDSA."`
	EncryptionAlgs []string      `yaml:"encryption_algs" oneof:"@key_encryption_alg" doc:"Algorithms of keys that clients may encrypt request objects to, published beside the others with use enc. Default: none, and encrypted request objects are refused."`
	SignFor        time.Duration `yaml:"sign_for" default:"30d" doc:"How long a key signs before its successor takes over."`
	PublishAhead   time.Duration `yaml:"publish_ahead" default:"24h" doc:"How long a successor is in the JWKS before it signs."`
	KeepAfter      time.Duration `yaml:"keep_after" default:"24h" doc:"How long a key stays in the JWKS after it stopped signing; no less than the longest token lives."`
	Poll           time.Duration `yaml:"poll" default:"5s" doc:"How often a node looks for keys that another one made or revoked."`
}

// Timeouts bounds connections.
type Timeouts struct {
	ReadHeader time.Duration `yaml:"read_header" default:"5s" doc:"Reading the header of a request."`
	Read       time.Duration `yaml:"read" default:"15s" doc:"Reading a whole request."`
	Write      time.Duration `yaml:"write" default:"20s" doc:"From the end of the request's header to the end of the answer."`
	Request    time.Duration `yaml:"request" default:"5s" doc:"How long a request waits for one answer of the database, and in all for three times as long. Then its statement is canceled, and it is answered 503 with Retry-After."`
	Idle       time.Duration `yaml:"idle" default:"2m" doc:"How long a connection is kept for the next request."`
	Start      time.Duration `yaml:"start" default:"30s" doc:"How long a starting process tries to reach the database before it gives up. It does not wait for Redis: without it nobody can sign in, and tokens refresh."`
	Drain      time.Duration `yaml:"drain" default:"5s" doc:"How long a process that is told to stop says that it is not ready, and still serves: what a load balancer needs to send nothing more. 0s stops at once."`
	Shutdown   time.Duration `yaml:"shutdown" default:"20s" doc:"After timeouts.drain, how long requests and deliveries under way may take."`
}
