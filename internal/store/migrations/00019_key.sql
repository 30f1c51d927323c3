-- Keys are published before they sign (R-150), and know the component of
-- Keycloak's that they are.

-- +goose Up
ALTER TABLE realm_key ADD COLUMN active_from BIGINT;
ALTER TABLE realm_key ADD COLUMN body TEXT NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE realm_key DROP COLUMN body;
ALTER TABLE realm_key DROP COLUMN active_from;
