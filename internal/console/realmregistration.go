package console

import (
	"net/http"
	"net/url"
	"slices"
)

func realmRegistrationRows() []row {
	roles := roleMapping{
		path: "realm-settings/user-registration/roles", menu: "realm-settings", may: mayManageRealm,
		top: func(v *visit) top {
			t := realmTop(v, "user-registration")
			t.Parts = []tab{{"console.realm-settings.user-registration.roles", v.R.URL.Path, true}, {"console.default-groups", v.path("groups", "default"), false}}
			if v.may(mayManageRealm...) {
				t.Acts = []link{{Text: "console.role-mapping.assign", URL: v.path("realm-settings", "user-registration", "roles", "assign")}}
			}
			return t
		},
		of: func(v *visit) (roleHolder, error) {
			rep, err := v.realm()
			role, _ := rep["defaultRole"].(map[string]any)
			id := text(role["id"])
			return roleHolder{api: "/roles-by-id/" + url.PathEscape(id) + "/composites", kind: "roles", id: id, composite: true}, err
		},
	}
	return slices.Concat(
		[]row{{method: http.MethodGet, path: "realm-settings/user-registration",
			handle: func(v *visit) error { return v.to("realm-settings", "user-registration", "roles") }}},
		roles.rows())
}
