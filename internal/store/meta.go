package store

// Meta gives a value that belongs to the whole installation.
func (tx *Tx) Meta(name string) (string, error) {
	return one(tx, "setting", scanText, `SELECT value FROM meta WHERE name = $1`, name)
}

// SetMeta sets a value that belongs to the whole installation.
func (tx *Tx) SetMeta(name, value string) error {
	return tx.later(nil, `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
}
