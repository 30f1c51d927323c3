package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// finding is what doctor says.
type finding struct {
	Level, Name, Where, Text, Kind, ID string
	Params                             []string
}

// look is findings of one kind, as the overview says them.
type look struct {
	Level string
	Key   string // of the text,
	Text  string // and the API's sentence, for where there is none
	Label string // a key: the setting that it is about, the text's first argument
	Args  []any  // the text's further arguments
	Count int
	Named []link // what it is said of: the first few,
	More  []link // some of the others,
	Rest  int    // and how many are not named
	Fix   link   // where it is set right, when that is one page
}

// How many things a look names at once, and behind a fold.
const (
	namedFirst = 3
	namedMore  = 40
)

// remedy is where what a finding says is set right.
type remedy struct {
	label string   // the setting's
	tab   string   // of the client that it is said of
	path  []string // the page
	page  string   // a key: what that page is called
}

// remedies are where findings are set right, by their names. Those that are not
// here are said in doctor's words alone.
var remedies = map[string]remedy{
	"ssl-not-required":       {},
	"cross-site-cookies":     {label: "console.realm.latchkey.cookies.cross-site", path: []string{"realm-settings", "security-defenses"}, page: "console.realm-settings.tab.security-defenses"},
	"no-events":              {label: "console.realm.eventsEnabled", path: []string{"realm-settings", "events"}, page: "console.realm-settings.tab.events"},
	"redirect-wildcard":      {label: "console.client.redirectUris", tab: "settings"},
	"any-origin":             {label: "console.client.webOrigins", tab: "settings"},
	"password-grant":         {label: "console.client.directAccessGrantsEnabled", tab: "settings"},
	"pkce-optional":          {label: "console.client.pkce.code.challenge.method", tab: "advanced"},
	"registration-immediate": {label: "console.realm.latchkey.registration.immediate", path: []string{"realm-settings", "login"}, page: "console.realm-settings.tab.login"},
	"flow-missing":           {tab: "advanced", path: []string{"authentication", "flows"}, page: "console.authentication.tab.flows"},
	"pairwise-sector":        {tab: "client-scopes"},
	"link-reuse":             {},
	"link-lifespan":          {},
	"step-not-built":         {path: []string{"authentication", "flows"}, page: "console.authentication.tab.flows"},
	"no-signing-key":         {path: []string{"realm-settings", "keys"}, page: "console.realm-settings.tab.keys"},
	"no-key-rotation":        {label: "console.realm.latchkey.key.rotation.days", path: []string{"realm-settings", "keys"}, page: "console.realm-settings.tab.keys"},
	"old-signing-key":        {path: []string{"realm-settings", "keys"}, page: "console.realm-settings.tab.keys"},
	"no-mail-relay":          {label: "console.realm.host", path: emailSettings, page: "console.realm-settings.tab.email"},
	"plain-smtp":             {label: "console.realm.starttls", path: emailSettings, page: "console.realm-settings.tab.email"},
	"from-not-an-address":    {label: "console.realm.from", path: emailSettings, page: "console.realm-settings.tab.email"},
	"mail-waiting":           {path: []string{"mail", "messages"}, page: "console.mail"},
}

var emailSettings = []string{"realm-settings", "email"}

// examine shows what doctor says of the realm.
func (p *dashboard) examine(v *visit) error {
	if !v.may("view-realm", "manage-realm") {
		return nil
	}
	q := url.Values{}
	if v.query.Get("dns") == "true" {
		q.Set("dns", "true")
	} else {
		p.AskURL = v.at("dns", "true") + "#findings"
	}
	p.Examined = true
	var found []finding
	if err := v.api(http.MethodGet, "/doctor?"+q.Encode(), nil, &found); err != nil {
		return err
	}
	p.Looks = v.looks(found)
	return nil
}

// looks puts findings of one kind together: those that stop people first.
func (v *visit) looks(found []finding) (out []look) {
	place := map[string]int{}
	for _, f := range found {
		i, ok := place[f.Level+f.Name]
		if !ok {
			i = len(out)
			place[f.Level+f.Name] = i
			out = append(out, v.look(f))
		}
		l := &out[i]
		l.Count++
		one := v.said(f)
		switch {
		case one.Text == "":
		case len(l.Named) < namedFirst:
			l.Named = append(l.Named, one)
		case len(l.More) < namedMore:
			l.More = append(l.More, one)
		default:
			l.Rest++
		}
	}
	slices.SortStableFunc(out, func(a, b look) int { return slices.Index(levels, a.Level) - slices.Index(levels, b.Level) })
	return out
}

// levels are those of findings: what stops people comes before what weakens.
var levels = []string{"fault", "weakness"}

// look begins with the first finding of a kind.
func (v *visit) look(f finding) look {
	r := remedies[f.Name]
	l := look{Level: f.Level, Key: "console.finding." + f.Name, Text: f.Text, Label: r.label}
	for _, one := range f.Params {
		l.Args = append(l.Args, one)
	}
	if r.path != nil && f.Kind == "" {
		l.Fix = link{Text: r.page, URL: v.path(slices.Clone(r.path)...)}
	}
	return l
}

// said is what a finding is said of, with the way there.
func (v *visit) said(f finding) link {
	switch {
	case f.Kind == "client" && v.may("view-clients", "manage-clients"):
		tab := remedies[f.Name].tab
		if tab == "" {
			tab = "settings"
		}
		return link{Text: f.Where, URL: v.path("clients", f.ID, tab)}
	case f.Where == "":
		return link{}
	case f.Kind == "flow":
		return link{Text: f.Where, URL: v.path("authentication", "flows", f.ID)}
	}
	if strings.HasSuffix(remedies[f.Name].label, "."+f.Where) {
		return link{} // the setting's key: its label says it
	}
	return link{Text: f.Where}
}
