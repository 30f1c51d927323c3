-- Who is signed in, and what applications hold of it.

-- +goose Up
CREATE TABLE user_session (
    realm_id    TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    user_id     TEXT   NOT NULL,
    cookie_hash BYTEA, -- NULL for a session without a browser
    started_at  BIGINT NOT NULL,
    last_access BIGINT NOT NULL,
    remember_me BIGINT NOT NULL,
    offline     BIGINT NOT NULL,
    body        TEXT   NOT NULL,
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, cookie_hash)
) WITH (fillfactor = 80);
CREATE INDEX user_session_user ON user_session (realm_id, user_id);
CREATE INDEX user_session_started ON user_session (realm_id, started_at);

CREATE TABLE client_session (
    realm_id            TEXT   NOT NULL,
    session_id          TEXT   NOT NULL,
    client_id           TEXT   NOT NULL,
    started_at          BIGINT NOT NULL,
    last_access         BIGINT NOT NULL,
    refresh_id          TEXT   NOT NULL,
    previous_refresh_id TEXT   NOT NULL,
    rotated_at          BIGINT,
    reuses              BIGINT NOT NULL,
    body                TEXT   NOT NULL,
    PRIMARY KEY (realm_id, session_id, client_id)
) WITH (fillfactor = 80);
CREATE INDEX client_session_client ON client_session (realm_id, client_id);

CREATE TABLE authorization_code (
    realm_id    TEXT   NOT NULL,
    hash        BYTEA  NOT NULL,
    session_id  TEXT   NOT NULL,
    client_id   TEXT   NOT NULL,
    expires_at  BIGINT NOT NULL,
    redeemed_at BIGINT,
    body        TEXT   NOT NULL,
    PRIMARY KEY (realm_id, hash)
) WITH (fillfactor = 80);
CREATE INDEX authorization_code_session ON authorization_code (realm_id, session_id);
CREATE INDEX authorization_code_expires ON authorization_code (expires_at);

-- +goose Down
DROP TABLE authorization_code;
DROP TABLE client_session;
DROP TABLE user_session;
