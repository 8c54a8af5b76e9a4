-- When each periodic job was last begun, so that one node runs it at a time.
CREATE TABLE jobs (
    name       TEXT PRIMARY KEY,
    claimed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
