package store

import (
	"strings"

	"latchkey"
)

// LinkFilter says which links are listed. Empty fields do not filter.
type LinkFilter struct {
	Kind     latchkey.TokenKind
	ClientID string // internal id
	// UserID is whose they are; those that were mailed to Address, which need
	// not say whose they are, are theirs, too.
	UserID, Address string
	// Search is a part of the address that they were mailed to, or a word of the
	// name or the address of whose they are.
	Search     string
	Pending    bool // only those that could still be used
	First, Max int  // Max zero: a hundred
}

// ActionTokens lists the links of a realm, the newest first.
func (tx *Tx) ActionTokens(realmID string, f LinkFilter) ([]*latchkey.ActionToken, error) {
	c := inRealm(realmID)
	if f.Kind != "" {
		c.add("kind = %", string(f.Kind))
	}
	if f.ClientID != "" {
		c.add("client_id = %", f.ClientID)
	}
	if f.Pending {
		c.add("expires_at > % AND (redeemed_at IS NULL OR reusable = 1)", millis(tx.now))
	}
	const mailed = "id IN (SELECT token_id FROM message WHERE realm_id = $1 AND token_id <> '' AND address_key = %)"
	switch address := latchkey.CanonicalAddress(f.Address); {
	case f.UserID != "" && f.Address != "":
		c.add("(user_id = % AND user_id <> '' OR "+mailed+")", f.UserID, address)
	case f.UserID != "":
		c.add("user_id = % AND user_id <> ''", f.UserID)
	case f.Address != "":
		c.add(mailed, address)
	}
	if f.Search != "" {
		people, args := peopleWith(tx.db.dialect, f.Search)
		c.add(`(id IN (SELECT token_id FROM message WHERE realm_id = $1 AND token_id <> '' AND id IN (`+tx.toAddress("%")+`))
			OR user_id IN (SELECT id FROM users WHERE realm_id = $1 AND `+people+`))`,
			append([]any{strings.ToLower(strings.TrimSpace(f.Search))}, args...)...)
	}
	if f.Max <= 0 {
		f.Max = maxListed
	}
	// Ids alone are sorted, and only what is shown is read whole.
	const order = ` ORDER BY created_at DESC, id DESC`
	page := c.page(f.First, f.Max)
	return many(tx, (*Tx).scanActionToken, `SELECT `+actionTokenColumns+` FROM action_token WHERE realm_id = $1 AND id IN (
			SELECT id FROM action_token WHERE `+c.text.String()+order+page+`)`+order, c.args...)
}

// VoidActionToken makes one link void: it expires now. It says whether the
// link could still have been used.
func (tx *Tx) VoidActionToken(realmID, id string) (bool, error) {
	return tx.changed(void+` AND realm_id = $1 AND id = $4`, realmID, millis(tx.now), tx.now.Add(tokenKept).UnixMilli(), id)
}
