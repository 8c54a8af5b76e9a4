-- A person as the source of provisioning knows them that made them (SCIM). user_name is
-- as it spells them, email_canonical the address that it gives; document is what else it said of them, as JSON. deactivated_at is
-- the users.disabled_at that it caused: it lifts no other. A row that it deleted stays
-- until the person is deleted, so that they can be made again.
CREATE TABLE provisioned (
    user_id             TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    source              TEXT NOT NULL,
    user_name           TEXT NOT NULL,
    user_name_canonical TEXT NOT NULL,
    external_id         TEXT,
    email_canonical     TEXT,
    document            TEXT NOT NULL DEFAULT '{}',
    version             INTEGER NOT NULL DEFAULT 1,
    deactivated_at      INTEGER,
    deleted_at          INTEGER,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    PRIMARY KEY (user_id, source),
    UNIQUE (source, user_name_canonical)
) STRICT, WITHOUT ROWID;

CREATE INDEX provisioned_live ON provisioned (source, user_id) WHERE deleted_at IS NULL;
CREATE INDEX provisioned_external_id ON provisioned (source, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX provisioned_email ON provisioned (source, email_canonical) WHERE email_canonical IS NOT NULL;
CREATE INDEX groups_source ON groups (source, id);
