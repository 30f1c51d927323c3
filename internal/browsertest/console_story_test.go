package browsertest_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"latchkey/internal/browsertest"
	"latchkey/internal/realm"
)

// hand is how an operator uses the console: by mouse or by keyboard.
type hand interface {
	// follow presses what leads to another page.
	follow(selector string)
	// open opens a menu.
	open(selector string)
	// fill types into a field, in place of what is there.
	fill(selector, text string)
	// tick switches a box.
	tick(selector string)
	// choose takes the last choice of a select that has two.
	choose(selector string)
}

type mouse struct{ p *browsertest.Page }

func (m mouse) follow(selector string)     { m.p.Follow(selector) }
func (m mouse) open(selector string)       { m.p.Click(selector) }
func (m mouse) fill(selector, text string) { m.p.Type(selector, text) }
func (m mouse) tick(selector string)       { m.p.Click(selector) }
func (m mouse) choose(selector string) { // the browser's own list cannot be pressed
	browsertest.Eval[*string](m.p, fmt.Sprintf("((e) => (e.selectedIndex = 1, e.dispatchEvent(new Event('change', {bubbles: true})), null))(document.querySelector(%q))", selector))
}

// keys use Tab, Space and Enter alone.
type keys struct{ p *browsertest.Page }

// reach presses Tab until the focus is on the element.
func (k keys) reach(selector string) {
	at := fmt.Sprintf("document.activeElement.matches(%q)", selector)
	for range 400 {
		if browsertest.Eval[bool](k.p, at) {
			return
		}
		k.p.Press("Tab")
	}
	k.p.Until("the focus on "+selector, at)
}

func (k keys) follow(selector string) {
	k.reach(selector)
	before := browsertest.Eval[float64](k.p, "performance.timeOrigin")
	k.p.Press("Enter")
	k.p.Until("another page after "+selector, fmt.Sprintf("performance.timeOrigin !== %v && document.readyState === 'complete'",
		strconv.FormatFloat(before, 'f', -1, 64)))
}

func (k keys) open(selector string) {
	k.reach(selector)
	k.p.Press("Enter")
}

func (k keys) fill(selector, text string) {
	k.reach(selector)
	browsertest.Eval[*string](k.p, "(document.activeElement.select(), null)")
	for _, r := range text {
		k.p.Press(string(r))
	}
}

func (k keys) tick(selector string) {
	k.reach(selector)
	k.p.Press("Space")
}

func (k keys) choose(selector string) {
	k.reach(selector)
	k.p.Press("ArrowDown")
}

// link is the selector of a link to an address that ends so.
func link(end string) string { return fmt.Sprintf("main a[href$='%s']", end) }

// The story of the product on screen, once by mouse and once by keyboard alone:
// from a fresh server to a new person in the list of users.
func TestConsoleStory(t *testing.T) {
	for name, use := range map[string]func(*browsertest.Page) hand{
		"mouse": func(p *browsertest.Page) hand { return mouse{p} },
		"keys":  func(p *browsertest.Page) hand { return keys{p} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.p.Size(1280, 800)
			playStory(d, use(d.p), func(string) {})
		})
	}
}

// playStory plays section by section; shot is told of each screen.
func playStory(d *desk, h hand, shot func(name string)) {
	p := d.p
	// A realm of its own; people would sign in by a mailed link at once, were it
	// not for what is bound further down.
	h.open("details.switch > summary")
	h.follow("details.switch li.act a")
	shot("create-realm")
	h.choose("[name='signIn']")
	h.fill("[name='realm']", "acme")
	h.fill("[name='displayName']", "Acme")
	h.follow("main .savebar button.main")
	p.At("/console/realms/acme/")
	shot("overview")

	// Realm settings, Email, Test connection.
	relay := d.s.Snapshot(realm.DemoRealm).Realm.SMTP.Relays[0]
	h.follow(".menu a[href$='/realms/acme/realm-settings']")
	h.follow(link("/realm-settings/email"))
	h.fill("[name='smtpServer/from']", "hello@acme.test")
	h.fill("[name='smtpServer/fromDisplayName']", "Acme")
	h.fill("[name='smtpServer/host']", relay.Host)
	h.fill("[name='smtpServer/port']", strconv.Itoa(relay.Port))
	h.follow("main .savebar button[value='test']")
	p.See(root)
	if m := d.s.Mail.Wait(root); m.Subject == "" {
		d.t.Error("the mail of the test has no subject")
	}
	shot("email")
	h.follow("main .savebar button.main")
	p.See("Saved.")

	// Authentication, Flows, magic link, the gear.
	h.follow(".menu a[href$='/realms/acme/authentication']")
	p.See("magic link")
	shot("flows")
	flow := d.s.Snapshot("acme").FlowByAlias("magic link").ID
	h.follow(link("/authentication/flows/" + flow))
	p.See("Identity Provider Redirector")
	shot("flow")
	h.follow("main a.gear[href*='" + d.magicStep("acme") + "']")
	h.tick("[name='config/ext-magic-update-profile-action']")
	shot("gear")
	h.follow("main .savebar button.main")
	p.See("fill in their profile")

	// Action, Bind flow, Browser flow.
	h.open("main .acts-menu.whole > summary")
	h.follow(link("/bind"))
	shot("bind")
	h.follow("main .savebar button.main")
	p.See("The flow is bound.")

	// Somebody new signs in by the link, and is in Users.
	somebody := d.open(browsertest.New(d.t), d.s.Base+"/realms/acme/account/")
	somebody.Type("#username", ada)
	somebody.Follow("main button.main")
	somebody.See("Check your email")
	somebody.Goto(d.s.Mail.Wait(ada).Link)
	somebody.At("required-action")
	somebody.Type("#firstName", "Ada")
	somebody.Type("#lastName", "Lovelace")
	somebody.Follow("main button.main")
	somebody.At("/realms/acme/account/")
	h.follow(".menu a[href$='/realms/acme/users']")
	p.See(ada)
	p.See("Ada Lovelace")
	shot("users")
}

// magicStep is the id of the Magic Link step of the built-in flow.
func (d *desk) magicStep(name string) string {
	d.t.Helper()
	for _, f := range d.s.Snapshot(name).Flows {
		for _, e := range f.Executions {
			if e.Authenticator == "ext-magic-form" && strings.HasPrefix(f.Alias, "magic link") {
				return e.ID
			}
		}
	}
	d.t.Fatal("there is no Magic Link step")
	return ""
}
