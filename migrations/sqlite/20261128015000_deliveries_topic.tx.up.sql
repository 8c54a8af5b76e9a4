-- Deliveries of one topic are listed, the newest first.
CREATE INDEX deliveries_topic ON deliveries (topic, id);
