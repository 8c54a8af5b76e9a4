-- The person asked to be kept signed in: the session lives for longer than others.
ALTER TABLE sessions ADD COLUMN remembered INTEGER NOT NULL DEFAULT 0;
