-- The person asked to be kept signed in: the session lives for longer than others.
ALTER TABLE sessions ADD COLUMN remembered BOOLEAN NOT NULL DEFAULT FALSE;
