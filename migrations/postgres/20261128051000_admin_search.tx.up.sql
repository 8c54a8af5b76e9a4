-- People are searched by how their names begin, byte by byte, whatever the language of
-- the database; and those who are disabled are listed.
CREATE INDEX users_email_begins ON users (email_canonical COLLATE "C");
CREATE INDEX users_username_begins ON users (username_canonical COLLATE "C");
CREATE INDEX users_disabled ON users (id) WHERE disabled_at IS NOT NULL;
