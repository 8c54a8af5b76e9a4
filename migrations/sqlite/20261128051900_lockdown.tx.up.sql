-- An account in wrong hands is locked down: it is disabled, which every door asks,
-- until its recovery. lock_held: only the help desk lifts it. disabled_too: it is
-- disabled for another reason besides, and stays so.
ALTER TABLE users ADD COLUMN locked_at INTEGER;
ALTER TABLE users ADD COLUMN lock_held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN disabled_too INTEGER NOT NULL DEFAULT 0;
