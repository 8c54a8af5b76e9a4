-- The processes that serve, each as it last reported itself.
CREATE TABLE nodes (
    id         TEXT PRIMARY KEY,
    version    TEXT NOT NULL,
    digest     TEXT NOT NULL,
    fault      TEXT NOT NULL,
    waiting    TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    loaded_at  BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);

CREATE INDEX nodes_seen_at ON nodes (seen_at);

-- What nodes of a digest run with; secrets are keyed hashes.
CREATE TABLE configurations (
    digest   TEXT PRIMARY KEY,
    document BYTEA NOT NULL,
    clients  TEXT NOT NULL,
    seen_at  BIGINT NOT NULL
);

CREATE INDEX configurations_seen_at ON configurations (seen_at);

-- Clients that no node is configured with any more. Their consents are kept for a
-- while, so that bringing one back restores them.
CREATE TABLE removed_clients (
    client_id  TEXT PRIMARY KEY,
    removed_at BIGINT NOT NULL,
    pruned_at  BIGINT
);

CREATE INDEX removed_clients_pruned_at ON removed_clients (pruned_at);
