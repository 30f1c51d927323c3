-- What is counted: sign-ins by their time, and mails that were not sent by what
-- kept them.

-- +goose Up
CREATE INDEX event_type ON event (realm_id, type, time, error);
ALTER TABLE message ADD COLUMN cause TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE message DROP COLUMN cause;
DROP INDEX event_type;
