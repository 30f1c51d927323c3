package accountrest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/page"
	"latchkey/internal/representation"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// use is what a person's sessions and consents say about an application.
type use struct {
	inUse, offline bool
	consent        *latchkey.Consent
}

// uses tells of every application that holds something of the person's, by its
// internal id.
func (c *call) uses(tx *store.Tx, user *latchkey.User) (map[string]*use, error) {
	out := map[string]*use{}
	of := func(id string) *use {
		if out[id] == nil {
			out[id] = &use{}
		}
		return out[id]
	}
	list, err := tx.UserSessions(c.snap.Realm.ID, user.ID)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		if !session.Live(c.snap.Realm, s, tx.Now()) {
			continue
		}
		parts, err := tx.ClientSessions(s.RealmID, s.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			u := of(p.ClientID)
			u.inUse, u.offline = u.inUse || !s.Offline, u.offline || s.Offline
		}
	}
	consents, err := tx.Consents(c.snap.Realm.ID, user.ID)
	for _, k := range consents {
		of(k.ClientID).consent = k
	}
	return out, err
}

// applications lists what the person uses, has agreed to, or is offered
// always. The parameter name filters.
func (d *Door) applications(c *call) error {
	query, err := web.Query(c.r)
	if err != nil {
		return err
	}
	name := strings.ToLower(query.Get("name"))
	var uses map[string]*use
	err = c.view(func(tx *store.Tx, b *token.Bearer) error {
		uses, err = c.uses(tx, b.User)
		return err
	})
	if err != nil {
		return err
	}
	out := []representation.AccountClient{}
	for _, client := range c.snap.Clients {
		u := uses[client.ID]
		if !client.Enabled || client.BearerOnly || (u == nil && !client.AlwaysDisplayInConsole) {
			continue
		}
		r := c.application(client, u)
		if name != "" && !strings.Contains(strings.ToLower(cmp.Or(r.ClientName, r.ClientID)), name) {
			continue
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b representation.AccountClient) int {
		return cmp.Compare(strings.ToLower(cmp.Or(a.ClientName, a.ClientID)), strings.ToLower(cmp.Or(b.ClientName, b.ClientID)))
	})
	return c.answer(out)
}

func (c *call) application(client *latchkey.Client, u *use) representation.AccountClient {
	base := c.door.Site.URL()
	r := representation.AccountClient{ClientID: client.ClientID, ClientName: c.title(client), Description: client.Description,
		UserConsentRequired: client.ConsentRequired, BaseURL: client.BaseURL,
		LogoURI: client.Attribute("logoUri"), PolicyURI: client.Attribute("policyUri"), TosURI: client.Attribute("tosUri")}
	if client.RootURL != "" {
		r.RootURL = client.ResolveURI(base, client.RootURL)
	}
	if client.BaseURL != "" {
		r.EffectiveURL = client.ResolveURI(base, client.BaseURL)
	}
	if u != nil {
		r.InUse, r.OfflineAccess = u.inUse, u.offline
		if u.consent != nil {
			r.Consent = c.consentOf(u.consent)
		}
	}
	return r
}

// title is the application's name in the person's language; empty when it has
// none.
func (c *call) title(client *latchkey.Client) string {
	if client.Name == "" {
		return ""
	}
	return c.door.Pages.AppTitle(client, c.language())
}

func (c *call) language() string {
	if c.lang == "" {
		c.lang = c.door.Pages.Choose(c.snap.Realm, page.Preferences{Accept: c.r.Header.Get("Accept-Language")})
	}
	return c.lang
}

func (c *call) consentOf(k *latchkey.Consent) *representation.AccountConsent {
	r := &representation.AccountConsent{GrantedScopes: []representation.ConsentScope{}, CreatedDate: k.CreatedAt.UnixMilli(),
		LastUpdatedDate: k.UpdatedAt.UnixMilli()}
	for _, id := range k.Scopes {
		if s := c.snap.Scope(id); s != nil {
			r.GrantedScopes = append(r.GrantedScopes, representation.ConsentScope{ID: s.ID, Name: s.Name,
				DisplayText: s.Attributes["consent.screen.text"]})
		}
	}
	return r
}

