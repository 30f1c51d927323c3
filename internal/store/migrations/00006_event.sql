-- What happened. The key is led by time: that is how events are read and how
-- they are deleted.

-- +goose Up
CREATE TABLE event (
    realm_id   TEXT   NOT NULL,
    time       BIGINT NOT NULL,
    id         TEXT   NOT NULL,
    type       TEXT   NOT NULL,
    client_id  TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    session_id TEXT   NOT NULL,
    ip_address TEXT   NOT NULL,
    error      TEXT   NOT NULL,
    details    TEXT   NOT NULL,
    PRIMARY KEY (realm_id, time, id)
);
CREATE INDEX event_user ON event (realm_id, user_id, time) WHERE user_id <> '';

CREATE TABLE admin_event (
    realm_id       TEXT   NOT NULL,
    time           BIGINT NOT NULL,
    id             TEXT   NOT NULL,
    operation_type TEXT   NOT NULL,
    resource_type  TEXT   NOT NULL,
    resource_path  TEXT   NOT NULL,
    error          TEXT   NOT NULL,
    body           TEXT   NOT NULL, -- who it was, and the representation
    PRIMARY KEY (realm_id, time, id)
);

-- +goose Down
DROP TABLE admin_event;
DROP TABLE event;
