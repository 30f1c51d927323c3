package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey"
)

func clientRows() []row {
	return slices.Concat(
		clientList.rows(), clientAccessRows(), clientCreateRows(),
		[]row{
			{method: http.MethodGet, path: "clients/{id}", handle: func(v *visit) error { return v.to("clients", v.R.PathValue("id"), "settings") }},
			{method: http.MethodGet, path: "clients/{id}/keycloak.json", handle: downloadClient},
		},
		enableClient.rows(), disableClient.rows(), approveClient.rows(), deleteClient.rows(),
		clientSettings.rows(), clientConnectRows(), clientCredentialRows(), clientKeyRows(), clientRoleRows(), clientScopeListRows(), clientEvaluateRows(),
		dedicatedMappers.rows(), clientScopeMapping.rows(), clientSessionRows(), serviceAccountRoles.rows(), clientAdvancedRows(),
	)
}

// manageClients are the roles that may change clients and client scopes.
var manageClients = []string{"manage-clients"}

// builtInClients are those that every realm has.
var builtInClients = []string{"account", "account-console", "admin-cli", "broker", latchkey.ClientRealmManagement, latchkey.ClientAdminConsole}

// builtIn says whether every realm has the client, or realm master has it for
// another realm.
func builtIn(realm, clientID string) bool {
	return slices.Contains(builtInClients, clientID) || realm == latchkey.MasterRealm && strings.HasSuffix(clientID, "-realm")
}

var clientList = list{
	path: "clients", menu: "clients", search: "console.clients.search", searched: "clientId",
	columns: []string{"console.client.clientId", "console.client.name", "console.client.type", "console.client.state", "console.client.home"},
	empty:   [2]string{"console.clients.none", "console.clients.none.help"},
	filters: []filter{
		{name: "publicClient", label: "console.client.type", options: []option{{"", "console.any"}, {"true", "console.client.type.public"}, {"false", "console.client.type.confidential"}}},
		{name: "enabled", label: "console.client.state", options: []option{{"", "console.any"}, {"true", "console.enabled"}, {"false", "console.disabled"}}},
	},
	top: func(v *visit) top { return clientsTop(v, "clients") },
	api: func(*visit) string { return "/clients?search=true" },
	row: func(v *visit, rep map[string]any) tableRow {
		id, clientID := text(rep["id"]), text(rep["clientId"])
		name := cell{Text: clientID, URL: v.path("clients", id, "settings")}
		if builtIn(v.of, clientID) {
			name.Tags = append(name.Tags, "console.client.built-in")
		}
		if text(attributeOf(rep, latchkey.AttributeUnapproved)) == "true" {
			name.Tags = append(name.Tags, "console.client.unapproved")
		}
		r := tableRow{Cells: []cell{name, {Text: v.Told(text(rep["name"]))}, {Text: clientType(rep), Say: true}, clientState(rep), {Text: homeOf(v, rep)}}}
		if v.may(manageClients...) {
			r.Acts = []link{{Text: "console.open", URL: v.path("clients", id, "settings")}}
			if rep["enabled"] == false {
				r.Acts = append(r.Acts, link{Text: sayEnable, URL: v.path("clients", id, "enable"), Post: true})
			} else {
				r.Acts = append(r.Acts, link{Text: sayDisable, URL: v.path("clients", id, "disable")})
			}
			r.Acts = append(r.Acts, link{Text: sayDelete, URL: v.path("clients", id, "delete"), Bad: true})
		}
		return r
	},
}

// clientsTop stands above the list of clients and that of initial accesses.
func clientsTop(v *visit, current string) top {
	t := top{Title: "console.clients", Intro: "console.clients.intro", Tabs: []tab{
		{"console.clients.tab.list", v.path("clients"), current == "clients"},
		{"console.clients.tab.access", v.path("clients", "initial-access"), current == "initial-access"},
	}}
	if current == "clients" && v.may("manage-clients") {
		t.Acts = []link{{Text: "console.client.create", URL: v.path("clients", "create")}}
	}
	return t
}

func attributeOf(rep map[string]any, name string) any {
	attributes, _ := rep["attributes"].(map[string]any)
	return attributes[name]
}

// clientType is a key: how the client proves itself, and for whom it acts.
func clientType(rep map[string]any) string {
	switch {
	case text(rep["protocol"]) != "" && text(rep["protocol"]) != "openid-connect":
		return "console.client.type.other"
	case rep["bearerOnly"] == true:
		return "console.client.type.bearer"
	case rep["publicClient"] == true:
		return "console.client.type.public"
	case rep["serviceAccountsEnabled"] == true && rep["standardFlowEnabled"] != true:
		return "console.client.type.service"
	}
	return "console.client.type.confidential"
}

func clientState(rep map[string]any) cell {
	if rep["enabled"] == false {
		return cell{Text: "console.disabled", Say: true}
	}
	return cell{Text: "console.enabled", Say: true}
}

// homeOf is where the client's own pages are; those of the server have a name
// that stands for its address.
func homeOf(v *visit, rep map[string]any) string {
	base := text(rep["baseUrl"])
	if base != "" && !strings.Contains(base, "://") {
		base = strings.TrimSuffix(text(rep["rootUrl"]), "/") + base
	}
	return strings.NewReplacer("${authBaseUrl}", v.Site.URL(), "${authAdminUrl}", v.Site.URL()).Replace(base)
}

