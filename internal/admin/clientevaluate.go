package admin

import (
	"net/http"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// clientEvaluateRoutes tell what the tokens of a client would have in them.
func (d *Door) clientEvaluateRoutes() []route {
	const at = "/clients/{id}/evaluate-scopes"
	scope := []param{{"scope", text, "as an application would ask, names with spaces between"}}
	user := with(scope, []param{{"userId", text, "whose tokens"}, {"audience", text, "ignored: nothing is exchanged here"}})
	example := func(path, what string, claims func(*token.Grant, time.Time) map[string]any) route {
		return route{method: "GET", path: at + path, may: mayViewClients, query: user, gives: map[string]any{},
			summary: "Read what " + what + " of a user would say; nothing is signed", act: func(c *call) error { return d.example(c, claims) }}
	}
	return []route{
		{method: "GET", path: at + "/protocol-mappers", may: mayViewClients, act: d.evaluatedMappers, query: scope, gives: []evaluatedMapper{},
			summary: "List the mappers that are applied for a scope"},
		{method: "GET", path: at + "/scope-mappings/{container}/granted", may: mayViewClients, query: scope, gives: []representation.Role{},
			summary: "List the roles of the realm, or of a client, that tokens may tell",
			act:     func(c *call) error { return c.evaluatedRoles(true) }},
		{method: "GET", path: at + "/scope-mappings/{container}/not-granted", may: mayViewClients, query: scope, gives: []representation.Role{},
			summary: "List the roles of the realm, or of a client, that tokens may not tell",
			act:     func(c *call) error { return c.evaluatedRoles(false) }},
		example("/generate-example-access-token", "an access token", token.ExampleAccess),
		example("/generate-example-id-token", "an ID token", token.ExampleID),
		example("/generate-example-userinfo", "the userinfo endpoint", token.ExampleUserinfo),
	}
}

// evaluatedMapper is a mapper that is applied, and where it stands.
type evaluatedMapper struct {
	ID             string `json:"mapperId"`
	Name           string `json:"mapperName"`
	ContainerID    string `json:"containerId"`
	ContainerName  string `json:"containerName"`
	ContainerType  string `json:"containerType"` // "client" or "client-scope"
	ProtocolMapper string `json:"protocolMapper"`
}

// evaluated finds the client of the path, and reads the scope of the query.
func (c *call) evaluated() (*latchkey.Client, token.Scope, error) {
	client := c.snap.ClientByID(c.path("id"))
	if client == nil {
		return nil, token.Scope{}, answerError(http.StatusNotFound, "Could not find client")
	}
	scope, _ := token.ResolveScope(c.snap, client, c.text("scope"))
	return client, scope, nil
}

func (d *Door) evaluatedMappers(c *call) error {
	client, scope, err := c.evaluated()
	if err != nil {
		return err
	}
	out := []evaluatedMapper{}
	for _, m := range client.ProtocolMappers {
		out = append(out, evaluatedMapper{m.ID, m.Name, client.ID, client.ClientID, "client", m.ProtocolMapper})
	}
	for _, s := range scope.Scopes {
		for _, m := range s.ProtocolMappers {
			out = append(out, evaluatedMapper{m.ID, m.Name, s.ID, s.Name, "client-scope", m.ProtocolMapper})
		}
	}
	return c.answer(out)
}

// evaluatedRoles lists the roles of a container, which is the realm by its name
// or id, or a client by its id.
func (c *call) evaluatedRoles(granted bool) error {
	client, scope, err := c.evaluated()
	if err != nil {
		return err
	}
	container := c.path("container")
	switch {
	case container == c.snap.Realm.Name || container == c.snap.Realm.ID:
		container = ""
	case c.snap.ClientByID(container) == nil:
		return answerError(http.StatusNotFound, "Role Container not found")
	}
	may := token.MayTell(c.snap, client, scope)
	var list []*latchkey.Role
	for _, r := range rolesOf(c.snap, container) {
		if may(r) == granted {
			list = append(list, r)
		}
	}
	return c.answer(shownRoles(c.snap, sortedRoles(list), true))
}

// example shows what a user would be told of. Who asks needs to be allowed to
// see the user, too.
func (d *Door) example(c *call, claims func(*token.Grant, time.Time) map[string]any) error {
	client, _, err := c.evaluated()
	if err != nil {
		return err
	}
	if err := c.need(mayViewUsers...); err != nil {
		return err
	}
	id := c.text("userId")
	if id == "" {
		return answerError(http.StatusNotFound, "No userId provided")
	}
	var g *token.Grant
	err = c.view(func(tx *store.Tx) error {
		u, err := tx.User(c.snap.Realm.ID, id)
		if err != nil {
			return notFound(err, "No user found")
		}
		held, err := tx.Holdings(u.RealmID, u.ID)
		if err != nil {
			return err
		}
		g = token.Example(c.snap, client, c.text("scope"), u, held)
		return nil
	})
	if err != nil {
		return err
	}
	g.Issuer = d.Site.Issuer(c.snap.Realm.Name)
	return c.answer(claims(g, d.Now()))
}
