-- Which one-time passwords were used: the first counter, or interval of the
-- time, whose code was not.

-- +goose Up
ALTER TABLE credential ADD COLUMN counter BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE credential DROP COLUMN counter;