// theClient reads the client of the page.
func theClient(v *visit) (map[string]any, error) { return v.thing("/clients/" + v.value("id")) }

// clientName is what the client of the page is called.
func clientName(v *visit) string {
	rep, err := theClient(v)
	if err != nil {
		return "" // what the page is of cannot be read either
	}
	return text(rep["clientId"])
}

// clientTop stands above every tab of a client. A client that cannot be read
// is named nowhere: what the page is of cannot be read either.
func clientTop(v *visit, current string) top {
	rep, err := theClient(v)
	if err != nil {
		return top{Title: "console.clients"}
	}
	id := text(rep["id"])
	t := top{Title: text(rep["clientId"]), Intro: "console.client.intro." + current, Crumbs: []link{{Text: "console.clients", URL: v.path("clients")}}}
	if builtIn(v.of, t.Title) {
		t.Tags = append(t.Tags, "console.client.built-in")
	}
	if rep["enabled"] == false {
		t.Tags = append(t.Tags, "console.disabled")
	}
	unapproved := text(attributeOf(rep, latchkey.AttributeUnapproved)) == "true"
	if unapproved {
		t.Tags = append(t.Tags, "console.client.unapproved")
	}
	confidential := rep["publicClient"] != true && rep["bearerOnly"] != true
	for _, one := range []struct {
		path  string
		shown bool
	}{
		{"settings", true}, {"connect", rep["bearerOnly"] != true}, {"credentials", confidential}, {"keys", confidential}, {"roles", true}, {"client-scopes", true}, {"sessions", true},
		{"service-account", rep["serviceAccountsEnabled"] == true && v.may("view-users", "manage-users")}, {"advanced", true},
	} {
		if one.shown {
			t.Tabs = append(t.Tabs, tab{"console.client.tab." + one.path, v.path("clients", id, one.path), one.path == current})
		}
	}
	t.More = []link{{Text: "console.client.download", URL: v.path("clients", id, "keycloak.json")}}
	if v.may("manage-clients") {
		if unapproved {
			t.More = append(t.More, link{Text: "console.client.approve", URL: v.path("clients", id, "approve"), Post: true})
		}
		if rep["enabled"] == false {
			t.More = append(t.More, link{Text: sayEnable, URL: v.path("clients", id, "enable"), Post: true})
		} else {
			t.More = append(t.More, link{Text: sayDisable, URL: v.path("clients", id, "disable")})
		}
		t.More = append(t.More, link{Text: sayDelete, URL: v.path("clients", id, "delete"), Bad: true})
	}
	return t
}

// clientAct is something that is done to a client.
func clientAct(name string, ask [3]string, do func(v *visit, at string) error, to func(*visit) (address, notice string)) act {
	return act{
		path: "clients/{id}/" + name, menu: "clients", ask: ask,
		thing: func(v *visit) (string, error) {
			rep, err := theClient(v)
			return text(rep["clientId"]), err
		},
		do: func(v *visit) (address, notice string, err error) {
			address, notice = to(v)
			return address, notice, do(v, "/clients/"+v.value("id"))
		},
		no: clientHome,
		warn: func(v *visit) string {
			if clientName(v) == latchkey.ClientAdminConsole {
				return losesConsole
			}
			return ""
		},
	}
}

func clientHome(v *visit) string { return v.path("clients", v.R.PathValue("id"), "settings") }

func toClient(v *visit) (address, notice string) { return clientHome(v), "saved" }

// change puts a part of the client: what is not named stays.
func change(part map[string]any) func(*visit, string) error {
	return func(v *visit, at string) error { return v.api(http.MethodPut, at, part, nil) }
}

var (
	enableClient  = clientAct("enable", [3]string{}, change(map[string]any{"enabled": true}), toClient)
	disableClient = clientAct("disable", [3]string{"console.client.disable.heading", "console.client.disable.text", sayDisable},
		change(map[string]any{"enabled": false}), toClient)
	approveClient = clientAct("approve", [3]string{}, change(map[string]any{"attributes": map[string]any{latchkey.AttributeUnapproved: ""}}), toClient)
	deleteClient  = clientAct("delete", [3]string{"console.client.delete.heading", "console.client.delete.text", sayDelete},
		func(v *visit, at string) error { return v.api(http.MethodDelete, at, nil, nil) },
		func(v *visit) (address, notice string) { return v.path("clients"), "deleted" })
)

// downloadClient gives the file that keycloak-js and other adapters read.
func downloadClient(v *visit) error {
	var file []byte
	if err := v.api(http.MethodGet, "/clients/"+v.value("id")+"/installation/providers/keycloak-oidc-keycloak-json", nil, &file); err != nil {
		return err
	}
	h := v.W.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="keycloak.json"`)
	h.Set("Cache-Control", "no-store")
	_, err := v.W.Write(file)
	return err
}

// clientAPI is the address of the API below the client of the page.
func clientAPI(below string) func(*visit) string {
	return func(v *visit) string { return "/clients/" + url.PathEscape(v.R.PathValue("id")) + below }
}
