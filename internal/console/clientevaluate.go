package console

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/page"
)

// evaluatePage shows what the tokens of a client would have in them.
type evaluatePage struct {
	Frame
	Top      top
	Action   string
	Scopes   []evaluatedScope
	Searched string // for a user
	Users    []link // that the search found, when it is not one alone
	Nobody   bool   // the search found nobody
	User     string // whose tokens are shown; empty: nobody's
	UserID   string
	Scope    string // as an application asks for it
	Mappers  table
	Roles    table
	Examples []snippet // titles are keys
	MayUsers bool
}

// evaluatedScope is an optional scope that can be asked for.
type evaluatedScope struct {
	Name  string
	Asked bool
}

// Title names the page.
func (p evaluatePage) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Render writes the page's main part.
func (p evaluatePage) Render(ctx context.Context, w io.Writer) error {
	return evaluateView(p).Render(ctx, w)
}

func clientEvaluateRows() []row {
	return []row{{method: http.MethodGet, path: "clients/{id}/client-scopes/evaluate", handle: evaluateClient}}
}

func evaluateClient(v *visit) error {
	p := evaluatePage{Frame: v.frame("clients"), Top: belowScopes(v, "console.client.evaluate", "console.client.evaluate.intro"),
		Action: v.R.URL.Path, Searched: v.query.Get("user"), MayUsers: v.may("view-users", "manage-users")}
	all, err := assignedScopes(v)
	if err != nil {
		return err
	}
	asked := []string{"openid"}
	for _, rep := range all {
		if name := text(rep["name"]); rep["type"] == scopeOptional {
			is := slices.Contains(v.query["scope"], name)
			p.Scopes = append(p.Scopes, evaluatedScope{name, is})
			if is {
				asked = append(asked, name)
			}
		}
	}
	p.Scope = strings.Join(asked, " ")
	if err := p.user(v); err != nil {
		return err
	}
	if err := p.mappers(v); err != nil {
		return err
	}
	if err := p.roles(v); err != nil {
		return err
	}
	if p.UserID != "" {
		if err := p.examples(v); err != nil {
			return err
		}
	}
	return v.write(http.StatusOK, p)
}

// user finds whose tokens are asked for: by id, or by what was typed.
func (p *evaluatePage) user(v *visit) error {
	if !p.MayUsers {
		return nil
	}
	if id := v.query.Get("userId"); id != "" {
		rep, err := v.thing("/users/" + url.PathEscape(id))
		p.User, p.UserID = text(rep["username"]), text(rep["id"])
		return err
	}
	if p.Searched == "" {
		return nil
	}
	var found []map[string]any
	if err := v.api(http.MethodGet, "/users?briefRepresentation=true&max=6&search="+url.QueryEscape(p.Searched), nil, &found); err != nil {
		return err
	}
	i := slices.IndexFunc(found, func(rep map[string]any) bool { return rep["username"] == p.Searched || rep["email"] == p.Searched })
	switch {
	case len(found) == 0:
		p.Nobody = true
	case len(found) == 1 || i >= 0:
		rep := found[max(i, 0)]
		p.User, p.UserID = text(rep["username"]), text(rep["id"])
	default:
		for _, rep := range found {
			p.Users = append(p.Users, link{Text: text(rep["username"]), URL: v.at("userId", text(rep["id"]))})
		}
	}
	return nil
}

func (p *evaluatePage) ask(v *visit, path, more string, out any) error {
	return v.api(http.MethodGet, clientAPI("/evaluate-scopes"+path+"?scope="+url.QueryEscape(p.Scope)+more)(v), nil, out)
}

func (p *evaluatePage) mappers(v *visit) error {
	p.Mappers = table{Label: "console.client.evaluate.mappers", Columns: []string{"console.mapper.name", "console.mapper.of", "console.mapper.protocolMapper"}}
	var list []map[string]any
	if err := p.ask(v, "/protocol-mappers", "", &list); err != nil {
		return err
	}
	kinds, _, err := v.mapperKinds()
	if err != nil {
		return err
	}
	for _, rep := range list {
		id, at := text(rep["mapperId"]), text(rep["containerId"])
		address := v.path("client-scopes", at, "mappers", "mapper", id)
		if rep["containerType"] == "client" {
			address = v.path("clients", at, "client-scopes", "dedicated", "mapper", id)
		}
		kind := text(rep["protocolMapper"])
		if i := slices.IndexFunc(kinds, func(k mapperKind) bool { return k.ID == kind }); i >= 0 {
			kind = kinds[i].Name
		}
		p.Mappers.Rows = append(p.Mappers.Rows, tableRow{Cells: []cell{{Text: text(rep["mapperName"]), URL: address}, {Text: text(rep["containerName"])}, {Text: kind}}})
	}
	return nil
}

// mostEvaluated bounds how many roles are listed.
const mostEvaluated = 200

func (p *evaluatePage) roles(v *visit) error {
	p.Roles = table{Label: "console.client.evaluate.roles", Columns: []string{"console.role.name", "console.role.description"}}
	for container, tag := range map[string]string{v.of: "", v.R.PathValue("id"): "console.client.evaluate.own"} {
		var list []map[string]any
		if err := p.ask(v, "/scope-mappings/"+url.PathEscape(container)+"/granted", "", &list); err != nil {
			return err
		}
		for _, rep := range list[:min(len(list), mostEvaluated)] {
			name := cell{Text: text(rep["name"])}
			if tag != "" {
				name.Tags = []string{tag}
			}
			p.Roles.Rows = append(p.Roles.Rows, tableRow{Cells: []cell{name, {Text: v.Told(text(rep["description"]))}}})
		}
	}
	slices.SortFunc(p.Roles.Rows, func(a, b tableRow) int { return strings.Compare(a.name(), b.name()) })
	return nil
}

func (p *evaluatePage) examples(v *visit) error {
	for _, one := range []string{"access-token", "id-token", "userinfo"} {
		var said json.RawMessage
		if err := p.ask(v, "/generate-example-"+one, "&userId="+url.QueryEscape(p.UserID), &said); err != nil {
			return err
		}
		var b bytes.Buffer
		if err := json.Indent(&b, said, "", "  "); err != nil {
			return err
		}
		p.Examples = append(p.Examples, snippet{"console.client.evaluate." + one, b.String()})
	}
	return nil
}

// userTyped is what the field for the user says.
func (p evaluatePage) userTyped() string {
	if p.User != "" {
		return p.User
	}
	return p.Searched
}
