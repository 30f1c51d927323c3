package admin

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

func (d *Door) clientRoutes() []route {
	return slices.Concat([]route{
		{method: "GET", path: "/clients", may: mayQueryClients, act: d.clients, summary: "List and search clients",
			query: with(paging, []param{{"clientId", text, "the clientId; with search a part of it"},
				{"search", flag, "clients whose clientId has the text in it"},
				{"q", text, "attributes that they have: key:value key2:value2"},
				{"enabled", flag, "those alone that are enabled, or that are not"},
				{"publicClient", flag, "those alone that are public, or that are not"},
				{"viewableOnly", flag, "those alone that the caller may see whole"}}), gives: []representation.Client{}},
		{method: "POST", path: "/clients", may: mayManageClients, act: d.createClient, summary: "Create a client",
			body: representation.Client{}, status: http.StatusCreated},
		{method: "GET", path: "/clients/{id}", may: mayViewClients, act: d.client, summary: "Read a client", gives: representation.Client{}},
		{method: "PUT", path: "/clients/{id}", may: mayManageClients, act: d.updateClient, summary: "Change a client: what is given",
			body: representation.Client{}},
		{method: "DELETE", path: "/clients/{id}", may: mayManageClients, act: d.deleteClient, summary: "Delete a client with all that is out for it"},
		noFeature("GET", "/clients/{id}/management/permissions", mayViewClients),
		noFeature("PUT", "/clients/{id}/management/permissions", mayManageClients),
	}, d.clientSecretRoutes(), d.scopeListRoutes(), d.clientSessionRoutes(), d.clientCertificateRoutes())
}

// noClient is Keycloak's sentence.
const noClient = "Could not find client"

// clientAt finds the client of the request.
func (c *call) clientAt(snap *latchkey.Snapshot) (*latchkey.Client, error) {
	if client := snap.ClientByID(c.path("id")); client != nil {
		return client, nil
	}
	return nil, answerError(http.StatusNotFound, noClient)
}

// shownClient shows a client as the caller may see it: its secrets are for
// those who may change it.
func (c *call) shownClient(client *latchkey.Client) representation.Client {
	r := realm.ShowClient(c.snap, client)
	manage := c.may(mayManageClients...)
	r.Access = map[string]bool{"view": true, "configure": manage, "manage": manage}
	if !manage {
		r = r.WithoutSecrets()
	}
	return r
}

// mayActAs refuses what would let the caller act as a client whose account
// holds an administrative role that the caller lacks: its secret and its keys.
func (c *call) mayActAs(tx *store.Tx, client *latchkey.Client) error {
	if !client.ServiceAccountsEnabled || c.caller.ownsRealm(c.snap) {
		return nil
	}
	account, err := tx.ServiceAccountUser(client.RealmID, client.ID)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	held, err := tx.Holdings(account.RealmID, account.ID)
	if err != nil {
		return err
	}
	if name := c.caller.exceeds(c.snap, held.RoleIDs()); name != "" {
		return answerError(http.StatusForbidden, "The client's account holds the administrative role "+name+", which the caller lacks.")
	}
	return nil
}

// clients lists clients by their clientIds. Who may list them and not see them
// is told what they are called.
func (d *Door) clients(c *call) error {
	wanted := pairs(c.text("q"))
	view, all := c.may(mayViewClients...), c.caller.ownsRealm(c.snap)
	named, search := c.text("clientId"), c.flag("search", false)
	var found []*latchkey.Client
	for _, client := range c.snap.Clients {
		if named != "" && client.ClientID != named && (!search || !strings.Contains(strings.ToLower(client.ClientID), strings.ToLower(named))) {
			continue
		}
		if c.other("enabled", client.Enabled) || c.other("publicClient", client.PublicClient) {
			continue
		}
		if hasAttributes(client, wanted) && (view || !c.flag("viewableOnly", false)) {
			found = append(found, client)
		}
	}
	return inParts(c, everything, func(first, limit int) (out []representation.Client, err error) {
		for _, client := range part(found, first, limit) {
			switch {
			case view && client.ServiceAccountsEnabled && !all:
				out = append(out, c.shownClient(client).WithoutSecrets()) // see mayActAs, which one client's own address asks
			case view:
				out = append(out, c.shownClient(client))
			default:
				out = append(out, representation.Client{ID: &client.ID, ClientID: &client.ClientID, Description: &client.Description})
			}
		}
		return out, nil
	})
}

// other says whether the request asks for things of which something is not so.
func (c *call) other(name string, is bool) bool { return c.text(name) != "" && c.flag(name, is) != is }

// hasAttributes says whether the client has each of the attributes.
func hasAttributes(client *latchkey.Client, wanted map[string]string) bool {
	for name, value := range wanted {
		if client.Attribute(name) != value {
			return false
		}
	}
	return true
}

