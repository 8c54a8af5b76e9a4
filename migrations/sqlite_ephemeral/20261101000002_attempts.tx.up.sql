-- Until when attempts that an entry counts are refused.
ALTER TABLE ephemeral ADD COLUMN waits_until INTEGER NOT NULL DEFAULT 0;
