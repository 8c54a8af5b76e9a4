-- What failed is looked for among all that happened: lately, and at a client.
CREATE INDEX audit_events_failed ON audit_events (id) WHERE outcome = 'failure';
CREATE INDEX audit_events_failed_client ON audit_events (client_id, id) WHERE outcome = 'failure' AND client_id <> '';
