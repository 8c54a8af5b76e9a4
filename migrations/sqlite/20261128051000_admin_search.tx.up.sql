-- People who are disabled are listed. By how their names begin they are found by the
-- indexes that are there: SQLite compares byte by byte.
CREATE INDEX users_disabled ON users (id) WHERE disabled_at IS NOT NULL;