func (d *Door) client(c *call) error {
	client, err := c.clientAt(c.snap)
	if err != nil {
		return err
	}
	shown := c.shownClient(client)
	err = c.view(func(tx *store.Tx) error { return c.mayActAs(tx, client) })
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeForbidden:
		shown = shown.WithoutSecrets()
	case err != nil:
		return err
	}
	return c.answer(shown)
}

// checkClient refuses what would be kept and never acted on.
func (c *call) checkClient(snap *latchkey.Snapshot, body *representation.Client, before *latchkey.Client) error {
	was := representation.OpenIDConnect
	if before != nil && before.Protocol != "" {
		was = before.Protocol
	}
	if p := representation.Value(body.Protocol); p != "" && p != was && p != representation.OpenIDConnect {
		return latchkey.Invalid("protocol", "%s", noProtocol)
	}
	kind := representation.Value(body.ClientAuthenticatorType)
	if kind != "" && (before == nil || kind != before.ClientAuthenticatorType) &&
		!slices.ContainsFunc(clientAuthenticators, func(p flow.Provider) bool { return p.ID == kind }) {
		return latchkey.Invalid("clientAuthenticatorType", "There is no client authenticator %q here.", kind)
	}
	if string(body.Kept["authorizationServicesEnabled"]) == "true" {
		return latchkey.Invalid("authorizationServicesEnabled", "Authorization services are not part of this server.")
	}
	if before == nil {
		return c.checkMappers(snap, body.ProtocolMappers, nil)
	}
	return c.checkMappers(snap, body.ProtocolMappers, before.ProtocolMappers)
}

const noProtocol = "Only openid-connect is spoken here: clients and client scopes of other protocols are not part of this server."

// invalidClient gives the answer that Keycloak has for a client with a wrong
// value.
func invalidClient(err error, clientID string) error {
	var e *latchkey.Error
	if errors.As(err, &e) && e.Code == latchkey.CodeInvalid && e.Field != "" {
		detail := e.Message
		if !representation.NamesURL(e.Field) {
			detail = e.Field + ": " + detail
		}
		return &restError{status: http.StatusBadRequest, Message: "invalid_input", Detail: detail, Field: e.Field}
	}
	return conflict(err, "Client "+clientID+" already exists")
}

func (d *Door) createClient(c *call) error {
	var body representation.Client
	if err := c.read(&body); err != nil {
		return err
	}
	var id string
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		err := c.checkClient(snap, &body, nil)
		if err != nil {
			return err
		}
		made, err := realm.CreateClient(tx, snap, &body)
		if err == nil {
			err = token.CheckPairwise(made)
		}
		if err != nil {
			return invalidClient(err, representation.Value(body.ClientID))
		}
		id = made.ID
		return c.record(tx, act{operationCreate, resourceClient, "clients/" + id, body})
	})
	if err != nil {
		return err
	}
	return c.created("clients", id)
}

// resourceClient is the type of a client in admin events.
const resourceClient = "CLIENT"

func (d *Door) updateClient(c *call) error {
	var body representation.Client
	if err := c.read(&body); err != nil {
		return err
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		client, err := c.clientAt(snap)
		if err != nil {
			return err
		}
		if body.ClientID != nil && *body.ClientID != client.ClientID {
			if err := ownedByServer(snap, client, "renamed"); err != nil {
				return err
			}
		}
		if err := c.checkClient(snap, &body, client); err != nil {
			return err
		}
		if err := c.mayActAs(tx, client); err != nil {
			return err
		}
		changed, err := realm.ChangeClient(tx, snap, client, &body)
		if err == nil {
			err = token.CheckPairwise(changed)
		}
		if err != nil {
			return invalidClient(err, representation.Value(body.ClientID))
		}
		return c.record(tx, act{operationUpdate, resourceClient, "clients/" + client.ID, body})
	})
	if err != nil {
		return err
	}
	return c.done()
}

// ownedByServer refuses what would take the administrative roles of a realm
// away from those who hold them.
func ownedByServer(snap *latchkey.Snapshot, client *latchkey.Client, what string) error {
	for _, r := range rolesOf(snap, client.ID) {
		if realm.Administrative(snap, r) {
			return tellError(http.StatusBadRequest, "The client "+client.ClientID+" has the administrative roles of a realm, and so it cannot be "+what+".")
		}
	}
	return nil
}

func (d *Door) deleteClient(c *call) error {
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		client, err := c.clientAt(snap)
		if err != nil {
			return err
		}
		if err := ownedByServer(snap, client, "deleted"); err != nil {
			return err
		}
		if err := realm.DeleteClient(tx, snap, client); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, resourceClient, "clients/" + client.ID, nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}
