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
