package console

import (
	"slices"
	"strings"
)

func userRows() []row { return slices.Concat(userList.rows()) }

var userList = list{
	path: "users", menu: "users", search: "console.users.search",
	columns: []string{"console.user.username", "console.user.email", "console.user.name", "console.user.state"},
	empty:   [2]string{"console.users.none", "console.users.none.help"},
	top: func(v *visit) top {
		t := top{Title: "console.users", Intro: "console.users.intro"}
		if v.may("manage-users") {
			t.Acts = []link{{Text: "console.user.add", URL: v.path("users", "add-user")}}
		}
		return t
	},
	api: func(*visit) string { return "/users?briefRepresentation=true" },
	row: func(v *visit, rep map[string]any) tableRow {
		id := text(rep["id"])
		state := cell{Text: "console.enabled", Say: true}
		if rep["enabled"] == false {
			state.Text = "console.disabled"
		}
		address := cell{Text: text(rep["email"])}
		if address.Text != "" && rep["emailVerified"] != true {
			address.Tags = []string{"console.user.unverified"}
		}
		return tableRow{Cells: []cell{
			{Text: text(rep["username"]), URL: v.path("users", id, "settings")}, address,
			{Text: strings.TrimSpace(text(rep["firstName"]) + " " + text(rep["lastName"]))}, state,
		}}
	},
}
