package console_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

// clicks counts how many clicks away each page is from the overview, as far as
// the most, by the shape of its path below the realm.
func (w *world) clicks(most int) map[string]int {
	w.t.Helper()
	home := "/admin/" + w.home + "/console/"
	away, seen := map[string]int{}, map[string]bool{}
	now := []string{w.at("")}
	for n := 0; n <= most && len(now) > 0; n++ {
		var next []string
		for _, address := range now {
			u, err := url.Parse(address)
			if err != nil || !strings.HasPrefix(u.Path, home) || u.Query().Has("kc_locale") || seen[u.String()] ||
				strings.HasPrefix(u.Path, home+"realms/") && !strings.HasPrefix(u.Path, home+"realms/"+w.of+"/") {
				continue
			}
			seen[u.String()] = true
			where := strings.TrimSuffix(strings.TrimPrefix(shape(u), home), "?")
			where = strings.TrimPrefix(where, "realms/"+w.of+"/")
			if _, known := away[where]; !known {
				away[where] = n
			}
			p := w.b.Get(address)
			// A menu's entry leads to its first tab.
			if to := strings.TrimSuffix(strings.TrimPrefix(shape(p.URL), home+"realms/"+w.of+"/"), "?"); to != where && p.Status == 200 {
				if _, known := away[to]; !known {
					away[to] = n
				}
			}
			next = append(next, p.Links()...)
		}
		now = next
	}
	return away
}

// Everything that the menu leads to is two clicks away: the page itself, or one
// of its tabs, or what its first button is for. What belongs to one thing of a
// list is two clicks from the list: the thing, and its tab.
func TestTwoClicks(t *testing.T) {
	w := newWorld(t)
	w.s.AddUser("demo", "ada@example.test", "", nil)
	w.made("web", "clientId", "shop", "redirectUris", "https://shop.example.test/")
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		return tx.CreateGroup(&latchkey.Group{RealmID: snap.Realm.ID, Name: "staff"})
	})
	away := w.clicks(3)
	for most, pages := range map[int][]string{
		2: {"create-realm", "clients", "clients/create",
			"clients/initial-access", "client-scopes", "client-scopes/create", "roles", "roles/new", "users", "users/add-user", "groups", "groups/new", "groups/default",
			"sessions", "sessions/revocation", "events/user-events", "events/admin-events", "mail/messages", "mail/links", "mail/statistics",
			"realm-settings/general", "realm-settings/login", "realm-settings/email", "realm-settings/themes", "realm-settings/keys", "realm-settings/events",
			"realm-settings/localization/locales", "realm-settings/security-defenses", "realm-settings/sessions", "realm-settings/tokens",
			"realm-settings/user-registration/roles", "realm-settings/user-profile/attributes",
			"authentication/flows", "authentication/create-flow", "authentication/flows/ID", "authentication/required-actions", "authentication/policies/password",
			"identity-providers", "identity-providers/add", "import-export/export", "import-export/import"},
		3: {"clients/create/web", "clients/create/spa", "clients/create/native", "clients/create/service", "clients/ID/settings", "clients/ID/connect", "clients/ID/credentials", "clients/ID/roles", "clients/ID/client-scopes", "clients/ID/sessions", "clients/ID/advanced",
			"users/ID/settings", "users/ID/credentials", "users/ID/role-mapping", "users/ID/groups", "users/ID/consents", "users/ID/sessions", "users/ID/mail",
			"groups/ID/members", "groups/ID/role-mapping", "client-scopes/ID/mappers", "roles/ID/users-in-role",
			"realm-settings/localization/texts", "realm-settings/user-profile/json", "authentication/policies/otp", "authentication/flows/ID/bind"},
	} {
		for _, page := range pages {
			if n, met := away[page]; !met || n > most {
				t.Errorf("%s is %d clicks away (met: %v), not %d", page, n, met, most)
			}
		}
	}
	if t.Failed() {
		t.Log(strings.Join(slices.Sorted(maps.Keys(away)), "\n"))
	}
}
