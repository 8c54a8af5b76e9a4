-- Events become provable: each bears its MAC, in which what is personal counts
-- by a salted hash alone; once linked it also bears its place in the chain.
ALTER TABLE audit_events ADD COLUMN personal_salt TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN personal_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN seq INTEGER;
ALTER TABLE audit_events ADD COLUMN chain TEXT NOT NULL DEFAULT '';

CREATE INDEX audit_events_user_id ON audit_events (user_id, id);
CREATE UNIQUE INDEX audit_events_seq ON audit_events (seq) WHERE seq IS NOT NULL;
CREATE INDEX audit_events_unlinked ON audit_events (id) WHERE seq IS NULL;

-- Where the chain begins (base: what is before it was pruned) and ends (head).
CREATE TABLE audit_marks (
    name  TEXT PRIMARY KEY,
    seq   INTEGER NOT NULL,
    chain TEXT NOT NULL,
    mac   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
