-- Lists of a realm's sessions, the newest first.

-- +goose Up
CREATE INDEX user_session_list ON user_session (realm_id, started_at, id);

-- +goose Down
DROP INDEX user_session_list;
