package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/ratelimit"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// registrations is where clients are registered, below a realm, in Keycloak's
// words.
const registrations = "clients-registrations/"

// pathRegistration is the registration endpoint (RFC 7591 3).
const pathRegistration = registrations + "openid-connect"

// dialect is how clients are written at one of the addresses.
type dialect struct {
	path string // below the realm
	// read reads what a client is to be; before is nil for one that is new.
	read func(d *Door, snap *latchkey.Snapshot, body []byte, before *latchkey.Client) (*wish, error)
	// show writes a client; access is its new registration access token, empty
	// when it was given none.
	show func(d *Door, snap *latchkey.Snapshot, c *latchkey.Client, access string) (any, error)
}

var dialects = []dialect{
	{pathRegistration, (*Door).readMetadata, (*Door).showMetadata},
	{registrations + "default", (*Door).readRepresentation, (*Door).showRepresentation},
}

func (d *Door) registrationRoutes() []web.Route {
	var routes []web.Route
	for _, in := range dialects {
		base := "/realms/{realm}/" + in.path
		routes = append(routes,
			web.Route{Pattern: "POST " + base, Class: web.ClassJSON, Handler: d.registering(in)},
			web.Route{Pattern: "OPTIONS " + base, Class: web.ClassJSON, Handler: d.preflightRegistration},
			web.Route{Pattern: "GET " + base + "/{client}", Class: web.ClassJSON, Handler: d.registered(in, readClient)},
			web.Route{Pattern: "PUT " + base + "/{client}", Class: web.ClassJSON, Handler: d.registered(in, updateClient)},
			web.Route{Pattern: "DELETE " + base + "/{client}", Class: web.ClassJSON, Handler: d.registered(in, deleteClient)})
	}
	return append(routes, web.Route{Pattern: "GET /realms/{realm}/" + registrations + "install/{client}", Class: web.ClassJSON, Handler: d.installation})
}

// registrationRealm is the realm of the request, where clients register
// themselves at all; a network that was refused too often waits.
func (d *Door) registrationRealm(r *http.Request) (*latchkey.Snapshot, error) {
	snap, err := d.realm(r)
	if err != nil {
		return nil, err
	}
	if !snap.Realm.RegistersClients() {
		return nil, &oauthError{status: http.StatusNotFound, code: "Clients do not register themselves at this realm"}
	}
	var wait time.Duration
	err = d.DB.View(r.Context(), func(tx *store.Tx) (err error) {
		_, wait, err = ratelimit.Room(tx, snap.Realm.ID, ratelimit.Registration(tx.Keyring(), snap.Realm.ID, d.Site.ClientIP(r)))
		return err
	})
	if err == nil && wait > 0 {
		err = slowDown(wait)
	}
	return snap, err
}

// preflightRegistration answers a browser that asks whether a script may
// register a client: it tells nothing, and by which origins an answer may be
// read the initial access says.
func (d *Door) preflightRegistration(w http.ResponseWriter, r *http.Request) error {
	web.Preflight(w, r, []string{"*"}, "POST, OPTIONS")
	return nil
}

// registering makes a client of what is sent (RFC 7591 3): by an initial access
// token, which is used up in the transaction that makes the client, or by an
// administrator.
func (d *Door) registering(in dialect) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		noStore(w)
		snap, err := d.registrationRealm(r)
		if err != nil {
			return err
		}
		id := secret.NewID() // of the registration access token
		var access string
		var made *latchkey.Client
		who, err := d.registrar(r, snap)
		if err == nil {
			err = who.mayCreate()
		}
		if err == nil {
			web.AllowOrigin(w, r, who.origins)
			var wanted *wish
			if wanted, err = d.wished(r, snap, in, nil); err == nil {
				access, err = d.Minter.MintRegistrationAccess(r.Context(), snap, d.Site.Issuer(snap.Realm.Name), id)
			}
			if err == nil {
				made, err = d.create(r, snap, who, wanted, id)
			}
		}
		if err != nil {
			return d.refusedRegistration(w, r, snap, latchkey.Event{Type: latchkey.EventClientRegisterError}, err)
		}
		answer, err := in.show(d, snap, made, access)
		if err != nil {
			return err
		}
		w.Header().Set("Location", d.url(snap, in.path+"/"+made.ClientID))
		return web.WriteJSON(w, http.StatusCreated, answer)
	}
}

