package admin

import (
	"strings"

	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

func (d *Door) realmExportRoutes() []route {
	return []route{
		{method: "POST", path: "/partial-export", may: mayManageRealm, act: d.partialExport,
			summary: "Export the realm without its users; secrets are masked", gives: representation.Realm{},
			query: []param{{"exportClients", flag, "with clients, and the service accounts of those that have one"},
				{"exportGroupsAndRoles", flag, "with groups and roles"}}},
	}
}

// partialExport shows the realm's configuration: what a realm import takes,
// without users and secrets. The command line exports all of it.
func (d *Door) partialExport(c *call) error {
	clients, rest := c.flag("exportClients", false), c.flag("exportGroupsAndRoles", false)
	if clients {
		if err := c.need(mayViewClients...); err != nil {
			return err
		}
	}
	var out *representation.Realm
	err := c.view(func(tx *store.Tx) error {
		all, err := realm.Load(tx, c.snap.Realm.ID)
		if err != nil {
			return err
		}
		out = all.Export(realm.Shown{})
		if clients {
			out.Users, err = serviceAccounts(tx, all)
		} else {
			out.Clients = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if !rest {
		out.Groups, out.Roles = nil, nil
	}
	return c.answer(out)
}

// serviceAccounts shows the accounts of clients that sign in as themselves.
func serviceAccounts(tx *store.Tx, all *realm.Contents) ([]representation.User, error) {
	const prefix = "service-account-"
	var out []representation.User
	for after := prefix; ; {
		list, err := tx.People(all.Realm.ID, after, 500)
		if err != nil || len(list) == 0 {
			return out, err
		}
		for _, p := range list {
			if !strings.HasPrefix(p.User.Username, prefix) {
				return out, nil
			}
			if p.User.ServiceAccountClientID != "" {
				out = append(out, all.ExportPerson(p, realm.Shown{}))
			}
			after = p.User.Username
		}
	}
}
