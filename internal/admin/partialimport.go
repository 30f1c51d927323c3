package admin

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// What a partial import does with what is there already.
const (
	importFails      = "FAIL"
	importSkips      = "SKIP"
	importOverwrites = "OVERWRITE"
)

// What a partial import did with an object.
const (
	importAdded       = "ADDED"
	importSkipped     = "SKIPPED"
	importOverwritten = "OVERWRITTEN"
)

// importResult is what became of one object of a partial import.
type importResult struct {
	Action   string `json:"action"` // ADDED, SKIPPED, OVERWRITTEN
	Resource string `json:"resourceType"`
	Name     string `json:"resourceName"`
	ID       string `json:"id"`
}

// importResults is Keycloak's answer to a partial import.
type importResults struct {
	Overwritten int            `json:"overwritten"`
	Added       int            `json:"added"`
	Skipped     int            `json:"skipped"`
	Results     []importResult `json:"results"`
}

func (d *Door) partialImportRoutes() []route {
	return []route{
		{method: "POST", path: "/partialImport", may: mayManageRealm, act: d.partialImport, size: realmBody, body: representation.Realm{}, gives: importResults{},
			summary: "Import clients, roles, identity providers, groups and users into a realm that is there: all or nothing; ifResourceExists is FAIL, SKIP or OVERWRITE"},
	}
}

// partialImporter makes what a partial import holds by the very calls that
// make one of each, all in one transaction: what is refused there is refused
// here, and then nothing is done.
type partialImporter struct {
	*call
	policy string
	file   *representation.Realm

	tx    *store.Tx
	now   *latchkey.Snapshot // the realm as it is by now
	table []route
	done  importResults
	// firstRole is where the roles begin among the results.
	firstRole int
}

func (d *Door) partialImport(c *call) error {
	text, err := c.bytes()
	if err != nil {
		return err
	}
	p := &partialImporter{call: c, file: new(representation.Realm), table: d.table()}
	var policy struct {
		IfResourceExists string `json:"ifResourceExists"`
	}
	if err := decode(text, p.file); err != nil {
		return err
	}
	if err := decode(text, &policy); err != nil {
		return err
	}
	switch p.policy = strings.ToUpper(policy.IfResourceExists); p.policy {
	case "":
		p.policy = importFails
	case importFails, importSkips, importOverwrites:
	default:
		return latchkey.Invalid("ifResourceExists", "Expected FAIL, SKIP or OVERWRITE.")
	}
	// Hashing is slow, and so comes before the transaction.
	for i := range p.file.Users {
		if err := c.hashed(&p.file.Users[i]); err != nil {
			return err
		}
	}
	err = c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		p.tx, p.now, p.done = tx, snap, importResults{Results: []importResult{}}
		return p.run()
	})
	if err != nil {
		return err
	}
	return c.answer(p.done)
}

// hashed puts what passwords hash to in the place of those that were sent.
func (c *call) hashed(u *representation.User) error {
	fresh, err := c.credentialsOf(u, &latchkey.User{Username: lower(u.Username), Email: representation.Value(u.Email)})
	if err != nil {
		return err
	}
	u.Credentials = nil
	for _, one := range fresh {
		rep := representation.CredentialOf(one)
		rep.SecretData, rep.Priority = new(one.SecretData), new(one.Priority)
		u.Credentials = append(u.Credentials, rep)
	}
	return nil
}

// run makes the kinds in the order in which they name each other.
func (p *partialImporter) run() error {
	for _, kind := range []func() error{p.clients, p.roles, p.composites, p.providers, p.groups, p.users} {
		if err := kind(); err != nil {
			return err
		}
		if err := p.refresh(); err != nil {
			return err
		}
	}
	return nil
}

// refresh reads the realm as it is by now.
func (p *partialImporter) refresh() (err error) {
	p.now, err = p.tx.Snapshot(p.now.Realm.ID)
	return err
}

// part is one of the API's calls, whose roles the caller needs as ever; at
// names the parameters of its path. It gives the last part of the address of
// what was made.
func (p *partialImporter) part(method, path string, body any, at map[string]string) (string, error) {
	i := slices.IndexFunc(p.table, func(r route) bool { return r.method == method && r.path == path })
	if i < 0 {
		return "", latchkey.Errorf(latchkey.CodeInternal, "there is no call %s %s", method, path)
	}
	if err := p.need(p.table[i].may...); err != nil {
		return "", err
	}
	text, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	r := p.r.Clone(p.r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	for name, value := range at {
		r.SetPathValue(name, value)
	}
	w := &partAnswer{header: http.Header{}}
	inner := &call{w: w, r: r, door: p.door, caller: p.caller, snap: p.now, roles: p.call.roles, query: url.Values{}, tx: p.tx}
	if err := p.table[i].act(inner); err != nil {
		return "", err
	}
	made := w.header.Get("Location")
	return made[strings.LastIndex(made, "/")+1:], nil
}

// partAnswer is the answer of a part, of which the headers are read.
type partAnswer struct{ header http.Header }

func (w *partAnswer) Header() http.Header         { return w.header }
func (w *partAnswer) Write(b []byte) (int, error) { return len(b), nil }
func (w *partAnswer) WriteHeader(int)             {}

// importedObject is one of the objects of an import.
type importedObject struct {
	resource, name string
	taken          string // Keycloak's sentence where it is there already
	id             string // of the one that is there; empty when there is none
	remove         func() error
	make           func() (id string, err error)
}

// take makes the object, or does what the policy says where it is there.
func (p *partialImporter) take(o importedObject) error {
	result := importResult{Resource: o.resource, Name: o.name, ID: o.id, Action: importAdded}
	switch {
	case o.id == "":
		p.done.Added++
	case p.policy == importFails:
		return tellError(http.StatusConflict, o.taken)
	case p.policy == importSkips:
		p.done.Skipped++
		result.Action = importSkipped
	default:
		p.done.Overwritten++
		result.Action = importOverwritten
		if err := o.remove(); err != nil {
			return err
		}
	}
	if result.Action != importSkipped {
		id, err := o.make()
		if err != nil {
			return err
		}
		result.ID = id
	}
	p.done.Results = append(p.done.Results, result)
	return nil
}
