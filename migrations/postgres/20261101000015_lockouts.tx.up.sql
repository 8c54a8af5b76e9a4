-- How often a person failed in a row with a kind of factor.
CREATE TABLE lockouts (
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL,
    failures     BIGINT NOT NULL,
    locked_until BIGINT,
    disabled_at  BIGINT,
    updated_at   BIGINT NOT NULL,
    PRIMARY KEY (user_id, kind)
);
