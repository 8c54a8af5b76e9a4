-- Where the person's browser was when they allowed the client, for rules of access that
-- name networks.
ALTER TABLE grants ADD COLUMN address text NOT NULL DEFAULT '';
