package admin

import (
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

func (d *Door) clientScopeRoutes() []route {
	return []route{
		{method: "GET", path: "/client-scopes", may: mayViewClients, act: d.clientScopes, summary: "List client scopes", gives: []representation.ClientScope{}},
		{method: "POST", path: "/client-scopes", may: mayManageClients, act: d.createClientScope, summary: "Create a client scope",
			body: representation.ClientScope{}, status: http.StatusCreated},
		{method: "GET", path: "/client-scopes/{id}", may: mayViewClients, act: d.clientScope, summary: "Read a client scope", gives: representation.ClientScope{}},
		{method: "PUT", path: "/client-scopes/{id}", may: mayManageClients, act: d.updateClientScope, summary: "Change a client scope: what is given",
			body: representation.ClientScope{}},
		{method: "DELETE", path: "/client-scopes/{id}", may: mayManageClients, act: d.deleteClientScope, summary: "Delete a client scope, and take it from all clients"},
	}
}

// resourceScope is the type of a client scope in admin events.
const resourceScope = "CLIENT_SCOPE"

// scopeAt finds the client scope of the request.
func (c *call) scopeAt(snap *latchkey.Snapshot) (*latchkey.ClientScope, error) {
	if s := snap.Scope(c.path("id")); s != nil {
		return s, nil
	}
	return nil, answerError(http.StatusNotFound, "Could not find client scope")
}

func shownScope(s *latchkey.ClientScope) representation.ClientScope {
	r := representation.ClientScopeOf(s)
	r.Kept = s.Kept
	return r
}

func (d *Door) clientScopes(c *call) error {
	list := slices.Clone(c.snap.Scopes)
	slices.SortFunc(list, func(a, b *latchkey.ClientScope) int { return strings.Compare(a.Name, b.Name) })
	out := []representation.ClientScope{}
	for _, s := range list {
		out = append(out, shownScope(s))
	}
	return c.answer(out)
}

func (d *Door) clientScope(c *call) error {
	s, err := c.scopeAt(c.snap)
	if err != nil {
		return err
	}
	return c.answer(shownScope(s))
}

// takeScope changes the scope by what was sent.
func (c *call) takeScope(snap *latchkey.Snapshot, s *latchkey.ClientScope, body *representation.ClientScope) error {
	if p := representation.Value(body.Protocol); p != "" && p != s.Protocol && p != representation.OpenIDConnect {
		return latchkey.Invalid("protocol", "%s", noProtocol)
	}
	if err := c.checkMappers(snap, body.ProtocolMappers, s.ProtocolMappers); err != nil {
		return err
	}
	return body.Apply(s)
}

func (d *Door) createClientScope(c *call) error {
	var body representation.ClientScope
	if err := c.read(&body); err != nil {
		return err
	}
	if body.Name == nil {
		return latchkey.Invalid("name", "A client scope needs a name.")
	}
	var id string
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		s := &latchkey.ClientScope{RealmID: snap.Realm.ID, ID: representation.Value(body.ID), Protocol: representation.OpenIDConnect,
			Attributes: map[string]string{}}
		if s.ID == "" {
			s.ID = secret.NewID()
		}
		if err := c.takeScope(snap, s, &body); err != nil {
			return err
		}
		if err := tx.CreateClientScope(s); err != nil {
			return conflict(err, "Client Scope "+s.Name+" already exists")
		}
		id = s.ID
		return c.record(tx, act{operationCreate, resourceScope, "client-scopes/" + id, body})
	})
	if err != nil {
		return err
	}
	return c.created("client-scopes", id)
}

func (d *Door) updateClientScope(c *call) error {
	var body representation.ClientScope
	if err := c.read(&body); err != nil {
		return err
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		s, err := c.scopeAt(snap)
		if err != nil {
			return err
		}
		changed := *s
		if err := c.takeScope(snap, &changed, &body); err != nil {
			return err
		}
		if err := tx.UpdateClientScope(&changed); err != nil {
			return conflict(err, "Client Scope "+changed.Name+" already exists")
		}
		return c.record(tx, act{operationUpdate, resourceScope, "client-scopes/" + s.ID, body})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) deleteClientScope(c *call) error {
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		s, err := c.scopeAt(snap)
		if err != nil {
			return err
		}
		if err := realm.DeleteScope(tx, snap, s); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, resourceScope, "client-scopes/" + s.ID, nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}
