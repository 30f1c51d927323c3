package realm

import (
	"embed"
	"fmt"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
)

// What every realm has, as partial representations; ${realm} stands for the
// realm's name and ${default} for the same in lower case.
//
//go:embed builtin/*.json
var builtinFiles embed.FS

// builtin gives the representation of what every realm of that name has.
func builtin(name string) (*representation.Realm, error) {
	rep := new(representation.Realm)
	files := []string{"settings", "flows", "actions", "scopes", "clients"}
	for _, file := range files {
		if err := readBuiltin(file, name, rep); err != nil {
			return nil, err
		}
	}
	if name == latchkey.MasterRealm {
		return masterOf(rep)
	}
	return rep, nil
}

func readBuiltin(file, name string, into *representation.Realm) error {
	text, err := builtinFiles.ReadFile("builtin/" + file + ".json")
	if err != nil {
		return fmt.Errorf("built-in %s: %w", file, err)
	}
	filled := strings.NewReplacer("${realm}", name, "${default}", strings.ToLower(name)).Replace(string(text))
	unknown, err := representation.Decode([]byte(filled), into)
	if err != nil {
		return fmt.Errorf("built-in %s: %w", file, err)
	}
	if len(unknown) > 0 {
		return fmt.Errorf("built-in %s: unknown member %s", file, unknown[0].Path)
	}
	return nil
}

// masterOf makes the built-ins those of master: its administrators administer
// every realm, so that it has no client realm-management but one client for
// every realm (see administer), and the roles admin and create-realm.
func masterOf(rep *representation.Realm) (*representation.Realm, error) {
	kept := rep.Clients[:0:0]
	for _, c := range rep.Clients {
		if *c.ClientID != latchkey.ClientRealmManagement {
			kept = append(kept, c)
		}
	}
	rep.Clients = kept
	delete(rep.Roles.Client, latchkey.ClientRealmManagement)
	return rep, readMaster(rep)
}

func readMaster(rep *representation.Realm) error {
	var extra representation.Realm
	if err := readBuiltin("master", latchkey.MasterRealm, &extra); err != nil {
		return err
	}
	rep.Roles.Realm = append(rep.Roles.Realm, extra.Roles.Realm...)
	rep.DisplayName, rep.AccessTokenLifespan = extra.DisplayName, extra.AccessTokenLifespan
	return nil
}

// administrativeRoles are the roles of realm-management, by which the
// administrators of one realm, and in master those of all, are told apart.
func administrativeRoles() ([]representation.Role, error) {
	var rep representation.Realm
	if err := readBuiltin("clients", "x", &rep); err != nil {
		return nil, err
	}
	return rep.Roles.Client[latchkey.ClientRealmManagement], nil
}

func (o *Options) built(provider string) bool { return o.Built == nil || o.Built(provider) }
