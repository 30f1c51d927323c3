package account

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/page"
	"latchkey/internal/representation"
)

// Groups is the page of the person's groups.
type Groups struct {
	Frame
	Groups []Group
}

// Group is one that the person is in. Path are the groups above it, from the
// top.
type Group struct {
	Name string
	Path []string
}

func (c *Console) groups(v *visit) error {
	return v.show(pathGroups, func() (page.Page, error) {
		var list []representation.AccountGroup
		if err := v.Call(http.MethodGet, "/groups", nil, &list); err != nil {
			return nil, err
		}
		p := Groups{Frame: v.frame(pathGroups)}
		for _, g := range list {
			one := Group{Name: page.Clean(g.Name)}
			if above := strings.Split(strings.Trim(strings.TrimSuffix(g.Path, g.Name), "/"), "/"); above[0] != "" {
				one.Path = above
			}
			p.Groups = append(p.Groups, one)
		}
		return p, nil
	})
}

// Activity is the page of what happened to the account.
type Activity struct {
	Frame
	Off          bool // the realm keeps no record
	Events       []Event
	Older, Newer string // further pages; empty when there are none
}

// Event is one thing that happened.
type Event struct {
	What        string // a key
	At          time.Time
	Application string
	IPAddress   string
	Bad         bool // it did not work, or somebody should look at it
}

// happened are the keys of what happened, by the type of the event.
var happened = map[string]string{
	"LOGIN": "account.event.login", "LOGIN_ERROR": "account.event.login-error", "REGISTER": "account.event.register", "LOGOUT": "account.event.logout",
	"UPDATE_PROFILE": "account.event.profile", "UPDATE_EMAIL": "account.event.email", "VERIFY_EMAIL": "account.event.verified",
	"UPDATE_PASSWORD": "account.event.password", "UPDATE_CREDENTIAL": "account.event.credential", "REMOVE_CREDENTIAL": "account.event.removed",
	"UPDATE_TOTP": "account.event.totp", "REMOVE_TOTP": "account.event.totp-removed", "GRANT_CONSENT": "account.event.consent",
	"UPDATE_CONSENT": "account.event.consent", "REVOKE_GRANT": "account.event.revoked", "MAIL_HANDED_OVER": "account.event.mail",
	"MAIL_FAILED": "account.event.mail-failed", "LINK_APPROVED_ELSEWHERE": "account.event.approved", "LINK_REPORTED": "account.event.reported",
	"CODE_REFUSED": "account.event.code",
}

// perPage is how many events a page shows.
const perPage = 30

func (c *Console) activity(v *visit) error {
	first, err := strconv.Atoi(v.R.URL.Query().Get("first"))
	if err != nil || first < 0 || first > 100_000 {
		first = 0
	}
	return v.show(pathActivity, func() (page.Page, error) {
		var list []representation.Activity
		if err := v.Call(http.MethodGet, "/activity?max="+strconv.Itoa(perPage+1)+"&first="+strconv.Itoa(first), nil, &list); err != nil {
			return nil, err
		}
		var has representation.AccountFeatures
		if err := v.Call(http.MethodGet, "/features", nil, &has); err != nil {
			return nil, err
		}
		p := Activity{Frame: v.frame(pathActivity), Off: !has.EventsEnabled}
		at := func(n int) string { return v.URL(pathActivity) + "?first=" + strconv.Itoa(n) }
		if len(list) > perPage {
			list, p.Older = list[:perPage], at(first+perPage)
		}
		if first > 0 {
			p.Newer = at(max(0, first-perPage))
		}
		for _, a := range list {
			e := Event{What: happened[a.Type], At: time.UnixMilli(a.Time), Application: page.Clean(cmp.Or(a.ClientName, a.ClientID)), IPAddress: a.IPAddress,
				Bad: a.Error != "" || a.Type == "MAIL_FAILED" || a.Type == "LINK_REPORTED" || a.Type == "CODE_REFUSED"}
			if e.What == "" {
				e.What = "account.event.other"
			}
			p.Events = append(p.Events, e)
		}
		return p, nil
	})
}

// Closed says that the realm keeps a page from the person.
type Closed struct{ Frame }

// Missing says that there is no such page.
type Missing struct{ Frame }
