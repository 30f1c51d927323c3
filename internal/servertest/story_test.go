package servertest_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// TestStories plays the stories in testdata/stories: what people do, line by
// line, against the whole server, and what they see. Every story names the
// events that it caused, and no other may have happened.
//
// A line is a command with its arguments; text in double quotes is one
// argument; $link, $code, $number and saved names stand for what was found.
//
//	browser NAME             who acts from here on; a new name is a new profile
//	start [PARAM=VALUE ...]  the application sends the browser to sign in
//	fill FIELD=VALUE ...     fills in the form with the first field
//	submit | press WORDS     sends it (or any form, by a button's words)
//	click WORDS | get URL | reload
//	head URL                 a HEAD request
//	nocookies                this browser keeps none
//	forget NAME              removes a cookie from this browser
//	keep link NAME           keeps what was found under another name
//	save NAME / use NAME     keeps the page / comes back to it (the back button)
//	submit-form FIELD        sends the form as it came
//	close-browser            cookies without an age are gone
//	field NAME VALUE         what a field holds
//	same A B                 two things that were found are equal
//	nocode                   the mail had none
//	title|has|hasnot WORDS   status CODE     at URL-PART
//	mail ADDRESS             waits for a mail: sets $link and $code
//	nomail ADDRESS           no further mail went there
//	number                   reads $number from the page
//	signed-in ADDRESS        the application gets tokens, for that address
//	claim NAME VALUE         a claim of the ID token that was got last
//	answered N               how often the application was called so far
//	error CODE               the application got an error
//	advance DURATION
//	magic KEY=VALUE          configures the Magic Link execution
//	realm KEY=VALUE          rememberMe, verifyEmail …; a key with a dot is an attribute
//	open PATH                a protocol endpoint beside auth, with the request of an application
//	step PROVIDER REQUIREMENT  how an execution of any flow is required
//	flow ALIAS               binds the realm to a flow
//	user ADDRESS [password=P] [verified] [disabled] [do=ACTION]
//	disable ADDRESS          enable ADDRESS
//	account ADDRESS yes|no   whether there is one; verified|unverified
//	session yes|no           whether this browser holds a live one
//	events TYPE, TYPE REASON, ...   exactly these since the last "events"
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories found: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range txtar.Parse(text).Files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+f.Name, func(t *testing.T) {
				t.Parallel()
				tell(t, string(f.Data))
			})
		}
	}
}

// story is a story under way.
type story struct {
	t        *testing.T
	s        *servertest.Server
	rp       *servertest.RP
	browsers map[string]*servertest.Browser
	pages    map[string]*servertest.Page // by browser
	saved    map[string]*servertest.Page
	vars     map[string]string
	who      string
	form     *servertest.Form
	tokens   *servertest.Tokens
	seen     int // events
}

var word = regexp.MustCompile(`"([^"]*)"|(\S+?="[^"]*")|(\S+)`)

func tell(t *testing.T, text string) {
	s := servertest.Start(t)
	st := &story{t: t, s: s, rp: s.RP("demo"), browsers: map[string]*servertest.Browser{}, pages: map[string]*servertest.Page{},
		saved: map[string]*servertest.Page{}, vars: map[string]string{}}
	st.browser("ada")
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var args []string
		for _, m := range word.FindAllStringSubmatch(line, -1) {
			args = append(args, st.expand(strings.ReplaceAll(m[1]+m[2]+m[3], `"`, "")))
		}
		if !st.do(args[0], args[1:]) {
			t.Fatalf("line %d: no command %q", i+1, args[0])
		}
		if t.Failed() {
			t.Fatalf("line %d: %s\n%s", i+1, line, st.where())
		}
	}
}

func (st *story) expand(arg string) string {
	return os.Expand(arg, func(name string) string {
		v, ok := st.vars[name]
		if !ok {
			st.t.Fatalf("nothing was found for $%s yet", name)
		}
		return v
	})
}

func (st *story) page() *servertest.Page { return st.pages[st.who] }

func (st *story) where() string {
	p := st.page()
	if p == nil {
		return "no page yet"
	}
	return fmt.Sprintf("%s is at %s (%d): %q\n%s", st.who, p.URL, p.Status, p.Title(), p.Text())
}

func (st *story) browser(name string) {
	st.who = name
	if st.browsers[name] == nil {
		st.browsers[name] = st.s.Browser()
	}
}

func (st *story) show(p *servertest.Page) { st.pages[st.who], st.form = p, nil }

func pair(arg string) (key, value string) { key, value, _ = strings.Cut(arg, "="); return }

