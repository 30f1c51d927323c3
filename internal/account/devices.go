package account

import (
	"cmp"
	"net/http"
	"net/url"
	"time"

	"latchkey"
	"latchkey/internal/page"
	"latchkey/internal/representation"
)

// Devices is the page of devices and sessions.
type Devices struct {
	Frame
	Devices []Device
	Others  string // leads to the question whether to end all others; empty without any
	All     string // leads to the question whether to end all
}

// Device is a kind of device, with the sessions on it.
type Device struct {
	OS       string // from a fixed list; empty when it is not known
	Current  bool
	Sessions []Session
}

// Session is a sign-in in a browser.
type Session struct {
	Browser             latchkey.Browser
	IPAddress           string
	Started, LastAccess time.Time
	Expires             time.Time // zero: not said
	Applications        []string
	Current             bool
	EndURL              string // leads to the question whether to end it
}

// Confirm is a question before something that cannot be taken back.
type Confirm struct {
	Frame
	Heading string // a key
	Text    string // a key
	Args    []any  // of both
	Form    page.Form
	Fields  []page.FormPostField
	Yes     string // a key
	NoURL   string
}

func (c *Console) devices(v *visit) error {
	ask := v.R.URL.Query().Get("end")
	return v.show(pathDevices, func() (page.Page, error) {
		var list []representation.Device
		if err := v.Call(http.MethodGet, "/sessions/devices", nil, &list); err != nil {
			return nil, err
		}
		if ask != "" {
			if p := v.askEnd(list, ask); p != nil {
				return *p, nil
			}
		}
		return v.devicesOf(list), nil
	})
}

func (v *visit) endURL(what string) string {
	return v.URL(pathDevices) + "?end=" + url.QueryEscape(what)
}

// What may be ended besides a session by its id.
const (
	endOthers = "others"
	endAll    = "all"
)

func (v *visit) devicesOf(list []representation.Device) Devices {
	p := Devices{Frame: v.frame(pathDevices), All: v.endURL(endAll)}
	n := 0
	for _, r := range list {
		d := Device{OS: known(r.OS), Current: r.Current}
		for _, s := range r.Sessions {
			d.Sessions = append(d.Sessions, v.sessionOf(d.OS, s))
			n++
		}
		p.Devices = append(p.Devices, d)
	}
	if n > 1 {
		p.Others = v.endURL(endOthers)
	}
	return p
}

func known(os string) string {
	if os == "Other" {
		return ""
	}
	return os
}

func (v *visit) sessionOf(os string, s representation.AccountSession) Session {
	one := Session{Browser: latchkey.Browser{Name: s.Browser, OS: os}, IPAddress: s.IPAddress, Started: time.Unix(s.Started, 0),
		LastAccess: time.Unix(s.LastAccess, 0), Current: s.Current, EndURL: v.endURL(s.ID)}
	if s.Expires > 0 {
		one.Expires = time.Unix(s.Expires, 0)
	}
	for _, client := range s.Clients {
		one.Applications = append(one.Applications, page.Clean(cmp.Or(client.ClientName, client.ClientID)))
	}
	return one
}

// askEnd asks before sessions are ended, and names them; nil when there is
// nothing of the kind.
func (v *visit) askEnd(list []representation.Device, what string) *Confirm {
	p := &Confirm{Frame: v.frame(pathDevices), Form: v.form(pathDevices), Fields: []page.FormPostField{{Name: "end", Value: what}},
		NoURL: v.URL(pathDevices), Yes: "account.session.end"}
	switch what {
	case endOthers:
		p.Heading, p.Text, p.Yes = "account.end-others.heading", "account.end-others.text", "account.end-others"
		return p
	case endAll:
		p.Heading, p.Text, p.Yes = "account.end-all.heading", "account.end-all.text", "account.end-all"
		return p
	}
	for _, d := range list {
		for _, s := range d.Sessions {
			if s.ID == what {
				p.Heading, p.Text = "account.end-one.heading", "account.end-one.text"
				p.Args = []any{latchkey.Browser{Name: s.Browser, OS: known(d.OS)}, time.Unix(s.Started, 0)}
				return p
			}
		}
	}
	return nil
}

// endSessions is the person's yes. Ending this browser's own session is a
// sign-out.
func (c *Console) endSessions(v *visit) error {
	switch what := v.R.Form.Get("end"); what {
	case endOthers:
		if err := v.Call(http.MethodDelete, "/sessions", nil, nil); err != nil {
			return err
		}
		return v.back(pathDevices, "others")
	case endAll:
		if err := v.Call(http.MethodDelete, "/sessions", nil, nil); err != nil {
			return err
		}
		return v.SignOut(true) // this one the way every sign-out goes
	default:
		var list []representation.AccountSession
		if err := v.Call(http.MethodGet, "/sessions", nil, &list); err != nil {
			return err
		}
		for _, s := range list {
			if s.ID == what && s.Current {
				return c.signOut(v)
			}
		}
		if err := v.Call(http.MethodDelete, "/sessions/"+url.PathEscape(what), nil, nil); err != nil {
			return err
		}
		return v.back(pathDevices, "ended")
	}
}
