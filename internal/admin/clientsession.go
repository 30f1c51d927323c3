package admin

import (
	"maps"
	"net/http"
	"strings"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/session"
	"latchkey/internal/store"
)

func (d *Door) clientSessionRoutes() []route {
	const path = "/clients/{id}"
	return []route{
		{method: "GET", path: path + "/service-account-user", may: mayViewClients, act: d.serviceAccountUser,
			summary: "Read the account that a client signs in as", gives: representation.User{}},
		{method: "GET", path: path + "/user-sessions", may: mayViewClients, act: sessionsOfClient(false), query: paging,
			summary: "List the sessions that a client has a part in", gives: []representation.Session{}},
		{method: "GET", path: path + "/offline-sessions", may: mayViewClients, act: sessionsOfClient(true), query: paging,
			summary: "List the offline sessions of a client", gives: []representation.Session{}},
		{method: "GET", path: path + "/session-count", may: mayViewClients, act: countOfClient(false), gives: sessionCount{},
			summary: "Count the sessions that a client has a part in"},
		{method: "GET", path: path + "/offline-session-count", may: mayViewClients, act: countOfClient(true), gives: sessionCount{},
			summary: "Count the offline sessions of a client"},
		{method: "GET", path: "/ui-ext/sessions/client", may: mayViewClients, act: d.consoleSessionsOfClient, gives: []representation.Session{},
			summary: "List and search the sessions of a client",
			query: with(paging, []param{{"clientId", text, "the client's internal id"}, {"type", text, "ALL, REGULAR or OFFLINE"},
				{"search", text, "the beginning of a username, an e-mail address, a name or a network address"}})},
		{method: "POST", path: path + "/push-revocation", may: mayManageClients, act: d.pushClientRevocation, gives: representation.GlobalRequest{},
			summary: "Tell a client of its notBefore: those that read tokens' issue times need no telling"},
		{method: "POST", path: path + "/nodes", may: mayManageClients, act: d.addNode, summary: "Make a node of a client known", body: map[string]string{}},
		{method: "DELETE", path: path + "/nodes/{node}", may: mayManageClients, act: d.removeNode, summary: "Forget a node of a client"},
		{method: "GET", path: path + "/test-nodes-available", may: mayManageClients, act: d.testNodes, gives: representation.GlobalRequest{},
			summary: "Ask which nodes of a client answer: nothing is sent to nodes"},
	}
}

// serviceAccountUser makes the account where an import left it out.
func (d *Door) serviceAccountUser(c *call) error {
	client, err := c.clientAt(c.snap)
	if err != nil {
		return err
	}
	if !client.ServiceAccountsEnabled {
		return answerError(http.StatusBadRequest, "Service account not enabled for the client '"+client.ClientID+"'")
	}
	var account *latchkey.User
	err = c.view(func(tx *store.Tx) error {
		account, err = tx.ServiceAccountUser(client.RealmID, client.ID)
		return err
	})
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		err = c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
			account, err = realm.EnsureAccount(tx, snap, client)
			return err
		})
	}
	if err != nil {
		return err
	}
	out := c.shown(account, false)
	out.ServiceAccountClientID = nil
	return c.answer(out)
}

func sessionsOfClient(offline bool) action {
	return func(c *call) error {
		client, err := c.clientAt(c.snap)
		if err != nil {
			return err
		}
		return inParts(c, defaultUsers, func(first, limit int) (out []representation.Session, err error) {
			if limit == 0 {
				return nil, nil
			}
			err = c.view(func(tx *store.Tx) error {
				f := session.Filter(c.snap.Realm, tx.Now())
				f.ClientID, f.Offline, f.First, f.Max = client.ID, &offline, first, limit
				out, err = c.sessions(tx, f)
				for i := range out {
					out[i].Type = "" // told by the address
				}
				return err
			})
			return out, err
		})
	}
}

// sessionCount is how many sessions there are.
type sessionCount struct {
	Count int `json:"count"`
}

func countOfClient(offline bool) action {
	return func(c *call) error {
		client, err := c.clientAt(c.snap)
		if err != nil {
			return err
		}
		var out sessionCount
		err = c.view(func(tx *store.Tx) error {
			f := session.Filter(c.snap.Realm, tx.Now())
			f.ClientID, f.Offline = client.ID, &offline
			out.Count, err = tx.CountSessions(c.snap.Realm.ID, f)
			return err
		})
		if err != nil {
			return err
		}
		return c.answer(out)
	}
}

// consoleSessionsOfClient is the console's list.
func (d *Door) consoleSessionsOfClient(c *call) error {
	client := c.snap.ClientByID(c.text("clientId"))
	if client == nil {
		return answerError(http.StatusNotFound, noClient)
	}
	narrowed, err := c.sessionFilter()
	if err != nil {
		return err
	}
	narrowed.ClientID, narrowed.Clients = client.ID, nil // what is searched is no other client
	return c.answerSessions(narrowed)
}

// pushClientRevocation has nobody to tell: no application keeps an address for
// it.
func (d *Door) pushClientRevocation(c *call) error {
	client, err := c.clientAt(c.snap)
	if err != nil {
		return err
	}
	err = c.update(func(tx *store.Tx) error {
		return c.record(tx, act{operationAction, resourceClient, "clients/" + client.ID + "/push-revocation", nil})
	})
	if err != nil {
		return err
	}
	return c.answer(representation.GlobalRequest{})
}

// maxNodes bounds how many nodes a client may make known.
const maxNodes = 100

// resourceNode is the type of a client's node in admin events.
const resourceNode = "CLUSTER_NODE"

func (d *Door) addNode(c *call) error {
	var body struct {
		Node string `json:"node"`
	}
	if err := c.read(&body); err != nil {
		return err
	}
	node := strings.TrimSpace(body.Node)
	if node == "" || len(node) > 255 {
		return latchkey.Invalid("node", "Node not found in params")
	}
	return c.changeNodes(operationCreate, node, func(nodes map[string]int64) error {
		if _, there := nodes[node]; !there && len(nodes) >= maxNodes {
			return latchkey.Invalid("node", "A client has at most %d nodes.", maxNodes)
		}
		nodes[node] = d.Now().Unix()
		return nil
	})
}

func (d *Door) removeNode(c *call) error {
	node := c.path("node")
	return c.changeNodes(operationDelete, node, func(nodes map[string]int64) error {
		if _, there := nodes[node]; !there {
			return answerError(http.StatusNotFound, "Client does not have node ")
		}
		delete(nodes, node)
		return nil
	})
}

func (c *call) changeNodes(operation, node string, change func(map[string]int64) error) error {
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		client, err := c.clientAt(snap)
		if err != nil {
			return err
		}
		changed := *client
		changed.RegisteredNodes = maps.Clone(client.RegisteredNodes)
		if changed.RegisteredNodes == nil {
			changed.RegisteredNodes = map[string]int64{}
		}
		if err := change(changed.RegisteredNodes); err != nil {
			return err
		}
		if err := tx.UpdateClient(&changed); err != nil {
			return err
		}
		return c.record(tx, act{operation, resourceNode, "clients/" + client.ID + "/nodes/" + node, map[string]string{"node": node}})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) testNodes(c *call) error {
	if _, err := c.clientAt(c.snap); err != nil {
		return err
	}
	return c.answer(representation.GlobalRequest{})
}
