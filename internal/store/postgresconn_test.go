package store

import "testing"

// What stands before its transaction begins neither writes nor locks.
func TestOnlyReads(t *testing.T) {
	for text, want := range map[string]bool{
		"SELECT 1": true,
		"SELECT id FROM users WHERE id = $1 FOR UPDATE":                   false,
		"SELECT id FROM users WHERE id = $1" + postgresDialect.skipLocked: false,
		"WITH RECURSIVE up(id) AS (SELECT 1) SELECT id FROM up":           true,
		"WITH due AS (SELECT 1) UPDATE message SET claimed_until = 1":     false,
		"WITH gone AS (DELETE FROM login RETURNING id) SELECT id":         false,
		"INSERT INTO meta (name) SELECT 'a'":                              false,
		postgresDialect.lockUsers:                                         false,
		checked("UPDATE login SET step = 1"):                              false,
	} {
		if onlyReads(text) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
}
