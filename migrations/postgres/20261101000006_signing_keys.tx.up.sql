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
