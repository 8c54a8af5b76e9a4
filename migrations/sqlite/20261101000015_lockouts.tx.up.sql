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
