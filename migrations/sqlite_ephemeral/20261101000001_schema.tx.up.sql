-- What expires by itself, where there is no Redis. It has a database file of its
-- own that is not flushed at each write: it may be lost with the power.
CREATE TABLE ephemeral (
    key         TEXT PRIMARY KEY,
    value       BLOB NOT NULL,
    count       INTEGER NOT NULL DEFAULT 0,
    -- Until when attempts that an entry counts are refused.
    waits_until INTEGER NOT NULL DEFAULT 0,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ephemeral_expires_at ON ephemeral (expires_at);
