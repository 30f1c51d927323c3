package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// realmBody bounds the body that makes a realm: an export with some ten
// thousand people. More are imported by the command line.
const realmBody = 64 << 20

func (d *Door) realmRoutes() []route {
	return []route{
		{method: "GET", path: "/admin/realms", anybody: true, act: d.realms, summary: "List the realms that the caller may see",
			query: []param{{"briefRepresentation", flag, "names and states only"}}, gives: []representation.Realm{}},
		{method: "POST", path: "/admin/realms", anybody: true, asks: []string{createRealm}, act: d.createRealm, summary: "Make a realm: an export with all that is in it, or a name alone",
			query: []param{{"report", flag, "answer with what is not acted on as the export says, item by item; else the answer is empty"}},
			body:  representation.Realm{}, status: http.StatusCreated, size: realmBody},
		{method: "GET", path: "", act: d.realm, summary: "Read a realm's settings", gives: representation.Realm{}},
		{method: "PUT", path: "", may: mayManageRealm, act: d.updateRealm, summary: "Change a realm's settings: those that are given",
			body: representation.Realm{}},
		{method: "DELETE", path: "", may: mayManageRealm, act: d.deleteRealm, summary: "Delete a realm with all that is in it"},
		{method: "PUT", path: "/ui-ext", may: mayManageRealm, act: d.updateRealmAndProfile,
			summary: "Change a realm's settings and its user profile (upConfig) at once", body: representation.Realm{}},
		{method: "GET", path: "/ui-ext/realms/names", act: d.realmNames, summary: "List the names of the realms that the caller may see",
			query: with(paging, []param{{"search", text, "a part of the name"}}), gives: []realmName{}},
	}
}

