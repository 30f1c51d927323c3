package console

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"latchkey/internal/page"
)

// profileParts are the parts of the user profile's tab.
var profileParts = []string{"attributes", "attributes-group", "unmanaged", "json"}

func userProfileRows() []row {
	return slices.Concat(
		[]row{{method: http.MethodGet, path: "realm-settings/user-profile",
			handle: func(v *visit) error { return v.to("realm-settings", "user-profile", "attributes") }}},
		profileAttributes.rows(), attributeForm("add-attribute").rows(), attributeForm("{attribute}/edit-attribute").rows(),
		moveAttribute("up", -1).rows(), moveAttribute("down", 1).rows(), deleteAttribute.rows(),
		addValidator.rows(), validatorForm.rows(), deleteValidator.rows(),
		profileGroups.rows(), profileGroupForm("new").rows(), profileGroupForm("{group}").rows(), deleteProfileGroup.rows(),
		unmanagedForm.rows(), profileJSON.rows())
}

// profile is the realm's user profile, with its lists at hand. What it says
// besides is put back as it is.
type profile map[string]any

func (v *visit) profile() (profile, error) {
	rep, err := v.thing("/users/profile")
	return rep, err
}

func (v *visit) putProfile(p profile) error { return v.api(http.MethodPut, "/users/profile", p, nil) }

