package browsertest_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/browsertest"
	"latchkey/internal/realm"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// desk is a world with an administrator who is signed in to the console.
type desk struct {
	*tour
	p *browsertest.Page
}

// root is the administrator's address.
const root = "root@example.test"

func newDesk(t *testing.T, opts ...servertest.Option) *desk {
	t.Helper()
	v := &tour{newWorld(t, opts...), &visited{names: map[string]bool{}}, map[*browsertest.Page]bool{}}
	v.s.Change(latchkey.MasterRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		master := *snap.Realm
		master.InternationalizationEnabled, master.SupportedLocales = true, []string{"en", "de", "ar"}
		return tx.UpdateRealm(&master)
	})
	link, err := v.s.FirstAdminLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := v.open(browsertest.New(t), link.Reveal())
	p.Type("#email", root)
	p.Follow("main button.main")
	p.Goto(v.s.Base + "/admin/")
	p.At("/admin/master/console/realms/master/")
	return &desk{v, p}
}

// at is the address of a page of realm demo in the console.
func (d *desk) at(path string) string {
	return d.s.Base + "/admin/master/console/realms/demo/" + path
}

// mostDesk is how much a page of the console may take on the wire with all that
// it loads.
const mostDesk = 100_000

// look looks at all that is asked of every page of the console: no violation of
// its policy, nothing on the console and nothing from elsewhere (which the
// browser's recorder holds against every test), no scrolling to the side in both
// schemes at three widths, and no barrier that axe finds, dark where it is
// narrow and light where it is wide.
func (d *desk) look(name string) {
	d.t.Helper()
	p := d.p
	total := 0
	for _, r := range p.Loaded() {
		total += r.Bytes
	}
	if total > mostDesk {
		d.t.Errorf("%s takes %d bytes", name, total)
	}
	for _, scheme := range []string{"dark", "light"} {
		p.Prefer("prefers-color-scheme", scheme)
		widths := []int{360, 768, 1440}
		if scheme == "light" {
			slices.Reverse(widths)
		}
		for _, width := range widths {
			p.Size(width, 900)
			if w := browsertest.Eval[int](p, "document.documentElement.scrollWidth"); w > width {
				d.t.Errorf("%s is %d px wide on a screen of %d", name, w, width)
			}
			if (scheme == "dark") == (width == 360) && width != 768 {
				p.Axe() // each scheme once, narrow and wide
			}
			if os.Getenv("LK_SCREENSHOTS") != "" {
				p.Picture("console/" + name + "-" + scheme + "-" + strconv.Itoa(width))
			}
		}
	}
}

// consolePages are the pages of the menu and their tabs, by their paths.
func consolePages(d *desk) []string {
	flow := d.s.Snapshot(realm.DemoRealm).FlowByAlias("magic link")
	var gear string
	for _, e := range flow.Executions {
		if sub := d.s.Snapshot(realm.DemoRealm).Flow(e.FlowID); sub != nil {
			gear = sub.Executions[0].ID
		}
	}
	return append(d.lived(), []string{
		"", "users",
		"authentication/flows", "authentication/create-flow", "authentication/flows/" + flow.ID, "authentication/flows/" + flow.ID + "/bind",
		"authentication/flows/" + flow.ID + "/executions/" + gear + "/config", "authentication/flows/" + flow.ID + "/duplicate",
		"authentication/required-actions", "authentication/policies/password", "authentication/policies/otp",
		"authentication/flows/" + d.s.Snapshot(realm.DemoRealm).FlowByAlias("browser").ID,
	}...)
}

// realmPages are the pages of the realm's settings, of identity providers, and
// of import and export.
func realmPages(*desk) []string {
	return []string{
		"realm-settings/general",
		"realm-settings/login", "realm-settings/email", "realm-settings/email/relays/add-relay", "realm-settings/themes", "realm-settings/keys",
		"realm-settings/keys/new/rsa", "realm-settings/events", "realm-settings/localization/locales", "realm-settings/localization/texts",
		"realm-settings/localization/texts/add-text", "realm-settings/security-defenses", "realm-settings/sessions", "realm-settings/tokens",
		"realm-settings/user-profile/attributes", "realm-settings/user-profile/attributes/email/edit-attribute",
		"realm-settings/user-profile/attributes-group", "realm-settings/user-profile/json", "realm-settings/user-registration/roles",
		"realm-settings/delete",
		"identity-providers", "identity-providers/add", "identity-providers/oidc/discover", "identity-providers/oidc/add",
		"import-export/export", "import-export/import", "../../create-realm",
	}
}

var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// consoleParts are the console's pages by whom they are about: each part is
// seen in a world of its own.
var consoleParts = []struct {
	name  string
	pages func(*desk) []string
}{{"settings", consolePages}, {"people", peoplePages}, {"clients", (*desk).clientPages}, {"realm", realmPages}}

func TestConsolePages(t *testing.T) {
	t.Parallel()
	for _, part := range consoleParts {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			paths := part.pages(d)
			for _, lang := range []string{"en", "ar"} {
				for _, path := range paths {
					d.see(path, lang)
				}
			}
		})
	}
}

// see looks at a page of the console.
func (d *desk) see(path, lang string) {
	d.t.Helper()
	between := "?"
	if strings.Contains(path, "?") {
		between = "&"
	}
	d.p.Goto(d.at(path) + between + "kc_locale=" + lang)
	name := ids.ReplaceAllString(strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(path), "ID")
	if name == "" {
		name = "overview"
	}
	d.look(name + "-" + lang)
}
