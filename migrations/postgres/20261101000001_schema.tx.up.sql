-- Times are microseconds since 1970; a NULL time never came. Identifiers are 128
-- bits in hexadecimal that begin with the time. From the first release on a
-- migration only expands: the version before must work on it.

-- ---- People ----

CREATE TABLE users (
    id                  TEXT PRIMARY KEY,
    email               TEXT NOT NULL,
    email_canonical     TEXT UNIQUE,
    email_verified      BOOLEAN NOT NULL DEFAULT FALSE,
    -- It rises with each change of the address: the epoch in which one is current.
    email_epoch         BIGINT NOT NULL DEFAULT 0,
    username            TEXT NOT NULL DEFAULT '',
    username_canonical  TEXT UNIQUE,
    phone               TEXT NOT NULL DEFAULT '',
    phone_verified      BOOLEAN NOT NULL DEFAULT FALSE,
    phone_changed_at    BIGINT,
    profile             TEXT NOT NULL DEFAULT '{}',
    -- Values that configured claims may carry, as a JSON object.
    attributes          TEXT NOT NULL DEFAULT '{}',
    password_hash       TEXT NOT NULL DEFAULT '',
    -- Algorithm and cost of password_hash; empty without one.
    password_scheme     TEXT NOT NULL DEFAULT '',
    password_epoch      BIGINT NOT NULL DEFAULT 0,
    password_changed_at BIGINT,
    reset_by_email      BOOLEAN NOT NULL DEFAULT FALSE,
    -- These two follow from the rows of credentials.
    credentials         BIGINT NOT NULL DEFAULT 0,
    factor_added_at     BIGINT,
    factor_asked_at     BIGINT,
    delete_at           BIGINT,
    -- When the person first signed in: the first time on a device that is not known is
    -- no news to them.
    signed_in_at        BIGINT,
    disabled_at         BIGINT,
    -- Which provisioning source made the person, and their id there.
    source              TEXT NOT NULL DEFAULT '',
    external_id         TEXT,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    UNIQUE (source, external_id)
);

CREATE INDEX users_delete_at ON users (delete_at) WHERE delete_at IS NOT NULL;
CREATE INDEX users_password_scheme ON users (password_scheme, id) WHERE password_scheme <> '';

-- The addresses that a person may be given back, by the epoch in which each was
-- theirs. An undo deletes the row that it uses and every younger one: the links
-- to those are void. moved_at is when the address was taken away.
CREATE TABLE former_addresses (
    user_id  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    epoch    BIGINT NOT NULL,
    email    TEXT NOT NULL,
    moved_at BIGINT NOT NULL,
    -- When the owner of the address got the account back by a link that was sent there:
    -- such a link works once more only if it tells of something older than moved_at.
    given_back_at BIGINT,
    PRIMARY KEY (user_id, epoch)
);

-- Sources are kept apart, so that one takes away only what it gave.
CREATE TABLE user_roles (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       TEXT NOT NULL,
    source     TEXT NOT NULL DEFAULT '',
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, role, source)
);

CREATE INDEX user_roles_role ON user_roles (role, user_id);

CREATE TABLE groups (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    canonical    TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL DEFAULT '',
    description  TEXT NOT NULL DEFAULT '',
    source       TEXT NOT NULL DEFAULT '',
    external_id  TEXT,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    UNIQUE (source, external_id)
);

CREATE TABLE group_members (
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    source   TEXT NOT NULL DEFAULT '',
    added_at BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id, source)
);

CREATE INDEX group_members_user_id ON group_members (user_id, group_id);

CREATE TABLE group_roles (
    group_id   TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    role       TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (group_id, role)
);

CREATE INDEX group_roles_role ON group_roles (role, group_id);

-- Who a person is at another provider.
CREATE TABLE identities (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider     TEXT NOT NULL,
    subject      TEXT NOT NULL,
    email        TEXT NOT NULL DEFAULT '',
    claims       TEXT NOT NULL DEFAULT '{}',
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    UNIQUE (provider, subject)
);

CREATE INDEX identities_user_id ON identities (user_id);

CREATE TABLE invitations (
    id              TEXT PRIMARY KEY,
    token_hash      TEXT NOT NULL UNIQUE,
    email           TEXT NOT NULL,
    email_canonical TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    used_at         BIGINT
);

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
    counter      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT
);

