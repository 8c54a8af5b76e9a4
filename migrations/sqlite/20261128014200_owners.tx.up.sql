-- When a person first signed in: the first time on a device that is not known is
-- no news to them.
ALTER TABLE users ADD COLUMN signed_in_at INTEGER;

-- When the owner of an address got the account back by a link that was sent there:
-- such a link works once more only if it tells of something older than moved_at.
ALTER TABLE former_addresses ADD COLUMN given_back_at INTEGER;
