-- Where security events go besides the record, and up to which place of the chain each
-- of them got: what is after it is not there yet.
CREATE TABLE event_feeds (
    name     TEXT PRIMARY KEY,
    seq      INTEGER NOT NULL,
    moved_at INTEGER NOT NULL
) STRICT;
