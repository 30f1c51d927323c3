package admin

import (
	"strconv"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// userQuery are the parameters of lists of users.
var userQuery = []param{
	{"search", text, "words of the username, the address, the first or the last name; *foo* finds anywhere, \"foo\" exactly; id:… finds by id"},
	{"username", text, "part of the username, or all of it with exact"},
	{"email", text, "part of the e-mail address, or all of it with exact"},
	{"firstName", text, "part of the first name, or all of it with exact"},
	{"lastName", text, "part of the last name, or all of it with exact"},
	{"exact", flag, "the names above are whole"},
	{"enabled", flag, "whether the user may sign in"},
	{"emailVerified", flag, "whether the e-mail address is proven"},
	{"q", text, "attributes: name:value name2:value2"},
	{"idpAlias", text, "alias of an identity provider that the user is linked with"},
	{"idpUserId", text, "the user's id there"},
	{"createdAfter", text, "created at that time or later: unix milliseconds, or a date such as 2026-01-31"},
	{"createdBefore", text, "created before that time"},
	{"briefRepresentation", flag, "names and states only"},
}

// defaultUsers is how many users a list has when the call does not say.
const defaultUsers = 100

// idSearch is what a search for ids begins with.
const idSearch = "id:"

// userFilter reads the query. Only a search for names by themselves lists
// accounts of clients, too, as in Keycloak.
func (c *call) userFilter() (f store.UserFilter, err error) {
	f = store.UserFilter{Search: strings.TrimSpace(c.text("search")), Enabled: c.maybe("enabled"), EmailVerified: c.maybe("emailVerified")}
	if f.CreatedAfter, err = c.moment("createdAfter"); err != nil {
		return f, err
	}
	if f.CreatedBefore, err = c.moment("createdBefore"); err != nil {
		return f, err
	}
	if f.Search != "" {
		return f, nil
	}
	f.Username, f.Email, f.FirstName, f.LastName = c.text("username"), c.text("email"), c.text("firstName"), c.text("lastName")
	f.Exact = c.flag("exact", false)
	f.IdentityProvider, f.FederatedUserID = c.text("idpAlias"), c.text("idpUserId")
	f.Attributes = pairs(c.text("q"))
	f.ServiceAccounts = f.Username != "" || f.Email != "" || f.FirstName != "" || f.LastName != "" || f.Exact || len(f.Attributes) > 0 ||
		f.Enabled != nil || f.EmailVerified != nil || f.IdentityProvider != "" || f.FederatedUserID != ""
	return f, nil
}

// maybe is a switch that is nil when it is not given.
func (c *call) maybe(name string) *bool {
	if c.text(name) == "" {
		return nil
	}
	return new(c.flag(name, false))
}

// moment is a time: unix milliseconds, or a date or time of RFC 3339 in UTC.
func (c *call) moment(name string) (time.Time, error) {
	typed := c.text(name)
	if typed == "" {
		return time.Time{}, nil
	}
	if ms, err := strconv.ParseInt(typed, 10, 64); err == nil && ms >= 0 {
		return time.UnixMilli(ms), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, typed); err == nil {
			return at, nil
		}
	}
	return time.Time{}, latchkey.Invalid(name, "Expected unix milliseconds or a date such as 2026-01-31.")
}

// pairs reads "name:value name2:value2". Values, and names, with blanks in
// them stand in quotation marks.
func pairs(query string) map[string]string {
	out := map[string]string{}
	for rest := strings.TrimSpace(query); rest != ""; rest = strings.TrimLeft(rest, " ") {
		var name, value string
		name, rest = word(rest, ':')
		if !strings.HasPrefix(rest, ":") {
			continue
		}
		if value, rest = word(rest[1:], ' '); name != "" && value != "" {
			out[name] = value
		}
	}
	return out
}

// word takes what stands before the end, or in quotation marks, off the text.
func word(s string, end byte) (taken, rest string) {
	if strings.HasPrefix(s, `"`) {
		if at := strings.IndexByte(s[1:], '"'); at >= 0 {
			return s[1 : at+1], s[at+2:]
		}
	}
	for i := range len(s) {
		if s[i] == end || s[i] == ' ' {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// users lists and searches. Who may only list sees nobody, as in Keycloak
// without fine-grained permissions.
func (d *Door) users(c *call) error { return c.listUsers(nil) }

// listUsers answers with the users that the query asks for; more adds to each
// what the list has beside them.
func (c *call) listUsers(more func(tx *store.Tx, out []representation.User) error) error {
	f, err := c.userFilter()
	if err != nil {
		return err
	}
	return inParts(c, defaultUsers, func(first, limit int) (out []representation.User, err error) {
		if !c.may(mayViewUsers...) || limit == 0 {
			return nil, nil
		}
		f.First, f.Max = first, limit
		err = c.view(func(tx *store.Tx) error {
			out, err = c.usersShown(tx, f)
			if err == nil && more != nil {
				err = more(tx, out)
			}
			return err
		})
		return out, err
	})
}

// usersShown shows the users that the filter lists.
func (c *call) usersShown(tx *store.Tx, f store.UserFilter) (out []representation.User, err error) {
	list, err := c.findUsers(tx, f)
	if err != nil {
		return nil, err
	}
	access, brief := map[string]bool{"manage": c.may(mayManageUsers...)}, c.flag("briefRepresentation", false)
	for _, u := range list {
		r := c.shown(u, brief)
		r.Access = access
		out = append(out, r)
	}
	if brief {
		return out, nil
	}
	return out, withOTP(tx, c.snap.Realm.ID, out)
}

func (c *call) findUsers(tx *store.Tx, f store.UserFilter) ([]*latchkey.User, error) {
	ids, ok := strings.CutPrefix(f.Search, idSearch)
	if !ok {
		return tx.Users(c.snap.Realm.ID, f)
	}
	var list []*latchkey.User
	for _, id := range part(strings.Fields(ids), f.First, min(f.Max, defaultUsers)) {
		u, err := tx.User(c.snap.Realm.ID, id)
		switch {
		case err == nil:
			list = append(list, u)
		case latchkey.ErrorCode(err) != latchkey.CodeNotFound:
			return nil, err
		}
	}
	return list, nil
}

// withOTP says of each user whether they have a device for one-time passwords.
func withOTP(tx *store.Tx, realmID string, list []representation.User) error {
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = *list[i].ID
	}
	has, err := tx.UsersWithCredential(realmID, latchkey.CredentialOTP, ids)
	for i := range list {
		list[i].TOTP = new(has[ids[i]])
	}
	return err
}

func (d *Door) countUsers(c *call) error {
	f, err := c.userFilter()
	if err != nil {
		return err
	}
	f.ServiceAccounts = false
	n := 0
	if c.may(mayViewUsers...) {
		err = c.view(func(tx *store.Tx) error {
			if strings.HasPrefix(f.Search, idSearch) {
				f.Max = defaultUsers
				list, err := c.findUsers(tx, f)
				n = len(list)
				return err
			}
			n, err = tx.CountUsers(c.snap.Realm.ID, f)
			return err
		})
	}
	if err != nil {
		return err
	}
	return c.answer(n)
}
