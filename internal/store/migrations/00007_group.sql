-- Groups and who is in them. They are not part of a realm's snapshot: a realm
-- may have as many groups as users.

-- +goose Up
CREATE TABLE realm_group (
    realm_id  TEXT NOT NULL,
    id        TEXT NOT NULL,
    parent_id TEXT NOT NULL, -- empty at the top
    name      TEXT NOT NULL,
    search    TEXT NOT NULL, -- the name in lower case
    body      TEXT NOT NULL,
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, parent_id, name)
);

CREATE TABLE group_member (
    realm_id TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    group_id TEXT NOT NULL,
    PRIMARY KEY (realm_id, user_id, group_id)
);
CREATE INDEX group_member_group ON group_member (realm_id, group_id, user_id);

-- +goose Down
DROP TABLE group_member;
DROP TABLE realm_group;