// named finds the application of the request's path.
func (c *call) named() (*latchkey.Client, error) {
	id := c.r.PathValue("clientId")
	if client := c.snap.ClientByClientID(id); client != nil {
		return client, nil
	}
	return nil, answerError(http.StatusNotFound, "No client with clientId: "+id+" found.")
}

// consent says what the person agreed to for an application; 204 when nothing.
func (d *Door) consent(c *call) error {
	client, err := c.named()
	if err != nil {
		return err
	}
	var k *latchkey.Consent
	err = c.view(func(tx *store.Tx, b *token.Bearer) error {
		k, err = tx.Consent(c.snap.Realm.ID, b.User.ID, client.ID)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			k, err = nil, nil
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case k == nil:
		return c.done()
	}
	return c.answer(c.consentOf(k))
}

// giveConsent writes down that the person agrees to the client scopes, in
// place of what they agreed to before.
func (d *Door) giveConsent(c *call) error {
	client, err := c.named()
	if err != nil {
		return err
	}
	var body representation.AccountConsent
	if err := web.ReadJSON(c.r, &body); err != nil {
		return cannotParse()
	}
	var ids []string
	for _, s := range body.GrantedScopes {
		if c.snap.Scope(s.ID) == nil || !(slices.Contains(client.DefaultClientScopes, s.ID) || slices.Contains(client.OptionalClientScopes, s.ID)) {
			return latchkey.Invalid("grantedScopes", "Scope id %s does not exist for client %s.", s.ID, client.Title())
		}
		if !slices.Contains(ids, s.ID) {
			ids = append(ids, s.ID)
		}
	}
	var k *latchkey.Consent
	err = c.update(func(tx *store.Tx, b *token.Bearer) error {
		typ := latchkey.EventUpdateConsent
		if _, err := tx.Consent(c.snap.Realm.ID, b.User.ID, client.ID); latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			typ = latchkey.EventGrantConsent
		} else if err != nil {
			return err
		}
		if err := tx.PutConsent(&latchkey.Consent{RealmID: c.snap.Realm.ID, UserID: b.User.ID, ClientID: client.ID, Scopes: ids}); err != nil {
			return err
		}
		if k, err = tx.Consent(c.snap.Realm.ID, b.User.ID, client.ID); err != nil {
			return err
		}
		return c.record(tx, b, typ, client.ClientID, nil)
	})
	if err != nil {
		return err
	}
	return c.answer(c.consentOf(k))
}

// revokeConsent takes back what the person agreed to, and with it what the
// application holds of the person's sessions, offline ones too: its refresh
// tokens end at once.
func (d *Door) revokeConsent(c *call) error {
	client, err := c.named()
	if err != nil {
		return err
	}
	err = c.update(func(tx *store.Tx, b *token.Bearer) error {
		_, err := session.RevokeConsent(tx, c.snap, b.User.ID, client, c.event(b))
		return err
	})
	if err != nil {
		return err
	}
	return c.done()
}

// record writes down what the person did. Client is the application that it
// is about; empty for the one that the token is of.
func (c *call) record(tx *store.Tx, b *token.Bearer, typ latchkey.EventType, client string, details map[string]string) error {
	e := c.event(b)
	e.Type, e.ClientID, e.Details = typ, cmp.Or(client, c.claims.ClientID), details
	return event.Record(tx, c.snap.Realm, e)
}

// event is what every event of the request has.
func (c *call) event(b *token.Bearer) latchkey.Event {
	e := latchkey.Event{UserID: b.User.ID, IPAddress: c.door.Site.ClientIP(c.r)}
	if b.Session != nil {
		e.SessionID = b.Session.ID
	}
	return e
}
