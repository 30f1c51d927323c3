package login

import (
	"net/http"
	"net/url"

	"latchkey"
	"latchkey/internal/store"
)

// Begin begins a login that an application asked for, in the browser of the
// request, and runs its flow as far as it goes without the person, in one
// transaction. The answer is a redirect to the open step, or, when nothing is
// left to ask or no page may be shown, the application's. Of what is given it
// takes client, request, answer, flow and entry.
func (d *Door) Begin(w http.ResponseWriter, r *http.Request, snap *latchkey.Snapshot, l *latchkey.Login) error {
	v := &visit{r: r, w: w, snap: snap, browser: d.Site.Browser(r), client: snap.ClientByID(l.ClientID), query: url.Values{}}
	d.recognize(v)
	if !allowed(snap.Realm, l.Entry) {
		return d.notAllowed(v, l.Entry)
	}
	if err := d.DB.View(r.Context(), func(tx *store.Tx) error { return d.findPerson(tx, v) }); err != nil {
		return err
	}
	d.ownBrowser(v)
	t := &turn{visit: v}
	t.open = func(tx *store.Tx) (*latchkey.Login, answer, error) {
		asked := *l
		asked.BrowserHash = v.browserHash
		return d.anew(tx, v, &asked), nil, nil
	}
	return d.take(t)
}
