-- Sign-ins that are under way, and the links that were mailed for them.

-- +goose Up
CREATE TABLE login (
    realm_id     TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    browser_hash BYTEA  NOT NULL,
    tab_id       TEXT   NOT NULL,
    client_id    TEXT   NOT NULL,
    step         BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    seen_at      BIGINT,
    ended_at     BIGINT,
    end_reason   TEXT   NOT NULL,
    answered_at  BIGINT,
    number_tries BIGINT NOT NULL,
    code_tries   BIGINT NOT NULL,
    delete_at    BIGINT NOT NULL, -- an hour after its end (R-193)
    body         TEXT   NOT NULL,
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, browser_hash, tab_id)
) WITH (fillfactor = 70);
-- A node that looks after the logins that are watched on it knows their ids only.
CREATE INDEX login_id ON login (id);
CREATE INDEX login_delete ON login (delete_at);

CREATE TABLE action_token (
    realm_id    TEXT   NOT NULL,
    id          TEXT   NOT NULL, -- the selector
    secret_hash BYTEA  NOT NULL,
    kind        TEXT   NOT NULL,
    login_id    TEXT   NOT NULL,
    user_id     TEXT   NOT NULL,
    client_id   TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    redeemed_at BIGINT,
    opened_at   BIGINT,
    opens       BIGINT NOT NULL,
    reusable    BIGINT NOT NULL,
    delete_at   BIGINT NOT NULL, -- a day after its end (R-193)
    body        TEXT   NOT NULL,
    PRIMARY KEY (realm_id, id)
) WITH (fillfactor = 80);
CREATE INDEX action_token_login ON action_token (realm_id, login_id);
CREATE INDEX action_token_user ON action_token (realm_id, user_id) WHERE user_id <> '';
CREATE INDEX action_token_delete ON action_token (delete_at);

-- What is lost in a crash begins anew: limits may be forgotten, never wrong.
CREATE UNLOGGED TABLE rate_limit (
    realm_id TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    key      BYTEA  NOT NULL,
    tat      BIGINT NOT NULL, -- theoretical arrival time (GCRA)
    refused  BIGINT NOT NULL, -- whether the last one was
    PRIMARY KEY (realm_id, name, key)
) WITH (fillfactor = 70);

-- +goose Down
DROP TABLE rate_limit;
DROP TABLE action_token;
DROP TABLE login;
