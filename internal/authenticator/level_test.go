package authenticator_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/flow"
	"latchkey/internal/store/storetest"
)

// leveled is a flow like that of Keycloak's guide to step-up: a password
// reaches level 1, a mailed link on top of it level 2.
func (w *world) leveled(age1, age2 int) {
	level := func(n, age int, provider string) step {
		return step{requirement: latchkey.Conditional, sub: []step{
			{provider: latchkey.ConditionLevel, requirement: latchkey.Required, config: map[string]string{
				"loa-condition-level": strconv.Itoa(n), "loa-max-age": strconv.Itoa(age)}},
			{provider: provider, requirement: latchkey.Required},
		}}
	}
	w.flows(step{provider: latchkey.AuthCookie, requirement: latchkey.Alternative},
		step{requirement: latchkey.Alternative, sub: []step{
			level(1, age1, latchkey.AuthUsernamePasswordForm), level(2, age2, latchkey.AuthMagicLink)}})
}

func wants(level int, required bool) latchkey.AuthorizationRequest {
	r := latchkey.AuthorizationRequest{Level: &level}
	if required {
		r.RequiredLevel = &level
	}
	return r
}

// through answers every page of the login and says which they were and what
// the login came to.
func (b *tab) through() string {
	b.w.t.Helper()
	var pages []string
	res := b.get()
	for range 6 {
		switch s := res.Screen.(type) {
		case nil:
			out := fmt.Sprint(pages)
			if res.Kind != flow.Done {
				return out + " " + res.Code
			}
			return fmt.Sprintf("%s level %d", out, b.login.Level())
		case flow.UsernamePasswordForm:
			pages = append(pages, "password")
			res = b.post("username", "ada@example.test", "password", password)
		case flow.Waiting, flow.EmailForm:
			pages = append(pages, "mail")
			b.get()
			res = b.post("code", actiontoken.Code(storetest.Keyring(), b.login.ID).Reveal())
		default:
			b.w.t.Fatalf("page %T", s)
		}
	}
	b.w.t.Fatal("no end of pages")
	return ""
}

