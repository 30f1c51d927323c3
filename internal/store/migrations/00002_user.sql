-- The people of a realm.

-- +goose Up
CREATE TABLE users (
    realm_id                  TEXT   NOT NULL,
    id                        TEXT   NOT NULL,
    username                  TEXT   NOT NULL,
    email                     TEXT   NOT NULL,
    email_key                 TEXT,            -- canonical form
    email_unique              TEXT,            -- the same; NULL where the realm allows duplicates
    email_verified            BIGINT NOT NULL,
    enabled                   BIGINT NOT NULL,
    created_at                BIGINT NOT NULL,
    not_before                BIGINT NOT NULL,
    service_account_client_id TEXT,
    search                    TEXT   NOT NULL, -- lower case: username, e-mail, first and last name
    body                      TEXT   NOT NULL,
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, username),
    UNIQUE (realm_id, email_unique),
    UNIQUE (realm_id, service_account_client_id)
);
CREATE INDEX users_email ON users (realm_id, email_key);

CREATE TABLE user_role (
    realm_id TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    role_id  TEXT NOT NULL,
    PRIMARY KEY (realm_id, user_id, role_id)
);
CREATE INDEX user_role_role ON user_role (realm_id, role_id, user_id);

CREATE TABLE credential (
    realm_id        TEXT   NOT NULL,
    id              TEXT   NOT NULL,
    user_id         TEXT   NOT NULL,
    type            TEXT   NOT NULL,
    user_label      TEXT   NOT NULL,
    secret_data     BYTEA  NOT NULL, -- sealed
    credential_data TEXT   NOT NULL,
    priority        BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (realm_id, id)
);
CREATE INDEX credential_user ON credential (realm_id, user_id);

CREATE TABLE known_browser (
    realm_id     TEXT   NOT NULL,
    browser_hash BYTEA  NOT NULL,
    address_key  BYTEA  NOT NULL,
    seen_at      BIGINT NOT NULL,
    PRIMARY KEY (realm_id, browser_hash, address_key)
);

-- +goose Down
DROP TABLE known_browser;
DROP TABLE credential;
DROP TABLE user_role;
DROP TABLE users;