// list gives one of the profile's lists of objects: attributes or groups.
func (p profile) list(name string) (list []map[string]any) {
	all, _ := p[name].([]any)
	for _, one := range all {
		if m, ok := one.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}

func (p profile) set(name string, list []map[string]any) {
	all := []any{}
	for _, one := range list {
		all = append(all, one)
	}
	p[name] = all
}

// named finds an object of a list by its name; -1 when there is none.
func named(list []map[string]any, name string) int {
	return slices.IndexFunc(list, func(m map[string]any) bool { return m["name"] == name })
}

// names are those of the objects of a list.
func names(list []map[string]any) (out []string) {
	for _, m := range list {
		out = append(out, text(m["name"]))
	}
	return out
}

func profileURL(v *visit, parts ...string) string {
	return v.path(append([]string{"realm-settings", "user-profile"}, parts...)...)
}

// profileAttributes are the attributes in their order.
var profileAttributes = list{
	path: "realm-settings/user-profile/attributes", menu: "realm-settings", search: "console.profile.search",
	columns: []string{"console.attribute.name", "console.attribute.displayName", "console.attribute.group", "console.attribute.required"},
	empty:   [2]string{"console.profile.none", ""},
	top: func(v *visit) top {
		t := realmPart(v, "user-profile", "attributes", profileParts...)
		if v.may(mayManageRealm...) {
			t.Acts = []link{{Text: "console.attribute.add", URL: profileURL(v, "attributes", "add-attribute")}}
		}
		return t
	},
	things: func(v *visit) ([]map[string]any, error) {
		p, err := v.profile()
		return p.list("attributes"), err
	},
	row: func(v *visit, rep map[string]any) tableRow {
		name := text(rep["name"])
		at := func(what string) string { return profileURL(v, "attributes", name, what) }
		needed := cell{Text: "console.attribute.optional", Say: true}
		if rep["required"] != nil {
			needed.Text = "console.attribute.required"
		}
		r := tableRow{keys: name + " " + text(rep["displayName"]), Cells: []cell{
			{Text: name, URL: at("edit-attribute")}, {Text: v.Told(text(rep["displayName"]))}, {Text: text(rep["group"])}, needed}}
		if v.may(mayManageRealm...) {
			r.Acts = []link{{Text: "console.edit", URL: at("edit-attribute")}, {Text: "console.attribute.up", URL: at("up"), Post: true},
				{Text: "console.attribute.down", URL: at("down"), Post: true}}
			if !builtInAttribute(name) {
				r.Acts = append(r.Acts, link{Text: sayDelete, URL: at("delete"), Bad: true})
			}
		}
		return r
	},
}

// builtInAttribute says that every user has the attribute.
func builtInAttribute(name string) bool { return name == "username" || name == "email" }

// changeAttributes changes the attribute of the page's path.
func (v *visit) changeAttributes(change func(list []map[string]any, i int) []map[string]any) error {
	p, err := v.profile()
	if err != nil {
		return err
	}
	list := p.list("attributes")
	i := named(list, v.R.PathValue("attribute"))
	if i < 0 {
		return errMissing
	}
	p.set("attributes", change(list, i))
	return v.putProfile(p)
}

// moveAttribute moves an attribute among the others.
func moveAttribute(what string, by int) act {
	return act{
		path: "realm-settings/user-profile/attributes/{attribute}/" + what, menu: "realm-settings",
		do: func(v *visit) (address, notice string, err error) {
			err = v.changeAttributes(func(list []map[string]any, i int) []map[string]any {
				if to := i + by; to >= 0 && to < len(list) {
					list[i], list[to] = list[to], list[i]
				}
				return list
			})
			return profileURL(v, "attributes"), "saved", err
		},
		no: func(v *visit) string { return profileURL(v, "attributes") },
	}
}

var deleteAttribute = act{
	path: "realm-settings/user-profile/attributes/{attribute}/delete", menu: "realm-settings",
	ask:   [3]string{"console.attribute.delete.heading", "console.attribute.delete.text", sayDelete},
	thing: func(v *visit) (string, error) { return v.R.PathValue("attribute"), nil },
	do: func(v *visit) (address, notice string, err error) {
		err = v.changeAttributes(func(list []map[string]any, i int) []map[string]any { return slices.Delete(list, i, i+1) })
		return profileURL(v, "attributes"), "deleted", err
	},
	no: func(v *visit) string { return profileURL(v, "attributes") },
}

// unmanagedForm says what becomes of attributes that the profile does not name.
var unmanagedForm = form{
	path: "realm-settings/user-profile/unmanaged", menu: "realm-settings", prefix: "console.profile", may: mayManageRealm,
	api: func(*visit) string { return "/users/profile" },
	top: func(v *visit, _ map[string]any) top {
		return realmPart(v, "user-profile", "unmanaged", profileParts...)
	},
	sections: func(*visit, map[string]any) []section {
		const at = "unmanagedAttributePolicy"
		return []section{{Settings: []setting{{At: at, Kind: kindChoice, Fallback: "DISABLED",
			Options: choices("console.profile.unmanagedAttributePolicy.", "DISABLED", "ENABLED", "ADMIN_EDIT", "ADMIN_VIEW")}}}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		if rep["unmanagedAttributePolicy"] == "DISABLED" { // the API says so by saying nothing
			delete(rep, "unmanagedAttributePolicy")
		}
		return sent{address: v.R.URL.Path, notice: "saved"}, v.putProfile(rep)
	},
}

// profileJSON is the whole profile as the API has it.
var profileJSON = form{
	path: "realm-settings/user-profile/json", menu: "realm-settings", prefix: "console.profile", may: mayManageRealm,
	top: func(v *visit, _ map[string]any) top { return realmPart(v, "user-profile", "json", profileParts...) },
	load: func(v *visit) (map[string]any, error) {
		p, err := v.profile()
		if err != nil {
			return nil, err
		}
		b, err := json.MarshalIndent(p, "", "  ")
		return map[string]any{"whole": string(b)}, err
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{{At: "whole", Kind: kindCode, Required: true, LTR: true}}}}
	},
	before: func(_ *visit, rep map[string]any) *page.FieldError {
		_, fault := jsonFile("whole", text(rep["whole"]))
		return fault
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		p, _ := jsonFile("whole", text(rep["whole"])) // which was looked at before
		return sent{address: v.R.URL.Path, notice: "saved"}, v.putProfile(p)
	},
}