CREATE INDEX credentials_user_id ON credentials (user_id);

CREATE TABLE recovery_codes (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (user_id, hash)
);

-- How often a person failed in a row with a kind of factor.
CREATE TABLE lockouts (
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL,
    failures     BIGINT NOT NULL,
    locked_until BIGINT,
    disabled_at  BIGINT,
    updated_at   BIGINT NOT NULL,
    PRIMARY KEY (user_id, kind)
);

CREATE INDEX lockouts_over ON lockouts (updated_at) WHERE failures = 0;

-- Browsers that may skip the second factor for a while.
CREATE TABLE trusted_devices (
    id             TEXT PRIMARY KEY,
    user_id        TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret_hash    TEXT NOT NULL UNIQUE,
    password_epoch BIGINT NOT NULL,
    acr            TEXT NOT NULL,
    user_agent     TEXT NOT NULL,
    address        TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    last_used_at   BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL
);

CREATE INDEX trusted_devices_user_id ON trusted_devices (user_id);
CREATE INDEX trusted_devices_expires_at ON trusted_devices (expires_at);

-- ---- Sessions and grants ----

CREATE TABLE sessions (
    sid             TEXT PRIMARY KEY,
    user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret_hash     TEXT NOT NULL UNIQUE,
    auth_time       BIGINT NOT NULL,
    acr             TEXT NOT NULL,
    amr             TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    last_seen_at    BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    ends_at         BIGINT NOT NULL GENERATED ALWAYS AS (LEAST(expires_at, idle_expires_at)) STORED,
    -- The person asked to be kept signed in: the session lives for longer than others.
    remembered      BOOLEAN NOT NULL DEFAULT FALSE,
    user_agent      TEXT NOT NULL,
    address         TEXT NOT NULL,
    proofs          TEXT NOT NULL DEFAULT '',
    trusted_device  TEXT NOT NULL DEFAULT '',
    trust_acr       TEXT NOT NULL DEFAULT ''
);

CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_ends_at ON sessions (ends_at);

-- Which clients a session signed in to, and as whom: those to be told when it
-- ends. The constraint is deferred, so that what ends a session reads its rows
-- after the session is gone; whatever forgets them cannot commit.
CREATE TABLE session_clients (
    sid        TEXT NOT NULL REFERENCES sessions (sid) DEFERRABLE INITIALLY DEFERRED,
    client_id  TEXT NOT NULL,
    sub        TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (sid, client_id, sub)
);

-- A refresh updates generation, rotated_at and idle_expires_at. None of them is
-- indexed and pages keep room, so that PostgreSQL rewrites the row in place
-- (a heap-only tuple) and a busy grant leaves no dead index entries.
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
    auth_time       BIGINT NOT NULL,
    acr             TEXT NOT NULL,
    amr             TEXT NOT NULL,
    offline         BOOLEAN NOT NULL,
    refreshable     BOOLEAN NOT NULL,
    generation      BIGINT NOT NULL,
    salt            BYTEA NOT NULL,
    rotated_at      BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    revoked_at      BIGINT,
    revoked_reason  TEXT NOT NULL DEFAULT ''
) WITH (fillfactor = 70);

CREATE INDEX grants_user_id ON grants (user_id, client_id);
CREATE INDEX grants_client_id ON grants (client_id, id);
CREATE INDEX grants_sid ON grants (sid) WHERE sid IS NOT NULL;
CREATE INDEX grants_expires_at ON grants (expires_at);

-- Access tokens that were revoked one by one. A row may go when its token has expired.
CREATE TABLE revoked_access_tokens (
    jti        TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE INDEX revoked_access_tokens_expires_at ON revoked_access_tokens (expires_at);

-- One row a scope: two consents at once cannot overwrite one another.
CREATE TABLE consents (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id  TEXT NOT NULL,
    scope      TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, client_id, scope)
);

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
    version           BIGINT NOT NULL DEFAULT 1,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    last_used_at      BIGINT,
    disabled_at       BIGINT
);

CREATE INDEX clients_source ON clients (source, id);

-- One key for each algorithm and slot: nodes that start at once agree on it.
CREATE TABLE signing_keys (
    id          TEXT PRIMARY KEY,
    alg         TEXT NOT NULL,
    slot        BIGINT NOT NULL,
    public_key  TEXT NOT NULL,
    private_key TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    signs_from  BIGINT NOT NULL,
    signs_until BIGINT,
    expires_at  BIGINT,
    UNIQUE (alg, slot)
);

