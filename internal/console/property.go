package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"latchkey/internal/relyingparty"
	"latchkey/internal/representation"
)

// propertySettings are the settings of a provider, made of how it describes its
// options; they are kept below the place, "config" as a rule.
func (v *visit) propertySettings(place string, list []representation.ConfigProperty) (out []setting) {
	for _, p := range list {
		s := setting{At: place + "/" + p.Name, Label: v.Told(p.Label), Help: v.Told(p.HelpText), Required: p.Required, Fallback: text(p.DefaultValue), AsText: true}
		if s.Label == "" {
			s.Label = p.Name
		}
		s.Kind, s.Options = v.kindOf(p)
		switch {
		case p.ReadOnly:
			s.Kind = kindShown
		case p.Secret:
			s.Kind = kindSecret
		case s.Kind == kindMap:
			s.KeyValue = true
		case p.Type == "Role":
			s.LTR, s.Wrong = true, v.noRole
		case p.Type == "ClientList":
			s.LTR, s.Wrong = true, v.noClient
		case p.Type == "Group":
			s.Wrong = v.noGroup
		case s.Kind == kindChecks || s.Kind == kindLines:
			s.Joined = "##"
		}
		out = append(out, s)
	}
	return out
}

// kindOf gives how an option is typed, and what can be chosen.
func (v *visit) kindOf(p representation.ConfigProperty) (kind, []option) {
	switch p.Type {
	case "boolean":
		return kindFlag, nil
	case "List":
		return kindChoice, v.offered(p, v.toldChoices(p.Options))
	case "MultivaluedList":
		return kindChecks, v.toldChoices(p.Options)
	case "MultivaluedString":
		return kindLines, nil
	case "Text":
		return kindArea, nil
	case "Map":
		return kindMap, nil
	case "File":
		return kindFile, nil
	case "Group":
		return kindText, v.groupNames()
	case "Script":
		return kindCode, nil
	case "Integer", "Number":
		return kindNumber, nil
	case "Password":
		return kindSecret, nil
	case "ClientList":
		return kindText, v.clientNames()
	case "UserProfileAttributeList":
		return kindText, v.profileNames()
	case "Role":
		return kindText, v.roleNames()
	}
	return kindText, nil
}

// toldChoices are what a provider offers.
func (v *visit) toldChoices(values []string) (list []option) {
	for _, value := range values {
		list = append(list, option{value, v.Told(value)})
	}
	return list
}

// offered adds the choice of none where something need not be chosen.
func (v *visit) offered(p representation.ConfigProperty, list []option) []option {
	if p.Required || text(p.DefaultValue) != "" {
		return list
	}
	return append([]option{{"", "console.choice.none"}}, list...)
}

// mostNames bounds what a field suggests.
const mostNames = 200

// clientNames, profileNames and roleNames are what a field suggests: what can
// not be read is not suggested.
func (v *visit) clientNames() []option { return v.names("/clients?max=200", "clientId") }

func (v *visit) roleNames() []option { return v.names("/roles?max=200", "name") }

func (v *visit) groupNames() []option {
	paths, _ := v.groupPaths() // the first of many
	return plainChoices(paths...)
}

// noClient says that no client has the clientId, and noGroup that no group has
// the path. Who may not read them is told by the API.
func (v *visit) noClient(clientID string) string {
	var found []map[string]any
	if v.api(http.MethodGet, "/clients?clientId="+url.QueryEscape(clientID), nil, &found) == nil && len(found) == 0 {
		return "console.error.no-client-named"
	}
	return ""
}

func (v *visit) noGroup(path string) string {
	if relyingparty.Status(v.api(http.MethodGet, (&url.URL{Path: "/group-by-path/" + strings.TrimPrefix(path, "/")}).EscapedPath(), nil, nil)) == http.StatusNotFound {
		return "console.error.no-group"
	}
	return ""
}

// noRole says that a name, or clientId.name, is no role's. Who may not read
// roles is told by the API.
func (v *visit) noRole(name string) string {
	exists := func(at string) bool {
		return relyingparty.Status(v.api(http.MethodGet, at, nil, nil)) != http.StatusNotFound
	}
	if exists("/roles/" + url.PathEscape(name)) {
		return ""
	}
	for i, r := range name {
		if r != '.' {
			continue
		}
		var clients []map[string]any
		err := v.api(http.MethodGet, "/clients?clientId="+url.QueryEscape(name[:i]), nil, &clients)
		if err != nil || len(clients) == 1 && exists("/clients/"+url.PathEscape(text(clients[0]["id"]))+"/roles/"+url.PathEscape(name[i+1:])) {
			return ""
		}
	}
	return "console.error.no-role"
}

func (v *visit) names(path, member string) (out []option) {
	var list []map[string]any
	if v.api(http.MethodGet, path, nil, &list) != nil {
		return nil
	}
	for _, rep := range list {
		if len(out) < mostNames {
			out = append(out, option{text(rep[member]), text(rep[member])})
		}
	}
	return out
}

func (v *visit) profileNames() (out []option) {
	var said struct {
		Attributes []struct {
			Name string `json:"name"`
		} `json:"attributes"`
	}
	if v.api(http.MethodGet, "/users/profile", nil, &said) != nil {
		return nil
	}
	for _, a := range said.Attributes {
		out = append(out, option{a.Name, a.Name})
	}
	return out
}

// keyValue is one part of a provider's map.
type keyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// keyValues reads a provider's map; what is none has no parts.
func keyValues(kept string) map[string]any {
	var list []keyValue
	_ = json.Unmarshal([]byte(kept), &list) // shown as none
	m := map[string]any{}
	for _, one := range list {
		of, _ := m[one.Key].([]any)
		m[one.Key] = append(of, one.Value)
	}
	return m
}
