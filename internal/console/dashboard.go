package console

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"latchkey"
	"latchkey/internal/page"
)

func dashboardRows() []row {
	return []row{{method: http.MethodGet, path: "{$}", handle: showDashboard}}
}

// dashboard says at a glance how the realm is. What the person may not see is
// left out.
type dashboard struct {
	Frame
	Top     top
	Steps   []firstStep
	Figures []figure
	Plots   []*plot
	// Examined says that the findings were asked for; AskURL asks the DNS, too,
	// and is empty once it was.
	Examined bool
	Looks    []look
	AskURL   string
	State    overview
	SpecURL  string // of the API's description
}

// overview is how far the realm has come, as the API says.
type overview struct {
	Version, KeycloakVersion         string
	Mail, MailCaught, Client, SignIn bool
}

// firstStep is one of the first things that a realm needs.
type firstStep struct {
	Title, Text string // keys
	URL         string
	Link        string // a key
	Away        bool   // it is another application, and opens beside
}

// figure is a number that matters, with what it is of.
type figure struct {
	Label string // a key
	Value string
	Note  string // a key with its arguments
	Args  []any
	URL   string
	Bad   bool
}

// Title names the page.
func (p dashboard) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Render writes the page's main part.
func (p dashboard) Render(ctx context.Context, w io.Writer) error {
	return dashboardView(p).Render(ctx, w)
}

func showDashboard(v *visit) error {
	p := dashboard{Frame: v.frame(""), Top: top{Title: "console.dashboard", Intro: "console.overview.intro"},
		SpecURL: v.Site.Path("admin", "openapi.json")}
	for _, part := range []func(*visit) error{p.state, p.signIns, p.mails, p.people, p.examine} {
		if err := part(v); err != nil {
			return err
		}
	}
	return v.write(http.StatusOK, p)
}

// state says which of the first steps are to be done.
func (p *dashboard) state(v *visit) error {
	if err := v.api(http.MethodGet, "/overview", nil, &p.State); err != nil {
		return err
	}
	account := v.Site.Path("realms", v.of, "account", "")
	steps := []struct {
		done bool
		may  string
		step firstStep
	}{
		{p.State.Mail, "manage-realm", firstStep{Title: "console.overview.step.mail", Text: "console.overview.step.mail.text",
			URL: v.path("realm-settings", "email"), Link: "console.overview.step.mail.link"}},
		{p.State.Client, "manage-clients", firstStep{Title: "console.overview.step.client", Text: "console.overview.step.client.text",
			URL: v.path("clients", "create"), Link: "console.overview.step.client.link"}},
		{p.State.SignIn, "", firstStep{Title: "console.overview.step.sign-in", Text: "console.overview.step.sign-in.text",
			URL: account, Link: "console.overview.step.sign-in.link", Away: true}},
	}
	if v.of == latchkey.MasterRealm { // which is of those who look after the server
		steps[1].done, steps[1].may = !v.who.CreateRealm || len(p.Menu.Head.(switcher).Others) > 0, ""
		steps[1].step = firstStep{Title: "console.overview.step.realm", Text: "console.overview.step.realm.text", URL: v.URL("create-realm"), Link: "console.create-realm"}
	}
	for _, s := range steps {
		if !s.done && (s.may == "" || v.may(s.may)) {
			p.Steps = append(p.Steps, s.step)
		}
	}
	return nil
}

// eventStatistics is what the API says of how often what happened.
type eventStatistics struct {
	From, To, Step int64
	Total          map[string]int
	Intervals      []struct {
		Time   int64
		Counts map[string]int
	}
	Errors []struct {
		Type, Error string
		Count       int
	}
}

// The events of a sign-in, of one that failed, and of a new account.
const (
	eventLogin      = "LOGIN"
	eventLoginError = "LOGIN_ERROR"
	eventRegister   = "REGISTER"
)

