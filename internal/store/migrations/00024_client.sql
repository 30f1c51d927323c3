-- What is configured knows the realm's version that it was written at, so that
-- a snapshot is read anew by what has changed. A client has its secret before
-- the one that it has now, and tokens let others register clients.

-- +goose Up
ALTER TABLE client ADD COLUMN rotated_secret BYTEA;
ALTER TABLE client ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE client_scope ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE role ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE flow ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE authenticator_config ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE required_action ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE realm_key ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX client_changed ON client (realm_id, changed);
CREATE INDEX role_changed ON role (realm_id, changed);

CREATE TABLE client_initial_access (
    realm_id   TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT, -- NULL: never
    remaining  BIGINT NOT NULL,
    body       TEXT   NOT NULL,
    PRIMARY KEY (realm_id, id)
);

-- +goose Down
DROP TABLE client_initial_access;
DROP INDEX role_changed;
DROP INDEX client_changed;
ALTER TABLE realm_key DROP COLUMN changed;
ALTER TABLE required_action DROP COLUMN changed;
ALTER TABLE authenticator_config DROP COLUMN changed;
ALTER TABLE flow DROP COLUMN changed;
ALTER TABLE role DROP COLUMN changed;
ALTER TABLE client_scope DROP COLUMN changed;
ALTER TABLE client DROP COLUMN changed;
ALTER TABLE client DROP COLUMN rotated_secret;
