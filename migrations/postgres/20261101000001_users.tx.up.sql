-- Times are microseconds since 1970; a NULL time never came.
CREATE TABLE users (
    id                 TEXT PRIMARY KEY,
    email              TEXT NOT NULL,
    email_canonical    TEXT UNIQUE,
    email_verified     BOOLEAN NOT NULL DEFAULT FALSE,
    username           TEXT NOT NULL DEFAULT '',
    username_canonical TEXT UNIQUE,
    phone              TEXT NOT NULL DEFAULT '',
    phone_verified     BOOLEAN NOT NULL DEFAULT FALSE,
    profile            TEXT NOT NULL DEFAULT '{}',
    password_hash      TEXT NOT NULL DEFAULT '',
    password_epoch     BIGINT NOT NULL DEFAULT 0,
    disabled_at        BIGINT,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL
);
