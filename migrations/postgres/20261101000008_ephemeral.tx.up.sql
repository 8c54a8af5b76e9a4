-- What expires by itself, where there is no Redis. Unlogged: it may be lost
-- with the server, and is not worth a write-ahead log.
CREATE UNLOGGED TABLE ephemeral (
    key        TEXT PRIMARY KEY,
    value      BYTEA NOT NULL,
    count      BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL
);

CREATE INDEX ephemeral_expires_at ON ephemeral (expires_at);
