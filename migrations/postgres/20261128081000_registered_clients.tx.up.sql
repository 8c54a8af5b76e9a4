-- A client that registered itself goes when it was not used for as long as the
-- policy lets it; NULL is a client that stays.
ALTER TABLE clients ADD COLUMN ends_at BIGINT;

CREATE INDEX clients_ends_at ON clients (ends_at) WHERE ends_at IS NOT NULL;

-- What clients are found by besides their id: the web origins and the scopes that
-- their metadata has.
CREATE TABLE client_names (
    kind      TEXT NOT NULL,
    name      TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    PRIMARY KEY (kind, name, client_id)
);

CREATE INDEX client_names_client_id ON client_names (client_id);

-- Initial access tokens (RFC 7591 section 3): what may register so many clients.
CREATE TABLE registration_tokens (
    id         TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    note       TEXT NOT NULL DEFAULT '',
    uses_left  BIGINT NOT NULL,
    created_by TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX registration_tokens_expires_at ON registration_tokens (expires_at);
