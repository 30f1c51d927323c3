-- Wrong passwords and one-time passwords, of users and of names that are
-- nobody's.

-- +goose Up
CREATE TABLE login_failure (
    realm_id     TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    failures     BIGINT NOT NULL,
    lockouts     BIGINT NOT NULL,
    not_before   BIGINT,
    closed       BIGINT NOT NULL,
    last_failure BIGINT,
    last_ip      TEXT   NOT NULL,
    delete_at    BIGINT, -- when it is forgotten; never while it is closed
    PRIMARY KEY (realm_id, subject)
) WITH (fillfactor = 70);
CREATE INDEX login_failure_delete ON login_failure (delete_at);

-- +goose Down
DROP TABLE login_failure;
