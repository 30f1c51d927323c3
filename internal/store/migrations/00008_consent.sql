-- What people said yes to.

-- +goose Up
CREATE TABLE user_consent (
    realm_id   TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    client_id  TEXT   NOT NULL, -- internal id
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body       TEXT   NOT NULL,
    PRIMARY KEY (realm_id, user_id, client_id)
);
CREATE INDEX user_consent_client ON user_consent (realm_id, client_id);

-- +goose Down
DROP TABLE user_consent;