// profileGroups are the headings that attributes stand under.
var profileGroups = list{
	path: "realm-settings/user-profile/attributes-group", menu: "realm-settings",
	columns: []string{"console.attributes-group.name", "console.attributes-group.displayHeader", "console.attributes-group.displayDescription"},
	empty:   [2]string{"console.attributes-group.none", "console.attributes-group.none.help"},
	top: func(v *visit) top {
		t := realmPart(v, "user-profile", "attributes-group", profileParts...)
		if v.may(mayManageRealm...) {
			t.Acts = []link{{Text: "console.attributes-group.add", URL: profileURL(v, "attributes-group", "new")}}
		}
		return t
	},
	things: func(v *visit) ([]map[string]any, error) {
		p, err := v.profile()
		return p.list("groups"), err
	},
	row: func(v *visit, rep map[string]any) tableRow {
		at := profileURL(v, "attributes-group", "edit", text(rep["name"]))
		r := tableRow{Cells: []cell{{Text: text(rep["name"]), URL: at}, {Text: v.Told(text(rep["displayHeader"]))}, {Text: v.Told(text(rep["displayDescription"]))}}}
		if v.may(mayManageRealm...) {
			r.Acts = []link{{Text: sayDelete, URL: at + "/delete", Bad: true}}
		}
		return r
	},
}

// profileGroupForm is one of them; its last part says which, or that it is new.
func profileGroupForm(last string) form {
	fresh := !strings.HasPrefix(last, "{")
	f := form{
		path: "realm-settings/user-profile/attributes-group/edit/" + last, menu: "realm-settings", prefix: "console.attributes-group", may: mayManageRealm,
		top: func(v *visit, rep map[string]any) top {
			title := text(rep["name"])
			if fresh {
				title = "console.attributes-group.add"
			}
			return top{Title: title, Crumbs: crumbsTo(v, "user-profile", link{Text: "console.realm-settings.user-profile.attributes-group",
				URL: profileURL(v, "attributes-group")})}
		},
		load: func(v *visit) (map[string]any, error) {
			p, err := v.profile()
			list := p.list("groups")
			i := named(list, v.R.PathValue("group"))
			switch {
			case err != nil:
				return nil, err
			case fresh:
				return map[string]any{}, nil
			case i < 0:
				return nil, errMissing
			}
			return maps.Clone(list[i]), nil
		},
		sections: func(*visit, map[string]any) []section {
			name := setting{At: "name", Kind: kindText, Required: true, LTR: true}
			if !fresh {
				name = setting{At: "name", Kind: kindShown}
			}
			return []section{{Settings: []setting{name, {At: "displayHeader", Kind: kindText}, {At: "displayDescription", Kind: kindText},
				{At: "annotations", Kind: kindMap, Joined: "="}}}}
		},
		send: func(v *visit, rep map[string]any) (sent, error) {
			p, err := v.profile()
			if err != nil {
				return sent{}, err
			}
			list := p.list("groups")
			if i := named(list, text(rep["name"])); i >= 0 {
				asBefore(rep["annotations"], list[i]["annotations"])
				list[i] = rep
			} else {
				list = append(list, rep)
			}
			p.set("groups", list)
			return sent{address: profileURL(v, "attributes-group"), notice: "saved"}, v.putProfile(p)
		},
	}
	if fresh {
		f.path, f.button = "realm-settings/user-profile/attributes-group/new", "console.create"
		f.before = func(v *visit, rep map[string]any) *page.FieldError { return taken(v, "groups", rep) }
	}
	return f
}

// taken says that there is something of the name already.
func taken(v *visit, list string, rep map[string]any) *page.FieldError {
	if p, err := v.profile(); err == nil && named(p.list(list), text(rep["name"])) >= 0 {
		return &page.FieldError{Field: "name", Message: "console.error.taken"}
	}
	return nil
}

var deleteProfileGroup = act{
	path: "realm-settings/user-profile/attributes-group/edit/{group}/delete", menu: "realm-settings",
	ask:   [3]string{"console.attributes-group.delete.heading", "console.attributes-group.delete.text", sayDelete},
	thing: func(v *visit) (string, error) { return v.R.PathValue("group"), nil },
	do: func(v *visit) (address, notice string, err error) {
		p, err := v.profile()
		if err != nil {
			return "", "", err
		}
		name := v.R.PathValue("group")
		list := p.list("groups")
		i := named(list, name)
		if i < 0 {
			return "", "", errMissing
		}
		p.set("groups", slices.Delete(list, i, i+1))
		for _, a := range p.list("attributes") { // the objects themselves, which p holds
			if a["group"] == name {
				delete(a, "group")
			}
		}
		return profileURL(v, "attributes-group"), "deleted", v.putProfile(p)
	},
	no: func(v *visit) string { return profileURL(v, "attributes-group") },
}