// signIns shows the sign-ins of a day and of a week, and draws the day.
func (p *dashboard) signIns(v *visit) error {
	if !v.may("view-events", "manage-events") {
		return nil
	}
	var day, week eventStatistics
	if err := v.api(http.MethodGet, "/events/statistics", nil, &day); err != nil {
		return err
	}
	if err := v.api(http.MethodGet, "/events/statistics"+periods[1].query(v.Now()), nil, &week); err != nil {
		return err
	}
	for _, f := range []struct {
		of    eventStatistics
		label string
	}{{day, "console.overview.sign-ins.day"}, {week, "console.overview.sign-ins.week"}} {
		failed := f.of.Total[eventLoginError]
		p.Figures = append(p.Figures, figure{Label: f.label, Value: count(f.of.Total[eventLogin]), Note: "console.overview.sign-ins.note",
			Args: []any{count(failed), count(f.of.Total[eventRegister])}, URL: v.path("events", "user-events") + "?type=" + eventLogin})
	}
	counts := map[int64]map[string]int{}
	for _, i := range day.Intervals {
		counts[i.Time] = i.Counts
	}
	p.Plots = append(p.Plots, &plot{ID: "sign-ins", Title: "console.plot.sign-ins", Said: "console.plot.sign-ins.said",
		SaidArgs: []any{count(day.Total[eventLogin]), count(day.Total[eventLoginError])},
		Series:   []series{{"console.plot.sign-ins.good", "done"}, {"console.plot.sign-ins.bad", "bad"}},
		Points: span(day.From, day.To, day.Step, func(at int64) []int64 {
			return []int64{int64(counts[at][eventLogin]), int64(counts[at][eventLoginError])}
		})})
	return nil
}

// mails shows how mails were delivered in a day, and draws it.
func (p *dashboard) mails(v *visit) error {
	if !v.may("view-users", "manage-users", "view-realm", "manage-realm", "view-events", "manage-events") {
		return nil
	}
	var s mailStatistics
	if err := v.api(http.MethodGet, "/messages/statistics", nil, &s); err != nil {
		return err
	}
	f := figure{Label: "console.overview.mails", Value: count(s.Total["handed_over"]), Note: "console.overview.mails.none", URL: v.path("mail", "statistics")}
	if s.HandOver.Count > 0 {
		f.Note, f.Args = "console.overview.mails.note", []any{duration(s.HandOver.P50), duration(s.HandOver.P95)}
	}
	p.Figures = append(p.Figures, f, figure{Label: "console.overview.mails.lost", Value: count(s.lost()), Note: "console.overview.mails.lost.note",
		Args: []any{count(s.Total["withheld"]), count(s.Total["queued"])}, URL: v.path("mail", "statistics"), Bad: s.lost() > 0})
	p.Plots = append(p.Plots, s.byState("mails", "console.plot.mails.said"))
	return nil
}

// people counts users and their sessions.
func (p *dashboard) people(v *visit) error {
	if !v.may("view-users", "manage-users") {
		return nil
	}
	var users int
	if err := v.api(http.MethodGet, "/users/count", nil, &users); err != nil {
		return err
	}
	var sessions struct{ Active, Offline int }
	if err := v.api(http.MethodGet, "/sessions/count", nil, &sessions); err != nil {
		return err
	}
	p.Figures = append(p.Figures,
		figure{Label: "console.overview.sessions", Value: count(sessions.Active), Note: "console.overview.sessions.note", Args: []any{count(sessions.Offline)},
			URL: v.path("sessions")},
		figure{Label: "console.users", Value: count(users), URL: v.path("users")})
	return nil
}

// count writes a number with its thousands apart.
func count(n int) string {
	text := []byte(nil)
	for i, digits := 0, []byte(strconv.Itoa(n)); i < len(digits); i++ {
		if i > 0 && (len(digits)-i)%3 == 0 {
			text = append(text, "\u202f"...) // NARROW NO-BREAK SPACE, as ISO 80000-1 has it
		}
		text = append(text, digits[i])
	}
	return string(text)
}
