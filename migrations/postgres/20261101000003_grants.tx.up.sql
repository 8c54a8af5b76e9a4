-- A refresh updates generation, rotated_at and idle_expires_at. None of them is
-- indexed and pages keep room, so that PostgreSQL rewrites the row in place
-- (a heap-only tuple) and a busy grant leaves no dead index entries.
CREATE TABLE grants (
    id              TEXT PRIMARY KEY,
    client_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sid             TEXT NOT NULL,
    code_hash       TEXT NOT NULL UNIQUE,
    code_challenge  TEXT NOT NULL,
    redirect_uri    TEXT NOT NULL,
    scopes          TEXT NOT NULL,
    nonce           TEXT NOT NULL,
    claims          TEXT NOT NULL,
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

CREATE INDEX grants_user_id ON grants (user_id);
CREATE INDEX grants_sid ON grants (sid);
CREATE INDEX grants_expires_at ON grants (expires_at);
