-- +goose Up
-- With all of the key in it, the index is as good as the key's own where a
-- planner without statistics takes one for the other.
DROP INDEX client_session_client;
CREATE INDEX client_session_client ON client_session (realm_id, client_id, session_id);

-- +goose Down
DROP INDEX client_session_client;
CREATE INDEX client_session_client ON client_session (realm_id, client_id);
