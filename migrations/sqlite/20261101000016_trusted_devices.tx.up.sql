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
