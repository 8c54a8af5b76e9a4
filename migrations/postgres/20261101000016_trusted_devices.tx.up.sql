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
