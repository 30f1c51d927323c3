-- What is counted: sign-ins by their time; mails by what became of them, how long
-- they waited, and what kept them from being sent.

-- +goose Up
CREATE INDEX event_type ON event (realm_id, type, time, error);
ALTER TABLE message ADD COLUMN cause TEXT NOT NULL DEFAULT '';
DROP INDEX message_created;
CREATE INDEX message_created ON message (realm_id, created_at, state, cause, handed_over_at);

-- +goose Down
DROP INDEX message_created;
CREATE INDEX message_created ON message (realm_id, created_at);
ALTER TABLE message DROP COLUMN cause;
DROP INDEX event_type;
