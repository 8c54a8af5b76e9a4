-- Until when attempts that an entry counts are refused.
ALTER TABLE ephemeral ADD COLUMN waits_until BIGINT NOT NULL DEFAULT 0;