-- What all nodes agree on: check values of hash keys, the epoch below which
-- whatever was issued is dead.
CREATE TABLE installation (
    name       TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- ---- Audit ----

-- Each event bears a MAC over the columns that its version says. What is personal
-- counts by a salted hash alone, so that it can be erased.
CREATE TABLE audit_events (
    id              TEXT PRIMARY KEY,
    version         SMALLINT NOT NULL,
    at              BIGINT NOT NULL,
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
);

CREATE INDEX audit_events_user_id ON audit_events (user_id, id);
CREATE INDEX audit_events_type ON audit_events (type, id);
CREATE INDEX audit_events_request_id ON audit_events (request_id) WHERE request_id <> '';

-- Events that wait to be linked. An event is never rewritten: its place in the
-- chain is a row of audit_links.
CREATE TABLE audit_queue (
    id TEXT PRIMARY KEY
);

CREATE TABLE audit_links (
    seq   BIGINT PRIMARY KEY,
    id    TEXT NOT NULL UNIQUE,
    chain TEXT NOT NULL
);

-- Where the chain begins (base: what is before it was pruned) and ends (head).
CREATE TABLE audit_marks (
    name  TEXT PRIMARY KEY,
    seq   BIGINT NOT NULL,
    chain TEXT NOT NULL,
    mac   TEXT NOT NULL
);

-- ---- Work ----

-- What is to be delivered (mail, SMS, …), written in the transaction of the change
-- that made it necessary. A row outlives the person that it is about. The lower
-- priority goes first.
CREATE TABLE deliveries (
    id         TEXT PRIMARY KEY,
    topic      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    priority   SMALLINT NOT NULL DEFAULT 0,
    sealed     TEXT NOT NULL,
    composed   BOOLEAN NOT NULL,
    status     TEXT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    claimed    BOOLEAN NOT NULL DEFAULT FALSE,
    next_at    BIGINT NOT NULL,
    not_after  BIGINT,
    last_error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    done_at    BIGINT
);

CREATE INDEX deliveries_due ON deliveries (topic, priority, next_at, id) WHERE done_at IS NULL;
CREATE INDEX deliveries_done_at ON deliveries (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX deliveries_status ON deliveries (status, id);
CREATE INDEX deliveries_topic ON deliveries (topic, id);

-- When each periodic job was last begun, so that one node runs it at a time.
CREATE TABLE jobs (
    name       TEXT PRIMARY KEY,
    claimed_at BIGINT NOT NULL
);

-- The processes that serve, each as it last reported itself.
CREATE TABLE nodes (
    id         TEXT PRIMARY KEY,
    version    TEXT NOT NULL,
    digest     TEXT NOT NULL,
    fault      TEXT NOT NULL,
    waiting    TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    loaded_at  BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);

CREATE INDEX nodes_seen_at ON nodes (seen_at);

-- What nodes of a digest run with; secrets are keyed hashes.
CREATE TABLE configurations (
    digest   TEXT PRIMARY KEY,
    document BYTEA NOT NULL,
    clients  TEXT NOT NULL,
    seen_at  BIGINT NOT NULL
);

CREATE INDEX configurations_seen_at ON configurations (seen_at);

-- Clients that no node is configured with any more. Their consents are kept for a
-- while, so that bringing one back restores them.
CREATE TABLE removed_clients (
    client_id  TEXT PRIMARY KEY,
    removed_at BIGINT NOT NULL,
    pruned_at  BIGINT
);

CREATE INDEX removed_clients_pruned_at ON removed_clients (pruned_at);

-- What expires by itself, where there is no Redis. Unlogged: it may be lost
-- with the server, and is not worth a write-ahead log.
CREATE UNLOGGED TABLE ephemeral (
    key         TEXT PRIMARY KEY,
    value       BYTEA NOT NULL,
    count       BIGINT NOT NULL DEFAULT 0,
    -- Until when attempts that an entry counts are refused.
    waits_until BIGINT NOT NULL DEFAULT 0,
    expires_at  BIGINT NOT NULL
);

CREATE INDEX ephemeral_expires_at ON ephemeral (expires_at);