// wished reads what the client is to be, and looks at what takes long.
func (d *Door) wished(r *http.Request, snap *latchkey.Snapshot, in dialect, before *latchkey.Client) (*wish, error) {
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &oauthError{status: http.StatusRequestEntityTooLarge, code: codeMetadata, description: "The request is too large", event: "invalid_registration"}
	case err != nil:
		return nil, badMetadata("", "The request could not be read.")
	}
	wanted, err := in.read(d, snap, body, before)
	if err != nil {
		return nil, err
	}
	return wanted, d.checkSector(r.Context(), wanted)
}

// create makes the client. What is refused takes nothing from the initial
// access.
func (d *Door) create(r *http.Request, snap *latchkey.Snapshot, who *registrar, wanted *wish, tokenID string) (*latchkey.Client, error) {
	var made *latchkey.Client
	err := d.editRealm(r.Context(), snap, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		if err := checkPolicies(tx, snap, wanted); err != nil {
			return err
		}
		rep := *wanted.client
		rep.FullScopeAllowed = new(false)
		if who.initial != "" {
			good, err := tx.UseInitialAccess(snap.Realm.ID, who.initial)
			if err != nil {
				return err
			}
			if !good {
				return invalidToken("The initial access token is used up, has expired or was taken back")
			}
			rep.ConsentRequired = new(true)
			rep.Attributes = with(rep.Attributes, latchkey.AttributeUnapproved, "true")
		}
		c, err := realm.CreateClient(tx, snap, &rep)
		if err != nil {
			return err
		}
		if err := token.CheckPairwise(c); err != nil {
			return err
		}
		c.RegistrationTokenID = tokenID
		if err := tx.UpdateClient(c); err != nil {
			return err
		}
		made = c
		return d.recordRegistration(tx, r, snap, latchkey.EventClientRegister, c)
	})
	return made, err
}

// editRealm changes the realm's configuration in one transaction, which begins
// with [realm.Edit]. The closure may be run again.
func (d *Door) editRealm(ctx context.Context, snap *latchkey.Snapshot, f func(tx *store.Tx, snap *latchkey.Snapshot) error) error {
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		now, err := realm.Edit(tx, snap)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			return errNoRealm
		}
		if err != nil {
			return err
		}
		return f(tx, now)
	})
	if err == nil {
		d.Realms.Invalidate(snap.Realm.ID)
	}
	return err
}

func (d *Door) recordRegistration(tx *store.Tx, r *http.Request, snap *latchkey.Snapshot, kind latchkey.EventType, c *latchkey.Client) error {
	return event.Record(tx, snap.Realm, latchkey.Event{Type: kind, ClientID: c.ClientID, IPAddress: d.Site.ClientIP(r)})
}

// refusedRegistration records a refusal as the event, counts it and gives its
// answer.
func (d *Door) refusedRegistration(w http.ResponseWriter, r *http.Request, snap *latchkey.Snapshot, e latchkey.Event, err error) error {
	refused := registrationError(err)
	if refused == nil {
		return err
	}
	e.Error, e.IPAddress = refused.event, d.Site.ClientIP(r)
	err = d.DB.Update(r.Context(), func(tx *store.Tx) error {
		if err := event.Record(tx, snap.Realm, e); err != nil {
			return err
		}
		_, _, err := ratelimit.Take(tx, snap.Realm.ID, ratelimit.Registration(tx.Keyring(), snap.Realm.ID, e.IPAddress))
		return err
	})
	if err != nil {
		return err
	}
	if refused.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+snap.Realm.Name+`", error="`+refused.code+`"`) // RFC 6750 3
	}
	return refused
}

// registrationError gives the answer that an error is; nil when it is a failure
// of ours.
func registrationError(err error) *oauthError {
	var refused *oauthError
	if errors.As(err, &refused) {
		return refused
	}
	var wrong *latchkey.Error
	var many representation.Faults
	if errors.As(err, &many) {
		err = many[0]
	}
	switch {
	case !errors.As(err, &wrong):
		return nil
	case wrong.Code == latchkey.CodeConflict:
		return badMetadata(wrong.Field, "This one is taken.")
	case wrong.Code == latchkey.CodeInvalid:
		return badMetadata(wrong.Field, wrong.Message)
	}
	return nil
}

// with gives the attributes with one more.
func with(attributes map[string]string, key, value string) map[string]string {
	out := map[string]string{key: value}
	for k, v := range attributes {
		if k != key {
			out[k] = v
		}
	}
	return out
}

// jsonText writes what was read from JSON.
func jsonText(v any) string {
	text, _ := json.Marshal(v) // of parts of JSON
	return string(text)
}
