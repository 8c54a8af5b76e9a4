-- Which session a notice of a logout is about, and which client it tells: the page that
-- says that somebody is signed out looks them up.
ALTER TABLE deliveries ADD COLUMN sid TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN client_id TEXT NOT NULL DEFAULT '';
CREATE INDEX deliveries_sid ON deliveries (sid, id) WHERE sid <> '';
