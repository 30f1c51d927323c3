-- Ids of tokens that may not be used again: assertions of clients, which are
-- good once, and access tokens of ours that were revoked.

-- +goose Up
CREATE TABLE used_jti (
    realm_id   TEXT   NOT NULL,
    issuer     TEXT   NOT NULL, -- internal id of the client; empty for the realm itself
    hash       BYTEA  NOT NULL, -- SHA-256 of the id
    expires_at BIGINT NOT NULL, -- when the token would have ended anyway
    PRIMARY KEY (realm_id, issuer, hash)
);
CREATE INDEX used_jti_expires ON used_jti (expires_at);

-- +goose Down
DROP TABLE used_jti;