// levels are asked for, held and told as in Keycloak; a session
// is honoured for as long as each level's max age says.
func TestLevels(t *testing.T) {
	for name, c := range map[string]struct {
		age1, age2 int
		held       map[int]int // levels of the session: how many seconds ago; nil: no session
		req        latchkey.AuthorizationRequest
		want       string
	}{
		"nothing asked, nobody there":         {600, 600, nil, latchkey.AuthorizationRequest{}, "[password] level 1"},
		"level 1, nobody there":               {600, 600, nil, wants(1, false), "[password] level 1"},
		"level 2, nobody there":               {600, 600, nil, wants(2, true), "[password mail] level 2"},
		"more than there is, voluntary":       {600, 600, nil, wants(5, false), "[password mail] level 2"},
		"more than there is, essential":       {600, 600, nil, wants(5, true), "[password mail] unmet_authentication_requirements"},
		"nothing asked, session of level 1":   {600, 600, map[int]int{1: 60}, latchkey.AuthorizationRequest{}, "[] level 1"},
		"level 1, session of level 1":         {600, 600, map[int]int{1: 60}, wants(1, true), "[] level 1"},
		"level 2, session of level 1":         {600, 600, map[int]int{1: 60}, wants(2, true), "[mail] level 2"},
		"level 2, session of level 2":         {600, 600, map[int]int{1: 60, 2: 60}, wants(2, true), "[] level 2"},
		"nothing asked, session of level 2":   {600, 600, map[int]int{1: 60, 2: 60}, latchkey.AuthorizationRequest{}, "[] level 2"},
		"level 2 ran out":                     {600, 30, map[int]int{1: 60, 2: 60}, wants(2, false), "[mail] level 2"},
		"level 2 ran out, level 1 is enough":  {600, 30, map[int]int{1: 60, 2: 60}, wants(1, false), "[] level 1"},
		"level 1 ran out, and 2 stands on it": {30, 600, map[int]int{1: 60, 2: 60}, wants(2, false), "[password mail] level 2"},
		"level 2 for one login only":          {600, 0, map[int]int{1: 0, 2: 0}, wants(2, true), "[mail] level 2"},
		"more than there is, session of 2":    {600, 600, map[int]int{1: 60, 2: 60}, wants(9, false), "[] level 2"},
		"a session of another flow":           {600, 600, map[int]int{}, wants(1, true), "[password] level 1"},
		"a session of another flow, no level": {600, 600, map[int]int{}, latchkey.AuthorizationRequest{}, "[] level 0"},
		"prompt=login begins at nothing":      {600, 600, map[int]int{1: 60, 2: 60}, latchkey.AuthorizationRequest{Prompt: []string{"login"}}, "[password] level 1"},
	} {
		t.Run(name, func(t *testing.T) {
			db, _ := storetest.SQLite(t)
			w := newWorld(t, db)
			w.leveled(c.age1, c.age2)
			u := w.user("ada@example.test", true, nil)
			b := w.open(c.req)
			if c.held != nil {
				b.signIn(u, w.clock.Now().Add(-time.Minute))
				b.session.AMR, b.session.Levels = []string{"pwd"}, map[int]time.Time{}
				for level, ago := range c.held {
					b.session.Levels[level] = w.clock.Now().Add(-time.Duration(ago) * time.Second)
				}
			}
			if got := b.through(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// a step-up adds to what the session proved; a full sign-in does not.
func TestStepUpMethods(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.leveled(600, 600)
	u := w.user("ada@example.test", true, nil)
	b := w.open(wants(2, true)).signIn(u, w.clock.Now().Add(-time.Minute))
	at := w.clock.Now().Add(-time.Minute)
	b.session.AMR, b.session.Levels = []string{"pwd"}, map[int]time.Time{1: at}
	b.through()
	l := b.login
	if !slices.Equal(l.AMR, []string{"pwd", "email"}) || l.FromCookie || !l.Carried {
		t.Errorf("the login is %+v", l)
	}
	if !slices.Equal(slices.Sorted(maps.Keys(l.Levels)), []int{1, 2}) || !l.Levels[1].Equal(at) || !l.Levels[2].Equal(w.clock.Now()) {
		t.Errorf("levels %v", l.Levels)
	}
	b = w.open(latchkey.AuthorizationRequest{Prompt: []string{"login"}}).signIn(u, at)
	b.session.AMR, b.session.Levels = []string{"pwd", "otp", "mfa"}, map[int]time.Time{1: at, 2: at}
	b.through()
	if !slices.Equal(b.login.AMR, []string{"pwd"}) || b.login.Carried {
		t.Errorf("the login is %+v", b.login)
	}
}

// who turns out to be somebody else has nothing of what was carried.
func TestBecomingSomebodyElse(t *testing.T) {
	l := &latchkey.Login{UserID: "ada", Carried: true}
	l.Reach(2, time.Unix(1, 0))
	l.AddAMR("otp")
	l.Become("ada")
	if l.Level() != 2 || len(l.AMR) != 1 {
		t.Errorf("the same person lost %+v", l)
	}
	l.Become("bob")
	if l.Level() != 1 || len(l.AMR) != 0 || l.Carried {
		t.Errorf("somebody else has %+v", l)
	}
}

// The application's choice of account: the page names who is signed in, goes
// on as them, or as somebody else (prompt=select_account).
func TestSelectAccount(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	u := w.user("ada@example.test", false, nil)
	open := func(prompts ...string) *tab {
		b := w.open(latchkey.AuthorizationRequest{Prompt: prompts}).signIn(u, w.clock.Now().Add(-time.Hour))
		b.get()
		if s := screen[flow.SelectAccount](b); s.Account != "ada@example.test" {
			t.Errorf("the page names %q", s.Account)
		}
		b.post("account", "nonsense")
		screen[flow.SelectAccount](b)
		return b
	}
	b := open("select_account")
	if res := b.post("account", "this"); res.Kind != flow.Done || !b.login.FromCookie {
		t.Errorf("to go on: %+v", res)
	}
	b = open("select_account", "login")
	b.post("account", "this")
	if s := screen[flow.EmailForm](b); !s.Fixed || s.Address != "ada@example.test" {
		t.Errorf("to prove it again: %+v", s)
	}
	for _, prompts := range [][]string{{"select_account"}, {"select_account", "login"}} {
		b = open(prompts...)
		b.post("account", "other")
		if s := screen[flow.EmailForm](b); s.Fixed || s.Address != "" {
			t.Errorf("somebody else: %+v", s)
		}
		b.get()
		screen[flow.EmailForm](b)
	}
}

// default.reference.value and its max age (Keycloak's amr).
func TestReferences(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.flows(step{provider: latchkey.AuthUsernamePasswordForm, requirement: latchkey.Required,
		config: map[string]string{"default.reference.value": "hwk", "default.reference.maxAge": "60"}})
	w.user("ada@example.test", true, nil)
	b := w.open(latchkey.AuthorizationRequest{})
	b.through()
	if !slices.Equal(b.login.AMR, []string{"pwd", "hwk", "mfa"}) {
		t.Errorf("amr %v", b.login.AMR)
	}
	s := &latchkey.UserSession{AMR: b.login.AMR, AMRUntil: b.login.AMRUntil}
	if got := s.AMRAt(w.clock.Now().Add(59 * time.Second)); !slices.Equal(got, []string{"pwd", "hwk", "mfa"}) {
		t.Errorf("before its end %v", got)
	}
	if got := s.AMRAt(w.clock.Now().Add(60 * time.Second)); !slices.Equal(got, []string{"pwd"}) {
		t.Errorf("at its end %v", got)
	}
}
