package store

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey"
)

// UserFilter says which people are listed. Empty fields do not filter. Texts
// are compared in lower case.
type UserFilter struct {
	// Search is words that all have to be found in the username, the address,
	// the first or the last name, each at the beginning; with Keycloak's signs:
	// "*" stands for anything, and a word in quotation marks is the whole value.
	Search string
	// Username, Email, FirstName and LastName may stand anywhere in the value;
	// they are the whole value when Exact is set.
	Username, Email, FirstName, LastName string
	Exact                                bool
	Enabled, EmailVerified               *bool
	CreatedAfter, CreatedBefore          time.Time // the first inclusive
	// Attributes are values of the users' own attributes, by name.
	Attributes map[string]string
	// IdentityProvider (an alias) and FederatedUserID are of an account that is
	// linked to the user.
	IdentityProvider, FederatedUserID string
	// ServiceAccounts says that accounts of clients are listed, too.
	ServiceAccounts bool
	First, Max      int // Max zero: a hundred
}

// maxListed is how many a list has that was not told.
const maxListed = 100

// separator stands between the fields in the search column.
const separator = "\x1f"

// searchSizes are how many bytes of username, address, first and last name
// people are searched by: the column stands in an index, whose rows are
// bounded. Addresses are never longer.
var searchSizes = [...]int{255, 255, 120, 120}

// searchText is what people are searched by: the four fields in lower case.
func searchText(u *latchkey.User) string {
	fields := []string{u.Username, u.Email, u.FirstName, u.LastName}
	for i, f := range fields {
		fields[i] = searchField(i, f)
	}
	return separator + strings.Join(fields, separator) + separator
}

func searchField(i int, value string) string {
	value = strings.ToLower(strings.ReplaceAll(value, separator, ""))
	for size := searchSizes[i]; len(value) > size; size-- {
		if utf8.RuneStart(value[size]) {
			return value[:size]
		}
	}
	return value
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, separator, "")

func likeText(s string) string { return likeEscapes.Replace(strings.ToLower(s)) }

// plainText is a text as it stands in the search column.
func plainText(s string) string { return strings.ToLower(strings.ReplaceAll(s, separator, "")) }

// peopleWith is the condition that people have one word of a search, with its
// arguments. A word is a text that stands at the beginning of a field; what
// stands behind a * stands anywhere after that.
func peopleWith(d *dialect, word string) (text string, args []any) {
	if n := len(word); n >= 2 && word[0] == '"' && word[n-1] == '"' {
		return holds(d, "search"), []any{separator + plainText(word[1:n-1]) + separator}
	}
	var all []string
	parts := strings.Split(separator+plainText(word), "*")
	for _, part := range parts {
		if part != "" && part != separator {
			all, args = append(all, holds(d, "search")), append(args, part)
		}
	}
	if len(all) > 1 { // in this order
		for i, part := range parts {
			parts[i] = likeEscapes.Replace(part)
		}
		all, args = append(all, `search LIKE % ESCAPE '\'`), append(args, "%"+separator+strings.Join(parts, "%")+"%")
	}
	if len(all) == 0 {
		return "realm_id = $1", nil // anybody
	}
	return strings.Join(all, " AND "), args
}

// holds is the condition that a text stands in a column.
func holds(d *dialect, column string) string { return d.position + "(" + column + ", %) > 0" }

func (c *condition) like(pattern string) { c.add(`search LIKE % ESCAPE '\'`, pattern) }

