-- Times are microseconds since 1970; a NULL time never came.
CREATE TABLE users (
    id                 TEXT PRIMARY KEY,
    email              TEXT NOT NULL,
    email_canonical    TEXT UNIQUE,
    email_verified     INTEGER NOT NULL DEFAULT 0,
    username           TEXT NOT NULL DEFAULT '',
    username_canonical TEXT UNIQUE,
    phone              TEXT NOT NULL DEFAULT '',
    phone_verified     INTEGER NOT NULL DEFAULT 0,
    profile            TEXT NOT NULL DEFAULT '{}',
    password_hash      TEXT NOT NULL DEFAULT '',
    password_epoch     INTEGER NOT NULL DEFAULT 0,
    disabled_at        INTEGER,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
