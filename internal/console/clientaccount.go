package console

import (
	"net/http"
	"net/url"
)

// serviceAccountRoles are the roles of the account that a client signs in as.
var serviceAccountRoles = roleMapping{
	path: "clients/{id}/service-account", menu: "clients", may: []string{"manage-users"},
	top: func(v *visit) top {
		t := clientTop(v, "service-account")
		if v.may("manage-users") {
			t.Acts = []link{{Text: "console.role-mapping.assign", URL: assignURL(v)}}
		}
		return t
	},
	of: func(v *visit) (h roleHolder, err error) {
		var account struct {
			ID string `json:"id"`
		}
		err = v.api(http.MethodGet, "/clients/"+v.value("id")+"/service-account-user", nil, &account)
		return roleHolder{api: "/users/" + url.PathEscape(account.ID) + "/role-mappings", kind: "users", id: account.ID}, err
	},
}
