package admin

import (
	"net/http"
	"strconv"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/outbox"
	"latchkey/internal/store"
)

// accountClient is the client of the account console, for which links are
// mailed when the call names no other.
const accountClient = "account"

func (d *Door) userMailRoutes() []route {
	query := []param{{"client_id", text, "clientId of the application that the person goes on to"},
		{"redirect_uri", text, "where they go on to; the client has to allow it"},
		{"lifespan", number, "seconds that the link is good for; else the realm's actionTokenGeneratedByAdminLifespan"}}
	return []route{
		{method: "PUT", path: "/users/{id}/execute-actions-email", may: mayManageUsers, act: d.executeActionsMail, query: query,
			summary: "Mail a user a link to required actions", body: []string{}},
		{method: "PUT", path: "/users/{id}/send-verify-email", may: mayManageUsers, act: d.verifyMail, query: query,
			summary: "Mail a user a link that proves their e-mail address"},
		{method: "PUT", path: "/users/{id}/reset-password-email", may: mayManageUsers, act: d.resetPasswordMail, query: query,
			summary: "Mail a user a link to a new password: execute-actions-email with UPDATE_PASSWORD"},
	}
}

func (d *Door) executeActionsMail(c *call) error {
	var actions []string
	if err := c.read(&actions); err != nil {
		return err
	}
	if len(actions) == 0 {
		return tellError(http.StatusBadRequest, "Provided invalid required actions")
	}
	return c.mailActions(latchkey.MailExecuteActions, "execute-actions-email", actions)
}

func (d *Door) verifyMail(c *call) error {
	return c.mailActions(latchkey.MailVerifyEmail, "send-verify-email", []string{latchkey.ActionVerifyEmail})
}

func (d *Door) resetPasswordMail(c *call) error {
	return c.mailActions(latchkey.MailExecuteActions, "reset-password-email", []string{latchkey.ActionUpdatePassword})
}

// mailActions promises the request's user a mail with a link to the actions.
func (c *call) mailActions(kind latchkey.MessageKind, path string, actions []string) error {
	err := c.update(func(tx *store.Tx) error {
		u, err := c.person(tx)
		switch {
		case err != nil:
			return err
		case u.Email == "":
			return tellError(http.StatusBadRequest, "User email missing")
		case !u.Enabled:
			return tellError(http.StatusBadRequest, "User is disabled")
		case u.ServiceAccountClientID != "":
			return tellError(http.StatusBadRequest, "This is the account of a client: nobody reads its mail.")
		}
		client, err := c.actionsClient()
		if err != nil {
			return err
		}
		life, err := c.actionsLife()
		if err != nil {
			return err
		}
		if err := c.knownToRun(actions); err != nil {
			return err
		}
		if !c.door.Prober.Sends(c.snap.Realm) {
			return tellError(http.StatusBadRequest, "Failed to send execute actions email: the realm has no mail server (smtpServer).")
		}
		t := &latchkey.ActionToken{RealmID: u.RealmID, Kind: latchkey.TokenExecuteActions, UserID: u.ID, ClientID: client.ID, Address: u.Email,
			ExpiresAt: tx.Now().Add(life), Actions: actions,
			Request: &latchkey.AuthorizationRequest{ClientID: client.ClientID, RedirectURI: c.text("redirect_uri")}}
		sec, err := actiontoken.Issue(tx, t)
		if err != nil {
			return err
		}
		m := &latchkey.Message{Kind: kind, Address: u.Email, TokenID: t.ID, Secret: sec, ExpiresAt: t.ExpiresAt, UserID: u.ID}
		if c.text("client_id") != "" { // else it is the realm that asks
			m.ClientID = client.ID
		}
		if err := outbox.Queue(tx, c.snap.Realm, m); err != nil {
			return err
		}
		return c.record(tx, act{operationAction, "USER", "users/" + u.ID + "/" + path, actions})
	})
	if err != nil {
		return err
	}
	return c.done()
}

// actionsClient is the client that the person goes on to.
func (c *call) actionsClient() (*latchkey.Client, error) {
	name, to := c.text("client_id"), c.text("redirect_uri")
	if name == "" {
		if to != "" {
			return nil, tellError(http.StatusBadRequest, "Client id missing")
		}
		name = accountClient
	}
	client := c.snap.ClientByClientID(name)
	switch {
	case client == nil:
		return nil, tellError(http.StatusBadRequest, "Client doesn't exist")
	case !client.Enabled:
		return nil, tellError(http.StatusBadRequest, "Client is not enabled")
	case to != "" && !client.AllowsRedirect(to, c.door.Site.URL("")):
		return nil, tellError(http.StatusBadRequest, "Invalid redirect uri.")
	}
	return client, nil
}

// actionsLife is how long the link is good for.
func (c *call) actionsLife() (time.Duration, error) {
	seconds, err := c.number("lifespan", c.snap.Realm.ActionTokenGeneratedByAdminLifespan)
	most := int(maxLinkLife / time.Second)
	if err == nil && (seconds <= 0 || seconds > most) {
		err = latchkey.Invalid("lifespan", "Expected seconds, from 1 to %s (30 days).", strconv.Itoa(most))
	}
	return time.Duration(seconds) * time.Second, err
}

// knownToRun refuses actions that a sign-in in the realm would not run.
func (c *call) knownToRun(actions []string) error {
	for _, alias := range actions {
		if ra := c.snap.RequiredAction(alias); ra == nil || !ra.Enabled || c.door.Registry.RequiredAction(alias) == nil {
			return tellError(http.StatusBadRequest, "Provided invalid required actions")
		}
	}
	return nil
}
