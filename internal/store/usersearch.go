package store

import (
	"strconv"
	"strings"

	"latchkey"
)

// UserFilter says which people are listed. Empty fields do not filter. Texts
// are compared in lower case; they may stand anywhere in the value, unless
// Exact is set.
type UserFilter struct {
	// Search is words that all have to be found in the username, the address,
	// the first or the last name.
	Search                               string
	Username, Email, FirstName, LastName string
	Exact                                bool // for the four above
	Enabled, EmailVerified               *bool
	First, Max                           int // Max zero: a hundred
}

// maxListed is how many a list has that was not told.
const maxListed = 100

// separator stands between the fields in the search column.
const separator = "\x1f"

// searchText is what people are searched by: the four fields in lower case.
func searchText(u *latchkey.User) string {
	fields := []string{u.Username, u.Email, u.FirstName, u.LastName}
	for i, f := range fields {
		fields[i] = strings.ToLower(strings.ReplaceAll(f, separator, ""))
	}
	return separator + strings.Join(fields, separator) + separator
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, separator, "")

func likeText(s string) string { return likeEscapes.Replace(strings.ToLower(s)) }

// where gives the condition and its arguments.
func (f *UserFilter) where(realmID string) (string, []any) {
	var b strings.Builder
	args := []any{realmID}
	add := func(condition string, arg any) {
		args = append(args, arg)
		b.WriteString(" AND " + condition + " $" + strconv.Itoa(len(args)))
	}
	like := func(pattern string) {
		add("search LIKE", pattern)
		b.WriteString(` ESCAPE '\'`)
	}
	b.WriteString("realm_id = $1 AND service_account_client_id IS NULL")
	for _, word := range strings.Fields(f.Search) {
		like("%" + likeText(word) + "%")
	}
	for i, value := range []string{f.Username, f.Email, f.FirstName, f.LastName} {
		if value == "" {
			continue
		}
		pattern := []string{"%", "%", "%", "%"}
		pattern[i] = likeText(value)
		if !f.Exact {
			pattern[i] = "%" + pattern[i] + "%"
		}
		like(separator + strings.Join(pattern, separator) + separator)
	}
	if f.Enabled != nil {
		add("enabled =", flag(*f.Enabled))
	}
	if f.EmailVerified != nil {
		add("email_verified =", flag(*f.EmailVerified))
	}
	return b.String(), args
}

// Users lists people, not service accounts, by username.
func (tx *Tx) Users(realmID string, f UserFilter) ([]*latchkey.User, error) {
	where, args := f.where(realmID)
	if f.Max <= 0 {
		f.Max = maxListed
	}
	args = append(args, f.Max, max(f.First, 0))
	return many(tx, (*Tx).scanUser, `SELECT `+userColumns+` FROM users WHERE `+where+
		` ORDER BY username LIMIT $`+strconv.Itoa(len(args)-1)+` OFFSET $`+strconv.Itoa(len(args)), args...)
}

// CountUsers counts those whom Users would list without First and Max.
func (tx *Tx) CountUsers(realmID string, f UserFilter) (int, error) {
	where, args := f.where(realmID)
	n := 0
	err := tx.each(func(r row) error { return r.Scan(&n) }, `SELECT COUNT(*) FROM users WHERE `+where, args...)
	return n, err
}
