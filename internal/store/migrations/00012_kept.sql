-- What an export of Keycloak says and Latchkey does not act on: kept beside
-- the noun that it was said of, sealed whole, because nobody knows what of it
-- is a secret.

-- +goose Up
ALTER TABLE realm ADD COLUMN kept BYTEA;
ALTER TABLE client ADD COLUMN kept BYTEA;
ALTER TABLE client_scope ADD COLUMN kept BYTEA;
ALTER TABLE role ADD COLUMN kept BYTEA;
ALTER TABLE flow ADD COLUMN kept BYTEA;
ALTER TABLE authenticator_config ADD COLUMN kept BYTEA;
ALTER TABLE required_action ADD COLUMN kept BYTEA;
ALTER TABLE realm_group ADD COLUMN kept BYTEA;
ALTER TABLE users ADD COLUMN kept BYTEA;

CREATE TABLE identity_provider (
    realm_id TEXT  NOT NULL,
    id       TEXT  NOT NULL,
    alias    TEXT  NOT NULL,
    body     TEXT  NOT NULL,
    config   BYTEA NOT NULL, -- sealed
    kept     BYTEA,
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, alias)
);

CREATE TABLE component (
    realm_id      TEXT  NOT NULL,
    id            TEXT  NOT NULL,
    parent_id     TEXT  NOT NULL, -- the realm, or another component
    provider_type TEXT  NOT NULL,
    body          TEXT  NOT NULL,
    config        BYTEA NOT NULL, -- sealed
    PRIMARY KEY (realm_id, id)
);

-- +goose Down
DROP TABLE component;
DROP TABLE identity_provider;
ALTER TABLE users DROP COLUMN kept;
ALTER TABLE realm_group DROP COLUMN kept;
ALTER TABLE required_action DROP COLUMN kept;
ALTER TABLE authenticator_config DROP COLUMN kept;
ALTER TABLE flow DROP COLUMN kept;
ALTER TABLE role DROP COLUMN kept;
ALTER TABLE client_scope DROP COLUMN kept;
ALTER TABLE client DROP COLUMN kept;
ALTER TABLE realm DROP COLUMN kept;