// do carries out one command; false means that there is no such command.
func (st *story) do(name string, args []string) bool {
	all := strings.Join(args, " ")
	switch name {
	case "browser":
		st.browser(all)
	case "start":
		var params []string
		for _, a := range args {
			k, v := pair(a)
			params = append(params, k, v)
		}
		st.show(st.rp.Start(st.browsers[st.who], params...))
	case "open":
		address := st.rp.URL()
		st.show(st.browsers[st.who].Get(strings.Replace(address, "openid-connect/auth?", "openid-connect/"+all+"?", 1)))
	case "fill":
		first, _ := pair(args[0])
		st.form = st.page().FormWith(first)
		for _, a := range args {
			st.form.Set(pair(a))
		}
	case "submit":
		st.show(st.form.Submit())
	case "press":
		if st.form != nil {
			st.show(st.form.Press(all))
		} else {
			st.show(st.page().Press(all))
		}
	case "click":
		st.show(st.page().Click(all))
	case "get":
		st.show(st.browsers[st.who].Get(all))
	case "head":
		st.browsers[st.who].Do(http.MethodHead, all, nil)
	case "keep": // keep link NAME
		st.vars[args[1]] = st.vars[args[0]]
	case "submit-form":
		st.show(st.page().FormWith(all).Submit())
	case "close-browser":
		st.browsers[st.who].Jar.Close()
	case "forget": // a cookie of this browser
		st.browsers[st.who].Jar.Remove(all)
	case "nocookies": // the browser sends none back
		st.browsers[st.who].Jar.Off = true
	case "reload":
		st.show(st.page().Reload())
	case "save":
		st.saved[all] = st.page()
	case "use":
		st.show(st.saved[all])
	case "advance":
		d, err := time.ParseDuration(all)
		if err != nil {
			st.t.Fatal(err)
		}
		st.s.Clock.Advance(d)
	default:
		return st.check(name, args, all) || st.arrange(name, args, all)
	}
	return true
}

// check looks at what came of it.
func (st *story) check(name string, args []string, all string) bool {
	t, p := st.t, st.page()
	switch name {
	case "title":
		if !strings.Contains(p.Title(), all) {
			t.Errorf("the title is %q", p.Title())
		}
	case "has":
		if !p.Has(all) {
			t.Errorf("the page does not say %q", all)
		}
	case "hasnot":
		if p.Has(all) {
			t.Errorf("the page says %q", all)
		}
	case "status":
		if strconv.Itoa(p.Status) != all {
			t.Errorf("the status is %d", p.Status)
		}
	case "at":
		if !strings.Contains(p.URL.String(), all) {
			t.Errorf("not at %s", all)
		}
	case "mail":
		m := st.s.Mail.Wait(all)
		st.vars["link"], st.vars["code"] = m.Link, m.Code
		st.vars["subject"] = m.Subject
	case "mailhas":
		mails := st.s.Mail.All()
		if m := mails[len(mails)-1]; !strings.Contains(m.Subject+"\n"+m.Text, all) {
			t.Errorf("the last mail does not say %q:\n%s", all, m.Text)
		}
	case "nomail":
		st.noMail(all)
	case "same":
		if args[0] != args[1] {
			t.Errorf("%s is not %s", args[0], args[1])
		}
	case "nocode":
		if st.vars["code"] != "" {
			t.Errorf("the mail has a code")
		}
	case "field":
		if got := p.FormWith(args[0]).Values.Get(args[0]); got != args[1] {
			t.Errorf("%s holds %q", args[0], got)
		}
	case "number":
		m := regexp.MustCompile(`number, it is (\d{3})`).FindStringSubmatch(p.Text())
		if m == nil {
			t.Fatalf("no number on the page")
		}
		st.vars["number"] = m[1]
		st.vars["wrong"] = map[bool]string{true: "275", false: "274"}[m[1] == "274"]
	case "signed-in":
		st.tokens = st.rp.Finish(p)
		if st.tokens.Claims["email"] != all {
			t.Errorf("signed in as %v", st.tokens.Claims["email"])
		}
	case "claim":
		if got := fmt.Sprint(st.tokens.Claims[args[0]]); got != strings.Join(args[1:], " ") {
			t.Errorf("%s is %s", args[0], got)
		}
	case "answered":
		if n := len(st.rp.Calls()); strconv.Itoa(n) != all {
			t.Errorf("the application was called %d times", n)
		}
	case "error":
		if got := st.rp.Answer(p).Get("error"); got != all {
			t.Errorf("the application got %q", got)
		}
	case "account":
		st.account(args[0], args[1])
	case "session":
		if live := st.session(); live != (all == "yes") {
			t.Errorf("a live session: %v", live)
		}
	case "events":
		st.events(all)
	default:
		return false
	}
	return true
}

// noMail says that every mail that was promised to the address was given
// already.
func (st *story) noMail(address string) {
	st.s.Settle("demo")
	if n := st.s.Mail.Pending(address); n != 0 {
		st.t.Errorf("%d further mails went to %s", n, address)
	}
}

func (st *story) session() (live bool) {
	cookie := st.browsers[st.who].Jar.Get("session-demo")
	if cookie == "" {
		return false
	}
	st.s.View(func(tx *store.Tx) error {
		_, err := tx.UserSessionByCookie(st.s.Snapshot("demo").Realm.ID, secret.Hash(cookie))
		live = err == nil
		return nil
	})
	return live
}

