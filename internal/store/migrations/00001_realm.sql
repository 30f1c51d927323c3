-- What a realm is configured with. Read whole into a snapshot, so that all but
-- the names lives in JSON. Every table is led by realm_id, so that it can be
-- distributed by it; meta alone belongs to the whole installation.

-- +goose Up
CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE realm (
    realm_id         TEXT   NOT NULL PRIMARY KEY,
    name             TEXT   NOT NULL UNIQUE,
    enabled          BIGINT NOT NULL,
    version          BIGINT NOT NULL,
    duplicate_emails BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    body             TEXT   NOT NULL,
    smtp             TEXT   NOT NULL,
    smtp_secrets     BYTEA
);

CREATE TABLE client (
    realm_id  TEXT   NOT NULL,
    id        TEXT   NOT NULL,
    client_id TEXT   NOT NULL,
    enabled   BIGINT NOT NULL,
    secret    BYTEA,
    body      TEXT   NOT NULL,
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, client_id)
);

CREATE TABLE client_scope (
    realm_id TEXT NOT NULL,
    id       TEXT NOT NULL,
    name     TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, name)
);

CREATE TABLE role (
    realm_id  TEXT NOT NULL,
    id        TEXT NOT NULL,
    client_id TEXT NOT NULL, -- internal id; empty for a realm role
    name      TEXT NOT NULL,
    body      TEXT NOT NULL,
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, client_id, name)
);

CREATE TABLE flow (
    realm_id TEXT NOT NULL,
    id       TEXT NOT NULL,
    alias    TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, alias)
);

CREATE TABLE authenticator_config (
    realm_id TEXT NOT NULL,
    id       TEXT NOT NULL,
    alias    TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (realm_id, id)
);

CREATE TABLE required_action (
    realm_id TEXT NOT NULL,
    alias    TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (realm_id, alias)
);

CREATE TABLE realm_key (
    realm_id    TEXT   NOT NULL,
    id          TEXT   NOT NULL, -- kid
    algorithm   TEXT   NOT NULL,
    key_use     TEXT   NOT NULL,
    status      TEXT   NOT NULL,
    priority    BIGINT NOT NULL,
    certificate BYTEA,
    private     BYTEA  NOT NULL, -- sealed
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (realm_id, id)
);

-- +goose Down
DROP TABLE realm_key;
DROP TABLE required_action;
DROP TABLE authenticator_config;
DROP TABLE flow;
DROP TABLE role;
DROP TABLE client_scope;
DROP TABLE client;
DROP TABLE realm;
DROP TABLE meta;
