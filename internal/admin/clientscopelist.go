package admin

import (
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// scopeList is one of the lists of client scopes: those that a client always
// has, those that it has when it asks, and what new clients of the realm get of
// both.
type scopeList struct {
	path     string
	ofRealm  bool
	optional bool
	what     string
}

func (d *Door) scopeListRoutes() (all []route) {
	for _, l := range []scopeList{
		{"/clients/{id}/default-client-scopes", false, false, "client scopes that a client always has"},
		{"/clients/{id}/optional-client-scopes", false, true, "client scopes that a client has when it asks"},
		{"/default-default-client-scopes", true, false, "client scopes that new clients always have"},
		{"/default-optional-client-scopes", true, true, "client scopes that new clients have when they ask"},
	} {
		all = append(all,
			route{method: "GET", path: l.path, may: mayViewClients, act: l.list, summary: "List the " + l.what, gives: []namedScope{}},
			route{method: "PUT", path: l.path + "/{scope}", may: mayManageClients, act: l.put, summary: "Add to the " + l.what},
			route{method: "DELETE", path: l.path + "/{scope}", may: mayManageClients, act: l.remove, summary: "Take from the " + l.what})
	}
	return all
}

// namedScope is a client scope in a list.
type namedScope struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Protocol string `json:"protocol,omitempty"`
}

// scopesAt is the realm or the client that the request is about: its two
// lists, and what writes them.
func (l scopeList) scopesAt(c *call, snap *latchkey.Snapshot) (of [2][]string, protocol string, write func(*store.Tx, [2][]string) error, err error) {
	if l.ofRealm {
		r := snap.Realm
		return [2][]string{r.DefaultDefaultClientScopes, r.DefaultOptionalClientScopes}, "", func(tx *store.Tx, of [2][]string) error {
			changed := *r
			changed.DefaultDefaultClientScopes, changed.DefaultOptionalClientScopes = of[0], of[1]
			return tx.UpdateRealm(&changed)
		}, nil
	}
	client, err := c.clientAt(snap)
	if err != nil {
		return of, "", nil, err
	}
	return [2][]string{client.DefaultClientScopes, client.OptionalClientScopes}, orOpenID(client.Protocol), func(tx *store.Tx, of [2][]string) error {
		changed := *client
		changed.DefaultClientScopes, changed.OptionalClientScopes = of[0], of[1]
		return tx.UpdateClient(&changed)
	}, nil
}

func orOpenID(protocol string) string {
	if protocol == "" {
		return representation.OpenIDConnect
	}
	return protocol
}

func (l scopeList) index() int {
	if l.optional {
		return 1
	}
	return 0
}

func (l scopeList) list(c *call) error {
	of, _, _, err := l.scopesAt(c, c.snap)
	if err != nil {
		return err
	}
	out := []namedScope{}
	for _, id := range of[l.index()] {
		if s := c.snap.Scope(id); s != nil {
			named := namedScope{ID: s.ID, Name: s.Name}
			if l.ofRealm {
				named.Protocol = orOpenID(s.Protocol)
			}
			out = append(out, named)
		}
	}
	return c.answer(out)
}

// put adds a scope at the end of the list, and takes it from the other one. One
// that is there stays where it is.
func (l scopeList) put(c *call) error {
	return l.change(c, operationCreate, func(of [2][]string, id string) [2][]string {
		mine, other := l.index(), 1-l.index()
		if !slices.Contains(of[mine], id) {
			of[mine] = append(slices.Clone(of[mine]), id)
		}
		of[other] = slices.DeleteFunc(slices.Clone(of[other]), func(v string) bool { return v == id })
		return of
	})
}

func (l scopeList) remove(c *call) error {
	return l.change(c, operationDelete, func(of [2][]string, id string) [2][]string {
		mine := l.index()
		of[mine] = slices.DeleteFunc(slices.Clone(of[mine]), func(v string) bool { return v == id })
		return of
	})
}

func (l scopeList) change(c *call, operation string, edit func(of [2][]string, id string) [2][]string) error {
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		of, protocol, write, err := l.scopesAt(c, snap)
		if err != nil {
			return err
		}
		s := snap.Scope(c.path("scope"))
		switch {
		case s == nil:
			return answerError(http.StatusNotFound, "Client scope not found")
		case operation == operationCreate && protocol != "" && orOpenID(s.Protocol) != protocol:
			return tellError(http.StatusBadRequest, "The client scope is of another protocol than the client.")
		}
		if err := write(tx, edit(of, s.ID)); err != nil {
			return err
		}
		a := act{operation: operation, resource: resourceScope, path: strings.TrimPrefix(strings.Replace(l.path, "{id}", c.path("id"), 1), "/") + "/" + s.ID}
		if !l.ofRealm {
			a.resource = "CLIENT_SCOPE_CLIENT_MAPPING"
		}
		return c.record(tx, a)
	})
	if err != nil {
		return err
	}
	return c.done()
}
