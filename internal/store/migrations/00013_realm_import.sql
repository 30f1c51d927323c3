-- Imports of realms that were begun and are not through: how far they are, so
-- that one that was ended goes on where it was.

-- +goose Up
CREATE TABLE realm_import (
    realm_id   TEXT   NOT NULL PRIMARY KEY,
    digest     BYTEA  NOT NULL, -- SHA-256 of the export
    done       BIGINT NOT NULL,
    total      BIGINT NOT NULL,
    enabled    BIGINT NOT NULL, -- whether the realm is to be, in the end
    started_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE realm_import;
