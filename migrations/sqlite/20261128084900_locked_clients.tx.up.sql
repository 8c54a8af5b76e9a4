-- A client in wrong hands is locked down: no grant begins at it, and what it holds for
-- itself is void. lifted_at: it is open again; what was issued before stays void.
CREATE TABLE locked_clients (
    client_id TEXT PRIMARY KEY,
    locked_at INTEGER NOT NULL,
    lifted_at INTEGER
);

-- Whom to tell when a client is locked down, and whose sessions are listed by client.
CREATE INDEX session_clients_client_id ON session_clients (client_id, sid);

-- What is sealed is sealed anew, in order.
CREATE INDEX credentials_sealed ON credentials (id) WHERE secret <> '';