func (st *story) account(address, want string) {
	st.s.View(func(tx *store.Tx) error {
		u, err := tx.UserByEmail(st.s.Snapshot("demo").Realm.ID, address)
		got := "no"
		if err == nil {
			got = map[bool]string{true: "verified", false: "unverified"}[u.EmailVerified]
		}
		if got != want && !(want == "yes" && err == nil) {
			st.t.Errorf("account of %s: %s", address, got)
		}
		return nil
	})
}

// events compares what happened since the last time. Mail is handed over by
// a worker, so its events stand where they belong in no order: they are
// compared apart.
func (st *story) events(want string) {
	st.s.Settle("demo")
	all := st.s.EventTypes("demo")
	got := all[st.seen:]
	st.seen = len(all)
	wanted := []string{}
	for _, e := range strings.Split(want, ",") {
		if e = strings.TrimSpace(e); e != "" && e != "none" {
			wanted = append(wanted, e)
		}
	}
	sort.Strings(got)
	sort.Strings(wanted)
	if strings.Join(got, ", ") != strings.Join(wanted, ", ") {
		st.t.Errorf("what happened:\n  %s\nwanted:\n  %s", strings.Join(got, ", "), strings.Join(wanted, ", "))
	}
}

// arrange changes the realm and its people.
func (st *story) arrange(name string, args []string, all string) bool {
	switch name {
	case "magic":
		k, v := pair(args[0])
		st.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error { return configure(tx, snap, k, v) })
	case "realm":
		k, v := pair(args[0])
		st.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
			r := *snap.Realm
			switch k {
			case "rememberMe":
				r.RememberMe = v == "true"
			case "verifyEmail":
				r.VerifyEmail = v == "true"
			case "registrationAllowed":
				r.RegistrationAllowed = v == "true"
			case "registrationEmailAsUsername":
				r.RegistrationEmailAsUsername = v == "true"
			case "resetPasswordAllowed":
				r.ResetPasswordAllowed = v == "true"
			case "passwordPolicy":
				r.PasswordPolicy = v
			default:
				if !strings.Contains(k, ".") {
					return fmt.Errorf("no realm setting %s in stories", k)
				}
				r.Attributes = maps.Clone(r.Attributes)
				if r.Attributes == nil {
					r.Attributes = map[string]string{}
				}
				r.Attributes[k] = v
			}
			return tx.UpdateRealm(&r)
		})
	case "step":
		st.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
			for _, f := range snap.Flows {
				for i := range f.Executions {
					if f.Executions[i].Authenticator == args[0] {
						f.Executions[i].Requirement = latchkey.Requirement(args[1])
						return tx.UpdateFlow(f)
					}
				}
			}
			return fmt.Errorf("no step %s", args[0])
		})
	case "require":
		st.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
			a := *snap.RequiredAction(args[0])
			a.Enabled = true
			return tx.PutRequiredAction(&a)
		})
	case "flow":
		st.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
			r := *snap.Realm
			r.BrowserFlow = all
			return tx.UpdateRealm(&r)
		})
	case "user":
		st.user(args)
	case "disable", "enable":
		st.s.Update(func(tx *store.Tx) error {
			u, err := tx.UserByEmail(st.s.Snapshot("demo").Realm.ID, all)
			if err != nil {
				return err
			}
			u.Enabled = name == "enable"
			return tx.UpdateUser(u)
		})
	default:
		return false
	}
	return true
}

// user makes an account as an administrator does.
func (st *story) user(args []string) {
	password := ""
	for _, a := range args[1:] {
		if k, v := pair(a); k == "password" {
			password = v
		}
	}
	st.s.AddUser("demo", args[0], password, func(u *latchkey.User) {
		for _, a := range args[1:] {
			switch k, v := pair(a); k {
			case "verified":
				u.EmailVerified = true
			case "disabled":
				u.Enabled = false
			case "username":
				u.Username = v
			case "do":
				u.AddRequiredAction(v)
			}
		}
	})
}

// configure sets an option of the Magic Link execution.
func configure(tx *store.Tx, snap *latchkey.Snapshot, key, value string) error {
	for _, f := range snap.Flows {
		for i := range f.Executions {
			e := &f.Executions[i]
			if e.Authenticator != latchkey.AuthMagicLink {
				continue
			}
			if c := snap.Config(e.ConfigID); c != nil {
				c := *c
				config := map[string]string{key: value}
				for k, v := range c.Config {
					if k != key {
						config[k] = v
					}
				}
				c.Config = config
				return tx.UpdateAuthenticatorConfig(&c)
			}
			c := &latchkey.AuthenticatorConfig{RealmID: snap.Realm.ID, ID: secret.NewID(), Alias: "magic", Config: map[string]string{key: value}}
			if err := tx.CreateAuthenticatorConfig(c); err != nil {
				return err
			}
			changed := *f
			changed.Executions = append([]latchkey.Execution(nil), f.Executions...)
			changed.Executions[i].ConfigID = c.ID
			return tx.UpdateFlow(&changed)
		}
	}
	return fmt.Errorf("no Magic Link in the realm")
}