// realms lists the realms of which the caller sees something: all of it, or
// their names, by what the caller may there.
func (d *Door) realms(c *call) error {
	out := []any{}
	err := d.eachRealm(c, func(r store.RealmHead, roles map[string]bool) error {
		switch {
		case !has(roles, mayViewRealm):
			out = append(out, &representation.Realm{ID: new(r.ID), Realm: new(r.Name), Enabled: new(r.Enabled)})
			return nil
		case c.flag("briefRepresentation", false):
			out = append(out, briefRealm(r))
			return nil
		}
		snap, err := d.Realms.Get(c.r.Context(), r.Name)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			return nil // gone meanwhile
		}
		if err == nil {
			out = append(out, shownRealm(snap))
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(out) == 0 {
		return forbidden()
	}
	return c.answer(out)
}

type shownRealmKey struct{}

// shownRealm is a realm as it is shown to who may see it, worked out once for
// each state of the realm.
func shownRealm(snap *latchkey.Snapshot) json.RawMessage {
	return snap.Derive(shownRealmKey{}, func() any {
		text, _ := json.Marshal(representation.RealmOf(snap)) // strings, numbers and what was JSON always encode
		return json.RawMessage(text)
	}).(json.RawMessage)
}

func briefRealm(r store.RealmHead) *representation.Realm {
	brief := &representation.Realm{ID: new(r.ID), Realm: new(r.Name), Enabled: new(r.Enabled)}
	if r.DisplayName != "" {
		brief.DisplayName = new(r.DisplayName)
	}
	if r.DisplayNameHTML != "" {
		brief.DisplayNameHTML = new(r.DisplayNameHTML)
	}
	return brief
}

// eachRealm gives the realms that the caller has administrative roles for.
func (d *Door) eachRealm(c *call, f func(r store.RealmHead, roles map[string]bool) error) error {
	own := c.caller.realm.Realm
	all := []store.RealmHead{{ID: own.ID, Name: own.Name, Enabled: own.Enabled, DisplayName: own.DisplayName, DisplayNameHTML: own.DisplayNameHTML}}
	if c.caller.master() {
		err := c.view(func(tx *store.Tx) (err error) {
			all, err = tx.RealmHeads()
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, r := range all {
		if roles := c.caller.rolesIn(r.Name); len(roles) > 0 {
			if err := f(r, roles); err != nil {
				return err
			}
		}
	}
	return nil
}

// realmName is a realm in the console's list.
type realmName struct {
	Name        string `json:"name"`
	DisplayName string `json:"displayName,omitempty"`
}

func (d *Door) realmNames(c *call) error {
	first, limit, err := c.page(everything)
	if err != nil {
		return err
	}
	search := strings.ToLower(c.text("search"))
	out := []realmName{}
	err = d.eachRealm(c, func(r store.RealmHead, _ map[string]bool) error {
		if strings.Contains(strings.ToLower(r.Name), search) || strings.Contains(strings.ToLower(r.DisplayName), search) {
			out = append(out, realmName{r.Name, r.DisplayName})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(part(out, first, limit))
}

// realm shows a realm: to administrators who may not see its settings, what
// the console's frame needs.
func (d *Door) realm(c *call) error {
	if c.may(mayViewRealm...) {
		return c.answer(shownRealm(c.snap))
	}
	whole := representation.RealmOf(c.snap)
	return c.answer(&representation.Realm{ID: whole.ID, Realm: whole.Realm, Enabled: whole.Enabled, DisplayName: whole.DisplayName,
		InternationalizationEnabled: whole.InternationalizationEnabled, SupportedLocales: whole.SupportedLocales,
		DefaultLocale: whole.DefaultLocale, RegistrationEmailAsUsername: whole.RegistrationEmailAsUsername})
}

// createRealm makes a realm as an import of it does. Who makes one without
// being an administrator of everything administers the new one.
func (d *Door) createRealm(c *call) error {
	if !c.caller.createsRealms() {
		return forbidden()
	}
	body, err := c.bytes()
	if err != nil {
		return err
	}
	var named representation.Realm
	if err := decode(body, &named); err != nil {
		return err
	}
	name := strings.TrimSpace(representation.Value(named.Realm))
	if name == "" {
		return tellError(http.StatusBadRequest, "Realm name cannot be empty")
	}
	sources, err := realm.Parse(body)
	if err != nil {
		return err
	}
	results, err := realm.Import(c.r.Context(), d.DB, sources, realm.ImportOptions{IfExists: realm.Fail,
		Options: realm.Options{Now: d.Now(), Built: d.Registry.Built, Strict: true},
		Record:  func(tx *store.Tx) error { return c.giveToCreator(tx, name, named) }})
	d.Realms.Invalidate(c.caller.realm.Realm.ID)
	if err != nil {
		return conflict(err, "Realm "+name+" already exists")
	}
	for _, line := range results[0].Report.Lines() {
		d.Log.Info("made by the API, and not all of it is acted on", "realm", name, "what", line)
	}
	c.w.Header().Set("Location", d.Site.URL("admin", "realms", name))
	if c.flag("report", false) {
		return web.WriteJSON(c.w, http.StatusCreated, reportOf(results[0].Report))
	}
	c.w.WriteHeader(http.StatusCreated)
	return nil
}

// notActedOn is one thing that a realm does not have as its export said.
type notActedOn struct {
	Field string   `json:"field"`
	Fate  string   `json:"fate"` // not taken, kept, changed, added, missing
	Names []string `json:"names,omitempty"`
	More  int      `json:"more,omitempty"` // how many names there are besides
	Value string   `json:"value,omitempty"`
	Why   string   `json:"why"`
}

// reportOf is the report of an import, as the command line gives it in lines.
func reportOf(r realm.Report) []notActedOn {
	out := []notActedOn{}
	for _, i := range r.Items {
		out = append(out, notActedOn{i.Field, string(i.Fate), i.Names, i.More, i.Value, i.Why})
	}
	return out
}

// giveToCreator records that the realm was made, and gives who made it its
// administrative roles where they do not have them by the role admin.
func (c *call) giveToCreator(tx *store.Tx, name string, body representation.Realm) error {
	of := c.caller.realm.Realm
	if err := c.recordIn(tx, of, act{operationCreate, "REALM", name, body}); err != nil || c.caller.administersAll() {
		return err
	}
	snap, err := tx.Snapshot(of.ID)
	if err != nil {
		return err
	}
	client := snap.ClientByClientID(realm.AdminClientID(name))
	for _, r := range snap.Roles {
		if client == nil || r.ClientID != client.ID {
			continue
		}
		if err := tx.AddUserRole(of.ID, c.caller.userID, r.ID); err != nil {
			return err
		}
	}
	return nil
}

func (d *Door) updateRealm(c *call) error {
	var body representation.Realm
	if err := c.read(&body); err != nil {
		return err
	}
	return d.changeRealm(c, &body, nil)
}

// updateRealmAndProfile is what the console's form of a realm sends.
func (d *Door) updateRealmAndProfile(c *call) error {
	text, err := c.bytes()
	if err != nil {
		return err
	}
	var body representation.Realm
	var more struct {
		Profile *representation.Profile `json:"upConfig"`
	}
	if err := decode(text, &body); err != nil {
		return err
	}
	if err := decode(text, &more); err != nil {
		return err
	}
	return d.changeRealm(c, &body, more.Profile)
}

// changeRealm changes what is given of a realm and, where there is one, its
// user profile.
func (d *Door) changeRealm(c *call, body *representation.Realm, profile *representation.Profile) error {
	delete(body.Kept, "upConfig")
	edit := c.edit
	if body.DefaultSignatureAlgorithm != nil {
		edit = c.editSigning
	}
	err := edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		changed := *snap.Realm
		if err := realm.ApplySettings(body, &changed, snap); err != nil {
			return err
		}
		if err := checkMail(&changed.SMTP, &snap.Realm.SMTP); err != nil {
			return err
		}
		if profile != nil {
			noun, err := profileNoun(profile)
			if err != nil {
				return err
			}
			changed.Profile = noun
		}
		name := changed.Name
		if body.Realm != nil {
			name = *body.Realm
		}
		if err := realm.Rename(tx, &changed, name); err != nil {
			if name != snap.Realm.Name {
				return conflict(err, "Realm with same name exists")
			}
			return err
		}
		return c.record(tx, act{operationUpdate, "REALM", "", body})
	})
	if err != nil {
		return err
	}
	d.Realms.Invalidate(c.caller.realm.Realm.ID) // master's client follows a new name
	return c.done()
}

func (d *Door) deleteRealm(c *call) error {
	gone := c.snap.Realm
	// A large realm takes its time, and goes to its end also when the caller
	// does not wait for it.
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Time{})
	err := realm.Delete(context.WithoutCancel(c.r.Context()), d.DB, gone.ID, realm.DeleteOptions{Record: func(tx *store.Tx) error {
		if c.caller.realm.Realm.ID == gone.ID { // there is no record left to write to
			return nil
		}
		return c.recordIn(tx, c.caller.realm.Realm, act{operationDelete, "REALM", gone.Name, nil})
	}})
	d.Realms.Invalidate(gone.ID)
	if err != nil {
		return notFound(err, "Realm not found.")
	}
	d.Realms.Invalidate(c.caller.realm.Realm.ID)
	return c.done()
}
