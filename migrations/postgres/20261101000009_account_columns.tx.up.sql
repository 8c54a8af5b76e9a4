ALTER TABLE users ADD COLUMN password_changed_at BIGINT;
ALTER TABLE users ADD COLUMN reset_by_email BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN roles TEXT NOT NULL DEFAULT '';
-- These two follow from the rows of credentials.
ALTER TABLE users ADD COLUMN credentials BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN factor_added_at BIGINT;
ALTER TABLE users ADD COLUMN factor_asked_at BIGINT;
ALTER TABLE users ADD COLUMN delete_at BIGINT;

CREATE INDEX users_delete_at ON users (delete_at) WHERE delete_at IS NOT NULL;

ALTER TABLE sessions ADD COLUMN proofs TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN trusted_device TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN trust_acr TEXT NOT NULL DEFAULT '';
