-- Times are microseconds since 1970; a NULL time never came. Identifiers are 128
-- bits in hexadecimal that begin with the time. From the first release on a
-- migration only expands: the version before must work on it.

-- ---- People ----

CREATE TABLE users (
    id                  TEXT PRIMARY KEY,
    email               TEXT NOT NULL,
    email_canonical     TEXT UNIQUE,
    email_verified      INTEGER NOT NULL DEFAULT 0,
    -- It rises with each change of the address: the epoch in which one is current.
    email_epoch         INTEGER NOT NULL DEFAULT 0,
    username            TEXT NOT NULL DEFAULT '',
    username_canonical  TEXT UNIQUE,
    phone               TEXT NOT NULL DEFAULT '',
    phone_verified      INTEGER NOT NULL DEFAULT 0,
    phone_changed_at    INTEGER,
    profile             TEXT NOT NULL DEFAULT '{}',
    -- Values that configured claims may carry, as a JSON object.
    attributes          TEXT NOT NULL DEFAULT '{}',
    password_hash       TEXT NOT NULL DEFAULT '',
    -- Algorithm and cost of password_hash; empty without one.
    password_scheme     TEXT NOT NULL DEFAULT '',
    password_epoch      INTEGER NOT NULL DEFAULT 0,
    password_changed_at INTEGER,
    reset_by_email      INTEGER NOT NULL DEFAULT 0,
    -- These two follow from the rows of credentials.
    credentials         INTEGER NOT NULL DEFAULT 0,
    factor_added_at     INTEGER,
    factor_asked_at     INTEGER,
    delete_at           INTEGER,
    -- When the person first signed in: the first time on a device that is not known is
    -- no news to them.
    signed_in_at        INTEGER,
    disabled_at         INTEGER,
    -- Which provisioning source made the person, and their id there.
    source              TEXT NOT NULL DEFAULT '',
    external_id         TEXT,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    UNIQUE (source, external_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX users_delete_at ON users (delete_at) WHERE delete_at IS NOT NULL;
CREATE INDEX users_password_scheme ON users (password_scheme, id) WHERE password_scheme <> '';

-- The addresses that a person may be given back, by the epoch in which each was
-- theirs. An undo deletes the row that it uses and every younger one: the links
-- to those are void. moved_at is when the address was taken away.
CREATE TABLE former_addresses (
    user_id  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    epoch    INTEGER NOT NULL,
    email    TEXT NOT NULL,
    moved_at INTEGER NOT NULL,
    -- When the owner of the address got the account back by a link that was sent there:
    -- such a link works once more only if it tells of something older than moved_at.
    given_back_at INTEGER,
    PRIMARY KEY (user_id, epoch)
);

-- Sources are kept apart, so that one takes away only what it gave.
CREATE TABLE user_roles (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       TEXT NOT NULL,
    source     TEXT NOT NULL DEFAULT '',
    granted_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, role, source)
) STRICT, WITHOUT ROWID;

CREATE INDEX user_roles_role ON user_roles (role, user_id);

CREATE TABLE groups (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    canonical    TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL DEFAULT '',
    description  TEXT NOT NULL DEFAULT '',
    source       TEXT NOT NULL DEFAULT '',
    external_id  TEXT,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (source, external_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_members (
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    source   TEXT NOT NULL DEFAULT '',
    added_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id, source)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_members_user_id ON group_members (user_id, group_id);

CREATE TABLE group_roles (
    group_id   TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    role       TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, role)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_roles_role ON group_roles (role, group_id);

-- Who a person is at another provider.
CREATE TABLE identities (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider     TEXT NOT NULL,
    subject      TEXT NOT NULL,
    email        TEXT NOT NULL DEFAULT '',
    claims       TEXT NOT NULL DEFAULT '{}',
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    UNIQUE (provider, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX identities_user_id ON identities (user_id);

CREATE TABLE invitations (
    id              TEXT PRIMARY KEY,
    token_hash      TEXT NOT NULL UNIQUE,
    email           TEXT NOT NULL,
    email_canonical TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    used_at         INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX invitations_email_canonical ON invitations (email_canonical);
CREATE INDEX invitations_expires_at ON invitations (expires_at);

-- ---- Factors ----

-- What people enrolled as factors. A counter only rises.
CREATE TABLE credentials (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    secret       TEXT NOT NULL,
    external_id  TEXT UNIQUE,
    public_part  TEXT NOT NULL,
    counter      INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX credentials_user_id ON credentials (user_id);

CREATE TABLE recovery_codes (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER,
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

-- How often a person failed in a row with a kind of factor.
CREATE TABLE lockouts (
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL,
    failures     INTEGER NOT NULL,
    locked_until INTEGER,
    disabled_at  INTEGER,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (user_id, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX lockouts_over ON lockouts (updated_at) WHERE failures = 0;

-- Browsers that may skip the second factor for a while.
CREATE TABLE trusted_devices (
    id             TEXT PRIMARY KEY,
    user_id        TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret_hash    TEXT NOT NULL UNIQUE,
    password_epoch INTEGER NOT NULL,
    acr            TEXT NOT NULL,
    user_agent     TEXT NOT NULL,
    address        TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    last_used_at   INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX trusted_devices_user_id ON trusted_devices (user_id);
CREATE INDEX trusted_devices_expires_at ON trusted_devices (expires_at);

-- ---- Sessions and grants ----

CREATE TABLE sessions (
    sid             TEXT PRIMARY KEY,
    user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret_hash     TEXT NOT NULL UNIQUE,
    auth_time       INTEGER NOT NULL,
    acr             TEXT NOT NULL,
    amr             TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    last_seen_at    INTEGER NOT NULL,
    idle_expires_at INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    ends_at         INTEGER NOT NULL GENERATED ALWAYS AS (min(expires_at, idle_expires_at)) STORED,
    -- The person asked to be kept signed in: the session lives for longer than others.
    remembered      INTEGER NOT NULL DEFAULT 0,
    user_agent      TEXT NOT NULL,
    address         TEXT NOT NULL,
    proofs          TEXT NOT NULL DEFAULT '',
    trusted_device  TEXT NOT NULL DEFAULT '',
    trust_acr       TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_ends_at ON sessions (ends_at);

-- Which clients a session signed in to, and as whom: those to be told when it
-- ends. The constraint is deferred, so that what ends a session reads its rows
-- after the session is gone; whatever forgets them cannot commit.
CREATE TABLE session_clients (
    sid        TEXT NOT NULL REFERENCES sessions (sid) DEFERRABLE INITIALLY DEFERRED,
    client_id  TEXT NOT NULL,
    sub        TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (sid, client_id, sub)
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
    id              TEXT PRIMARY KEY,
    client_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What the grant came from. Only one of a code has a session and a code's hash.
    origin          TEXT NOT NULL DEFAULT 'authorization_code',
    sid             TEXT,
    code_hash       TEXT UNIQUE,
    code_challenge  TEXT NOT NULL DEFAULT '',
    redirect_uri    TEXT NOT NULL DEFAULT '',
    scopes          TEXT NOT NULL,
    -- Resource indicators (RFC 8707), separated by spaces.
    resource        TEXT NOT NULL DEFAULT '',
    -- The confirmation claim that tokens are bound by (RFC 7800), as JSON.
    cnf             TEXT NOT NULL DEFAULT '',
    nonce           TEXT NOT NULL DEFAULT '',
    claims          TEXT NOT NULL DEFAULT '{}',
    -- Where the person's browser was when they allowed the client, for rules of access
    -- that name networks.
    address         TEXT NOT NULL DEFAULT '',
    auth_time       INTEGER NOT NULL,
    acr             TEXT NOT NULL,
    amr             TEXT NOT NULL,
    offline         INTEGER NOT NULL,
    refreshable     INTEGER NOT NULL,
    generation      INTEGER NOT NULL,
    salt            BLOB NOT NULL,
    rotated_at      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    idle_expires_at INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    revoked_at      INTEGER,
    revoked_reason  TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_user_id ON grants (user_id, client_id);
CREATE INDEX grants_client_id ON grants (client_id, id);
CREATE INDEX grants_sid ON grants (sid) WHERE sid IS NOT NULL;
CREATE INDEX grants_expires_at ON grants (expires_at);

-- Access tokens that were revoked one by one. A row may go when its token has expired.
CREATE TABLE revoked_access_tokens (
    jti        TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX revoked_access_tokens_expires_at ON revoked_access_tokens (expires_at);

-- One row a scope: two consents at once cannot overwrite one another.
CREATE TABLE consents (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id  TEXT NOT NULL,
    scope      TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, client_id, scope)
) STRICT, WITHOUT ROWID;

CREATE INDEX consents_client_id ON consents (client_id);

-- ---- Clients and keys ----

-- Clients that are not in the configuration: metadata is a JSON object in the
-- names of RFC 7591, secrets a JSON array of verifiers.
CREATE TABLE clients (
    id                TEXT PRIMARY KEY,
    metadata          TEXT NOT NULL,
    secrets           TEXT NOT NULL DEFAULT '[]',
    source            TEXT NOT NULL,
    registration_hash TEXT UNIQUE,
    version           INTEGER NOT NULL DEFAULT 1,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    last_used_at      INTEGER,
    disabled_at       INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX clients_source ON clients (source, id);

-- One key for each algorithm and slot: nodes that start at once agree on it.
CREATE TABLE signing_keys (
    id          TEXT PRIMARY KEY,
    alg         TEXT NOT NULL,
    slot        INTEGER NOT NULL,
    public_key  TEXT NOT NULL,
    private_key TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    signs_from  INTEGER NOT NULL,
    signs_until INTEGER,
    expires_at  INTEGER,
    UNIQUE (alg, slot)
) STRICT, WITHOUT ROWID;

-- What all nodes agree on: check values of hash keys, the epoch below which
-- whatever was issued is dead.
CREATE TABLE installation (
    name       TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- ---- Audit ----

-- Each event bears a MAC over the columns that its version says. What is personal
-- counts by a salted hash alone, so that it can be erased.
CREATE TABLE audit_events (
    id              TEXT PRIMARY KEY,
    version         INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    type            TEXT NOT NULL,
    actor_kind      TEXT NOT NULL,
    actor_id        TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    client_id       TEXT NOT NULL,
    grant_id        TEXT NOT NULL,
    sid             TEXT NOT NULL,
    address         TEXT NOT NULL,
    user_agent      TEXT NOT NULL,
    request_id      TEXT NOT NULL,
    identifier_hash TEXT NOT NULL,
    outcome         TEXT NOT NULL,
    detail          TEXT NOT NULL,
    personal_salt   TEXT NOT NULL,
    personal_hash   TEXT NOT NULL,
    mac             TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_events_user_id ON audit_events (user_id, id);
CREATE INDEX audit_events_type ON audit_events (type, id);
CREATE INDEX audit_events_request_id ON audit_events (request_id) WHERE request_id <> '';

-- Events that wait to be linked. An event is never rewritten: its place in the
-- chain is a row of audit_links.
CREATE TABLE audit_queue (
    id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_links (
    seq   INTEGER PRIMARY KEY,
    id    TEXT NOT NULL UNIQUE,
    chain TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Where the chain begins (base: what is before it was pruned) and ends (head).
CREATE TABLE audit_marks (
    name  TEXT PRIMARY KEY,
    seq   INTEGER NOT NULL,
    chain TEXT NOT NULL,
    mac   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- ---- Work ----

-- What is to be delivered (mail, SMS, …), written in the transaction of the change
-- that made it necessary. A row outlives the person that it is about. The lower
-- priority goes first.
CREATE TABLE deliveries (
    id         TEXT PRIMARY KEY,
    topic      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    priority   INTEGER NOT NULL DEFAULT 0,
    sealed     TEXT NOT NULL,
    composed   INTEGER NOT NULL,
    status     TEXT NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    claimed    INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    not_after  INTEGER,
    last_error TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    done_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_due ON deliveries (topic, priority, next_at, id) WHERE done_at IS NULL;
CREATE INDEX deliveries_done_at ON deliveries (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX deliveries_status ON deliveries (status, id);
CREATE INDEX deliveries_topic ON deliveries (topic, id);

-- When each periodic job was last begun, so that one node runs it at a time.
CREATE TABLE jobs (
    name       TEXT PRIMARY KEY,
    claimed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The processes that serve, each as it last reported itself.
CREATE TABLE nodes (
    id         TEXT PRIMARY KEY,
    version    TEXT NOT NULL,
    digest     TEXT NOT NULL,
    fault      TEXT NOT NULL,
    waiting    TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    loaded_at  INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX nodes_seen_at ON nodes (seen_at);

-- What nodes of a digest run with; secrets are keyed hashes.
CREATE TABLE configurations (
    digest   TEXT PRIMARY KEY,
    document BLOB NOT NULL,
    clients  TEXT NOT NULL,
    seen_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX configurations_seen_at ON configurations (seen_at);

-- Clients that no node is configured with any more. Their consents are kept for a
-- while, so that bringing one back restores them.
CREATE TABLE removed_clients (
    client_id  TEXT PRIMARY KEY,
    removed_at INTEGER NOT NULL,
    pruned_at  INTEGER
) STRICT;

CREATE INDEX removed_clients_pruned_at ON removed_clients (pruned_at);
