-- Lists of people and of their sessions: what they are searched by.

-- +goose Up
-- An index has no room for texts of any length.
UPDATE users SET search = SUBSTR(search, 1, 350) WHERE LENGTH(search) > 350;
CREATE INDEX users_list ON users (realm_id, username, service_account_client_id, enabled, email_verified, created_at, search);

CREATE TABLE user_attribute (
    realm_id TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL, -- lower case; of a long one the hash
    PRIMARY KEY (realm_id, user_id, name, value)
);
CREATE INDEX user_attribute_value ON user_attribute (realm_id, name, value, user_id);

-- A long text, of which the hash stands here, is found once its user is changed.
INSERT INTO user_attribute (realm_id, user_id, name, value)
SELECT DISTINCT u.realm_id, u.id, LOWER(a.key), LOWER(v.value)
FROM users u, jsonb_each(CAST(u.body AS jsonb) -> 'attributes') a, jsonb_array_elements_text(a.value) v
WHERE LENGTH(a.key) <= 200 AND LENGTH(v.value) <= 200;

CREATE TABLE federated_identity (
    realm_id           TEXT NOT NULL,
    user_id            TEXT NOT NULL,
    identity_provider  TEXT NOT NULL, -- alias
    federated_user_id  TEXT NOT NULL,
    federated_username TEXT NOT NULL,
    PRIMARY KEY (realm_id, user_id, identity_provider)
);
CREATE INDEX federated_identity_user ON federated_identity (realm_id, identity_provider, federated_user_id);

-- +goose Down
DROP TABLE federated_identity;
DROP TABLE user_attribute;
DROP INDEX users_list;