// where gives the condition.
func (f *UserFilter) where(d *dialect, realmID string) *condition {
	c := inRealm(realmID)
	if !f.ServiceAccounts {
		// Not "IS NULL": nearly everybody is one of these, and an index on it is
		// the wrong one to go by.
		c.add("COALESCE(service_account_client_id, '') = ''")
	}
	for _, word := range strings.Fields(f.Search) {
		text, args := peopleWith(d, word)
		c.add(text, args...)
	}
	f.names(d, c)
	if f.Enabled != nil {
		c.add("enabled = %", flag(*f.Enabled))
	}
	if f.EmailVerified != nil {
		c.add("email_verified = %", flag(*f.EmailVerified))
	}
	if !f.CreatedAfter.IsZero() {
		c.add("created_at >= %", millis(f.CreatedAfter))
	}
	if !f.CreatedBefore.IsZero() {
		c.add("created_at < %", millis(f.CreatedBefore))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Attributes)) {
		c.add("id IN (SELECT user_id FROM user_attribute WHERE realm_id = $1 AND name = % AND value = %)",
			attributeKey(name), attributeKey(f.Attributes[name]))
	}
	switch {
	case f.IdentityProvider != "" && f.FederatedUserID != "":
		c.add("id IN (SELECT user_id FROM federated_identity WHERE realm_id = $1 AND identity_provider = % AND federated_user_id = %)",
			f.IdentityProvider, f.FederatedUserID)
	case f.IdentityProvider != "":
		c.add("id IN (SELECT user_id FROM federated_identity WHERE realm_id = $1 AND identity_provider = %)", f.IdentityProvider)
	case f.FederatedUserID != "":
		c.add("id IN (SELECT user_id FROM federated_identity WHERE realm_id = $1 AND federated_user_id = %)", f.FederatedUserID)
	}
	return c
}

// names adds what is asked of the four fields.
func (f *UserFilter) names(d *dialect, c *condition) {
	if f.Exact && f.Username != "" {
		c.add("username = %", strings.ToLower(f.Username))
	}
	if f.Exact && f.Email != "" {
		c.add("email_key = %", emailKey(f.Email))
	}
	for i, value := range []string{f.Username, f.Email, f.FirstName, f.LastName} {
		if value == "" || f.Exact && i < 2 {
			continue
		}
		c.add(holds(d, "search"), plainText(searchField(i, value))) // so that few are compared with the pattern
		pattern := []string{"%", "%", "%", "%"}
		if pattern[i] = likeText(searchField(i, value)); !f.Exact {
			pattern[i] = "%" + pattern[i] + "%"
		}
		c.like(separator + strings.Join(pattern, separator) + separator)
	}
}

// Users lists people by username; service accounts only where the filter says
// so.
func (tx *Tx) Users(realmID string, f UserFilter) ([]*latchkey.User, error) {
	text, args := f.list(tx.db.dialect, realmID)
	return many(tx, (*Tx).scanUser, text, args...)
}

// list is the statement. Which names they are is found in an index that has
// all that is asked for, and only the rows that are shown are read.
func (f *UserFilter) list(d *dialect, realmID string) (string, []any) {
	c := f.where(d, realmID)
	limit := f.Max
	if limit <= 0 {
		limit = maxListed
	}
	order := "username"
	if f.few() {
		order = "username || ''" // so that SQLite finds them first and then sorts them
	}
	part := c.page(f.First, limit)
	return `SELECT ` + userColumns + ` FROM users WHERE realm_id = $1 AND username IN (
			SELECT username FROM users WHERE ` + c.text.String() + ` ORDER BY ` + order + part + `) ORDER BY username`, c.args
}

// few says that the filter goes by an index of its own, which finds few people.
func (f *UserFilter) few() bool {
	return f.Exact && (f.Email != "" || f.Username != "") || len(f.Attributes) > 0 || f.IdentityProvider != "" || f.FederatedUserID != ""
}

// CountUsers counts those whom Users would list without First and Max.
func (tx *Tx) CountUsers(realmID string, f UserFilter) (int, error) {
	c := f.where(tx.db.dialect, realmID)
	n := 0
	err := tx.each(func(r row) error { return r.Scan(&n) }, `SELECT COUNT(*) FROM users WHERE `+c.text.String(), c.args...)
	return n, err
}
