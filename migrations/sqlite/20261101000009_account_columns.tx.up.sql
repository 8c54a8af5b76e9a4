ALTER TABLE users ADD COLUMN password_changed_at INTEGER;
ALTER TABLE users ADD COLUMN roles TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN factor_asked_at INTEGER;
ALTER TABLE users ADD COLUMN delete_at INTEGER;

CREATE INDEX users_delete_at ON users (delete_at) WHERE delete_at IS NOT NULL;

ALTER TABLE sessions ADD COLUMN proofs TEXT NOT NULL DEFAULT '';
