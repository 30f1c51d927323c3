package admin

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// call is a request of an administrator.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	door   *Door
	caller *caller
	snap   *latchkey.Snapshot // of the realm that is administered; nil where there is none
	roles  map[string]bool    // administrative ones that the caller has for it
	query  url.Values
	// tx is the transaction of the call that this one is a part of; nil for a
	// call of its own.
	tx *store.Tx
}

// accepts checks what is the same for every call: the parameters, the kind of
// the body and of the answer.
func (c *call) accepts(route *route) error {
	var repeatable []string
	for _, p := range route.query {
		if p.kind == list {
			repeatable = append(repeatable, p.name)
		}
	}
	var err error
	if c.query, err = web.Query(c.r, repeatable...); err != nil {
		return err
	}
	if route.body != nil && c.r.ContentLength != 0 {
		kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
		if c.r.Header.Get("Content-Type") != "" && (err != nil || !strings.HasSuffix(kind, "json") && kind != "text/plain" && kind != "multipart/form-data") {
			return answerError(http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type")
		}
	}
	if route.gives != nil && !acceptsJSON(c.r.Header.Get("Accept")) {
		return answerError(http.StatusNotAcceptable, "HTTP 406 Not Acceptable")
	}
	return nil
}

func acceptsJSON(accept string) bool {
	if accept == "" {
		return true
	}
	for kind := range strings.SplitSeq(accept, ",") {
		kind, _, _ = strings.Cut(strings.TrimSpace(kind), ";")
		switch strings.TrimSpace(kind) {
		case "*/*", "application/*", "application/json":
			return true
		}
	}
	return false
}

// path is a part of the request's path, as it is named in the route.
func (c *call) path(name string) string { return c.r.PathValue(name) }

// may says whether the caller has one of the roles for the realm.
func (c *call) may(roles ...string) bool { return has(c.roles, roles) }

// need is [call.may] as an error: 403.
func (c *call) need(roles ...string) error {
	if !c.may(roles...) {
		return forbidden()
	}
	return nil
}

// text is a parameter of the query; empty when it is not given.
func (c *call) text(name string) string { return c.query.Get(name) }

// texts are the values of a parameter that may be given several times.
func (c *call) texts(name string) []string { return c.query[name] }

// number is a parameter that is a whole number; fallback when it is not given.
func (c *call) number(name string, fallback int) (int, error) {
	typed := c.query.Get(name)
	if typed == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(typed)
	if err != nil {
		return 0, latchkey.Invalid(name, "Expected a whole number.")
	}
	return n, nil
}

// flag is a switch; fallback when it is not given, and false when it is given
// as anything but "true", as in Keycloak.
func (c *call) flag(name string, fallback bool) bool {
	if !c.query.Has(name) {
		return fallback
	}
	return strings.EqualFold(c.query.Get(name), "true")
}

// everything is the most that a list gives when it is asked for all: what
// cannot be held in memory at once is asked for in parts.
const everything = 100_000

// page says which part of a list is asked for: how many to pass over, and how
// many to give at most; most when the call does not say, and [everything] for
// "max=-1".
func (c *call) page(most int) (first, limit int, err error) {
	if first, err = c.number("first", 0); err != nil {
		return 0, 0, err
	}
	if limit, err = c.number("max", most); err != nil {
		return 0, 0, err
	}
	if limit < 0 || limit > everything {
		limit = everything
	}
	return max(first, 0), limit, nil
}

// part gives the part of a whole list that is asked for.
func part[T any](all []T, first, limit int) []T {
	all = all[min(first, len(all)):]
	return all[:min(limit, len(all))]
}

// bytes reads the body.
func (c *call) bytes() ([]byte, error) {
	body, err := io.ReadAll(c.r.Body)
	if err == nil {
		return body, nil
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, &web.Failure{Status: http.StatusRequestEntityTooLarge, Code: latchkey.CodeInvalid,
			Message: "The request is larger than " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes."}
	}
	return nil, latchkey.Errorf(latchkey.CodeInvalid, "The request could not be read.")
}

// read reads the body into v, a pointer to a shape of package representation,
// with the forbearance of its Decode. Members that the shape does not have are
// passed over: clients of several versions must work (docs/keycloak.md).
func (c *call) read(v any) error {
	body, err := c.bytes()
	if err != nil {
		return err
	}
	return decode(body, v)
}

// readIfAny is read where a body may be left out, and says whether there was one.
func (c *call) readIfAny(v any) (bool, error) {
	body, err := c.bytes()
	if err != nil || len(strings.TrimSpace(string(body))) == 0 {
		return false, err
	}
	return true, decode(body, v)
}

// decode is [call.read] for a body in hand.
func decode(body []byte, v any) error {
	if len(strings.TrimSpace(string(body))) == 0 {
		return latchkey.Errorf(latchkey.CodeInvalid, "The request has no body.")
	}
	if _, err := representation.Decode(body, v); err != nil {
		var e *latchkey.Error
		if errors.As(err, &e) && e.Field == "" {
			return cannotParse(e)
		}
		return err
	}
	return nil
}

// answer writes v as JSON.
func (c *call) answer(v any) error { return web.WriteJSON(c.w, http.StatusOK, v) }

// done answers that it was done.
func (c *call) done() error {
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// created answers with the address of what was made, below the realm: clients
// read its id from there.
func (c *call) created(parts ...string) error {
	c.w.Header().Set("Location", c.address(parts...))
	c.w.WriteHeader(http.StatusCreated)
	return nil
}

// address is where something of the realm is administered.
func (c *call) address(parts ...string) string {
	return c.door.Site.URL(append([]string{"admin", "realms", c.snap.Realm.Name}, parts...)...)
}

// view reads.
func (c *call) view(f func(tx *store.Tx) error) error {
	if c.tx != nil {
		return f(c.tx)
	}
	return c.door.DB.View(c.r.Context(), f)
}

// update changes what is no configuration: people, sessions, groups, mails.
// The closure may be run again: it begins with nothing of an earlier run.
func (c *call) update(f func(tx *store.Tx) error) error {
	if c.tx != nil {
		return f(c.tx)
	}
	return c.door.DB.Update(c.r.Context(), f)
}

// edit changes the realm's configuration. Changes of one realm wait for each
// other, and each gets the snapshot that the one before it left; so two
// administrators who change one object by parts lose nothing of each other's.
// What the snapshot holds is never changed in place: copy, change the copy,
// write it. The closure may be run again, and so does nothing slow.
func (c *call) edit(f func(tx *store.Tx, snap *latchkey.Snapshot) error) error {
	if c.tx != nil {
		return f(c.tx, c.snap)
	}
	id := c.snap.Realm.ID
	err := c.door.DB.Update(c.r.Context(), func(tx *store.Tx) error {
		snap, err := realm.Edit(tx, c.snap)
		if err != nil {
			return notFound(err, "Realm not found.")
		}
		return f(tx, snap)
	})
	if err == nil {
		c.door.Realms.Invalidate(id)
	}
	return err
}

// The operations of admin events.
const (
	operationCreate = "CREATE"
	operationUpdate = "UPDATE"
	operationDelete = "DELETE"
	operationAction = "ACTION"
)

// act is what an administrator did, for the record.
type act struct {
	operation string
	resource  string // Keycloak's resource type: "USER", "CLIENT", ...
	path      string // below the realm: "users/…"
	body      any    // what was sent; its secrets are masked. Nil when there is nothing to show
}

// record writes down what was done, in the transaction that does it, when the
// realm keeps admin events; with the representation when it keeps that. One log
// line tells of it in any case.
func (c *call) record(tx *store.Tx, a act) error { return c.recordIn(tx, c.snap.Realm, a) }

// recordIn is record for another realm than the one that is administered.
func (c *call) recordIn(tx *store.Tx, of *latchkey.Realm, a act) error {
	e := &latchkey.AdminEvent{RealmID: of.ID, AuthRealmID: c.caller.realm.Realm.ID, AuthUserID: c.caller.userID,
		AuthIPAddress: c.caller.ip, OperationType: a.operation, ResourceType: a.resource, ResourcePath: a.path}
	if c.caller.client != nil {
		e.AuthClientID = c.caller.client.ID
	}
	if !of.AdminEventsEnabled {
		event.LogAdmin(tx, e)
		return nil
	}
	if of.AdminEventsDetailsEnabled && a.body != nil {
		shown, err := representation.WithoutSecrets(a.body)
		if err != nil {
			return err
		}
		e.Representation = string(shown)
	}
	return event.RecordAdmin(tx, e)
}
