package flow_test

import (
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/user"
)

// mailbox is a step that is identified, or passes, as the form says.
type mailbox struct{ step }

func (m mailbox) Action(c *flow.Context) (flow.Outcome, error) {
	if c.Form.Get("answer") == "identified" {
		c.Login.SetNote("identified", "1")
		c.SetUser(&latchkey.User{RealmID: "realm", ID: "ada", Username: "ada", Enabled: true})
		return flow.Outcome{Kind: flow.Identified}, nil
	}
	return m.step.Action(c)
}

func (m mailbox) Authenticate(c *flow.Context) (flow.Outcome, error) {
	if c.Login.Note("identified") != "" {
		return flow.Outcome{Kind: flow.Identified}, nil
	}
	return m.step.Authenticate(c)
}

// form is the page of a form-flow: it shows how many parts it has.
type form struct{ step }

func (f form) Authenticate(c *flow.Context) (flow.Outcome, error) {
	name := ""
	for _, p := range c.Parts {
		name += p.Execution.Authenticator
		if p.Action == nil {
			name += "?"
		} else if c.ForPart(p).Execution != p.Execution {
			name += "!"
		}
		name += " "
	}
	return flow.Outcome{Kind: flow.Challenge, Screen: screen{Username: name}}, nil
}

// part is a part of a form that does nothing.
type part struct{ id string }

func (p part) Provider() flow.Provider                         { return flow.Provider{ID: p.id} }
func (part) Show(*flow.Context, *flow.RegistrationForm) error  { return nil }
func (part) Validate(*flow.Context) ([]flow.FieldError, error) { return nil, nil }
func (part) Success(*flow.Context, *user.Draft) error          { return nil }

// newEntryWorld is a realm with a sign-in by mail or password and a second
// step, a registration of one form, and a reset of one step.
func newEntryWorld(t *testing.T) *world {
	w := newWorld(t, "R "+latchkey.AuthPasswordForm+"\nR second\nR third")
	one := func(id string, e ...latchkey.Execution) *latchkey.Flow {
		return &latchkey.Flow{RealmID: "realm", ID: id, Alias: id, Executions: e}
	}
	w.snap.Flows = append(w.snap.Flows,
		one("registration", latchkey.Execution{ID: "x:form", Authenticator: "form", FlowID: "parts", Requirement: latchkey.Required}),
		one("parts", latchkey.Execution{ID: "x:a", Authenticator: "part-a", Requirement: latchkey.Required},
			latchkey.Execution{ID: "x:b", Authenticator: "part-b", Requirement: latchkey.Disabled, Priority: 1},
			latchkey.Execution{ID: "x:c", Authenticator: "part-c", Requirement: latchkey.Required, Priority: 2}),
		one("reset", latchkey.Execution{ID: "x:ask-mail", Authenticator: "ask-mail", Requirement: latchkey.Required}))
	w.snap.Realm.BrowserFlow, w.snap.Realm.RegistrationFlow, w.snap.Realm.ResetCredentialsFlow = "top", "registration", "reset"
	w.snap.Index()
	w.registry = flow.NewRegistry([]flow.Authenticator{step{latchkey.AuthPasswordForm}, step{"second"}, step{"third"}, form{step{"form"}},
		mailbox{step{"ask-mail"}}}, nil, part{"part-a"}, part{"part-b"})
	return w
}

func (w *world) enter(entry latchkey.Entry) bool { return flow.Enter(w.snap, w.login, entry) }

// A form-flow is one step, whose page is told of its enabled parts.
func TestFormFlow(t *testing.T) {
	w := newEntryWorld(t)
	if !w.enter(latchkey.EntryRegistration) {
		t.Fatal("not entered")
	}
	if got := w.turn(""); got != "part-a part-c? " {
		t.Errorf("the page is %q", got)
	}
	if !w.registry.Built("part-a") || !w.registry.Built("form") || w.registry.Built("part-c") {
		t.Error("what is built")
	}
}

// when a registration or a reset is through, the login goes on in the
// flow that signs people in: its first factor is passed, nothing else is.
func TestAnEntryGoesOnInTheSignIn(t *testing.T) {
	for name, test := range map[string]struct{ answer, want string }{
		"proven":     {"yes", "second"},
		"identified": {"identified", latchkey.AuthPasswordForm},
	} {
		t.Run(name, func(t *testing.T) {
			w := newEntryWorld(t)
			w.enter(latchkey.EntryReset)
			if got := w.turn(""); got != "ask-mail" {
				t.Fatalf("the page is %q", got)
			}
			if got := w.turn("ask-mail=" + test.answer); got != test.want {
				t.Errorf("then %q, want %q", got, test.want)
			}
			if w.login.Entry != latchkey.EntrySignIn || w.login.FlowID != "top" {
				t.Errorf("the login is %+v", w.login)
			}
		})
	}
}

// Between the entries nothing is carried but the name, towards a reset; and a
// login that has mailed, or is through, is not taken elsewhere.
func TestEnter(t *testing.T) {
	w := newEntryWorld(t)
	dirty := func() {
		w.login.UserID, w.login.AMR, w.login.Current, w.login.Draft = "ada", []string{"pwd"}, "x:second", []byte("x")
		w.login.Executions = map[string]latchkey.ExecutionStatus{"x:second": latchkey.StatusSuccess}
		w.login.SetNote(flow.NoteAttempted, "ada")
		w.login.SetNote("other", "1")
		w.login.NumberTries, w.login.CodeTries = 2, 3
	}
	for _, to := range []latchkey.Entry{latchkey.EntryReset, latchkey.EntrySignIn, latchkey.EntryRegistration, latchkey.EntrySignIn} {
		dirty()
		if !w.enter(to) {
			t.Fatalf("%q is not entered", to)
		}
		l, name := w.login, ""
		if to == latchkey.EntryReset {
			name = "ada"
		}
		if l.UserID != "" || len(l.AMR) > 0 || l.Current != "" || len(l.Draft) > 0 || len(l.Executions) > 0 || l.Note("other") != "" ||
			l.Note(flow.NoteAttempted) != name || l.NumberTries != 2 || l.CodeTries != 3 || l.Entry != to || l.FlowID != w.snap.EntryFlow(nil, to).ID {
			t.Errorf("%q: the login is %+v", to, l)
		}
	}
	for name, change := range map[string]func(l *latchkey.Login){
		"it has mailed": func(l *latchkey.Login) { l.Mail.Sent = 1 }, "it is proven": func(l *latchkey.Login) { l.Mail.ProvenAt = time.Unix(1, 0) },
		"its flow is through": func(l *latchkey.Login) { l.Action = "X" }, "the flow is gone": func(*latchkey.Login) { w.snap.Realm.ResetCredentialsFlow = "gone" },
	} {
		w.login = &latchkey.Login{RealmID: "realm", ID: "login", FlowID: "top"}
		change(w.login)
		if w.enter(latchkey.EntryReset) || w.login.FlowID != "top" {
			t.Errorf("%s: entered", name)
		}
	}
}
