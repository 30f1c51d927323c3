-- Lists of admin events by who did it, of sessions by their kind, of members of
-- large groups, and mails that are searched by a part of their address.

-- +goose Up
ALTER TABLE admin_event ADD COLUMN auth_realm_id TEXT NOT NULL DEFAULT '';
ALTER TABLE admin_event ADD COLUMN auth_client_id TEXT NOT NULL DEFAULT '';
ALTER TABLE admin_event ADD COLUMN auth_user_id TEXT NOT NULL DEFAULT '';
ALTER TABLE admin_event ADD COLUMN auth_ip_address TEXT NOT NULL DEFAULT '';
UPDATE admin_event SET
    auth_realm_id = COALESCE(CAST(body AS json) ->> 'authRealmId', ''), auth_client_id = COALESCE(CAST(body AS json) ->> 'authClientId', ''),
    auth_user_id = COALESCE(CAST(body AS json) ->> 'authUserId', ''), auth_ip_address = COALESCE(CAST(body AS json) ->> 'authIpAddress', '');
CREATE INDEX admin_event_list ON admin_event (realm_id, time, id, operation_type, resource_type, auth_realm_id, auth_client_id, auth_user_id, auth_ip_address);
DROP INDEX user_session_list;
CREATE INDEX user_session_list ON user_session (realm_id, started_at, id, offline, remember_me);
DROP INDEX users_list;
CREATE INDEX users_list ON users (realm_id, username, service_account_client_id, enabled, email_verified, created_at, search, id);
DROP INDEX message_address;
CREATE INDEX message_address ON message (realm_id, address_key, id);
DROP INDEX message_created;
CREATE INDEX message_created ON message (realm_id, created_at, id, kind, state, cause, handed_over_at);

-- +goose Down
DROP INDEX message_created;
CREATE INDEX message_created ON message (realm_id, created_at, state, cause, handed_over_at);
DROP INDEX message_address;
CREATE INDEX message_address ON message (realm_id, address_key);
DROP INDEX users_list;
CREATE INDEX users_list ON users (realm_id, username, service_account_client_id, enabled, email_verified, created_at, search);
DROP INDEX user_session_list;
CREATE INDEX user_session_list ON user_session (realm_id, started_at, id);
DROP INDEX admin_event_list;
ALTER TABLE admin_event DROP COLUMN auth_ip_address;
ALTER TABLE admin_event DROP COLUMN auth_user_id;
ALTER TABLE admin_event DROP COLUMN auth_client_id;
ALTER TABLE admin_event DROP COLUMN auth_realm_id;
