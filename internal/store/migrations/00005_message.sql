-- Mail that has been promised, and what became of it.

-- +goose Up
CREATE TABLE message (
    realm_id        TEXT   NOT NULL,
    id              TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    address         TEXT   NOT NULL,
    address_key     TEXT   NOT NULL, -- canonical form
    user_id         TEXT   NOT NULL,
    login_id        TEXT   NOT NULL,
    token_id        TEXT   NOT NULL,
    secret          BYTEA, -- sealed while the mail is unsent, then NULL
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    claimed_until   BIGINT,
    handed_over_at  BIGINT,
    body            TEXT   NOT NULL,
    PRIMARY KEY (realm_id, id)
) WITH (fillfactor = 70);
CREATE INDEX message_due ON message (next_attempt_at) WHERE state = 'queued';
CREATE INDEX message_login ON message (realm_id, login_id);
CREATE INDEX message_address ON message (realm_id, address_key);
CREATE INDEX message_created ON message (realm_id, created_at);

CREATE TABLE delivery_attempt (
    realm_id    TEXT   NOT NULL,
    message_id  TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    number      BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    relay       TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    reply       TEXT   NOT NULL,
    duration_ms BIGINT NOT NULL,
    PRIMARY KEY (realm_id, message_id, id)
);

CREATE TABLE address_mark (
    realm_id    TEXT   NOT NULL,
    address_key BYTEA  NOT NULL,
    reason      TEXT   NOT NULL,
    until       BIGINT NOT NULL,
    PRIMARY KEY (realm_id, address_key)
);

-- +goose Down
DROP TABLE address_mark;
DROP TABLE delivery_attempt;
DROP TABLE message;
