-- Applications that are still to be told of a logout.

-- +goose Up
CREATE TABLE logout_notice (
    realm_id        TEXT   NOT NULL,
    id              TEXT   NOT NULL,
    client_id       TEXT   NOT NULL, -- internal id
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    claimed_until   BIGINT,
    attempts        BIGINT NOT NULL,
    body            TEXT   NOT NULL,
    PRIMARY KEY (realm_id, id)
) WITH (fillfactor = 80);
CREATE INDEX logout_notice_due ON logout_notice (next_attempt_at);

-- +goose Down
DROP TABLE logout_notice;
