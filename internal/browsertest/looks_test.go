package browsertest_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/browsertest"
	"latchkey/internal/servertest"
)

const ada = "ada@example.test"

// begin types the address on the sign-in page of the application and gives the
// tab, which is waiting, and the mail.
func begin(t *testing.T, s *servertest.Server, rp *servertest.RP, b *browsertest.Browser) (*browsertest.Page, servertest.Mail) {
	t.Helper()
	p := b.Open(rp.URL())
	p.Type("input[name=username]", ada)
	p.Follow("main button[type=submit], main button:not([type])")
	p.See("Check your email")
	return p, s.Mail.Wait(ada)
}

// stays fails when a tab spoke to anybody but the server and the application.
func stays(t *testing.T, b *browsertest.Browser, s *servertest.Server, rp *servertest.RP) {
	t.Helper()
	app, err := url.Parse(rp.OAuth.RedirectURL)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range b.Requests() {
		if !strings.HasPrefix(r.URL, s.Base+"/") && !strings.HasPrefix(r.URL, "http://"+app.Host+"/") {
			t.Errorf("R-077: a page made the browser ask %s", r.URL)
		}
	}
}

// look checks the page in light and dark, narrow and wide.
func look(p *browsertest.Page, name string) {
	for _, scheme := range []string{"light", "dark"} {
		p.Prefer("prefers-color-scheme", scheme)
		for _, width := range []int{360, 1100} {
			p.Size(width, 720)
			p.Axe()
			p.Picture(fmt.Sprintf("%s-%s-%d", name, scheme, width))
		}
	}
	p.Prefer()
}

// Every page of the mailed link, in light and dark, narrow and wide: nobody is
// shut out, nothing violates the policy, nothing comes from elsewhere
//
func TestLooks(t *testing.T) {
	s := servertest.Start(t)
	rp, asking, other := s.RP("demo"), browsertest.New(t), browsertest.New(t)
	f := asking.Open(rp.URL())
	look(f, "looks/sign-in")
	f.Close()
	p, mail := begin(t, s, rp, asking)
	look(p, "looks/waiting")
	o := other.Open(mail.Link)
	o.See("Someone wants to sign in")
	look(o, "looks/elsewhere")
	o.Type("input[name=number]", numberOn(t, p))
	o.Lead(press("here"))
	o.See(ada)
	look(o, "looks/here")
	o.Lead(press("yes"))
	p.See("This sign-in went on elsewhere")
	look(p, "looks/went-on")
	u := asking.Open(mail.Link)
	look(u, "looks/over")
	stays(t, asking, s, rp)
	stays(t, other, s, rp)
}

// press presses the button with the value, as a script.
func press(value string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("form button")].find(b => b.value === %q).click()`, value)
}

var number = regexp.MustCompile(`\b[1-9]\d\d\b`)

// numberOn reads the number that the waiting page shows.
func numberOn(t *testing.T, p *browsertest.Page) string {
	t.Helper()
	_, behind, ok := strings.Cut(p.Text("main"), "asks for a number")
	n := number.FindString(strings.ReplaceAll(behind, " ", ""))
	if !ok || n == "" {
		t.Fatalf("the waiting page shows no number: %s", p.Text("main"))
	}
	return n
}

// The pages on the way are small: under 30 kB with everything.
func TestPagesAreSmall(t *testing.T) {
	s := servertest.Start(t)
	rp, b := s.RP("demo"), browsertest.New(t)
	begin(t, s, rp, b)
	total := 0
	var seen []string
	for _, r := range b.Requests() {
		if r.Type == "Document" || r.Type == "Stylesheet" || r.Type == "Script" || r.Type == "Image" || r.Type == "Font" {
			total += r.Bytes
			seen = append(seen, fmt.Sprintf("%s %d", r.Type, r.Bytes))
		}
	}
	if total == 0 || total > 30_000 {
		t.Errorf("two pages took %d bytes: %v", total, seen)
	}
	if !slices.ContainsFunc(seen, func(r string) bool { return strings.HasPrefix(r, "Stylesheet") }) {
		t.Errorf("no stylesheet among %v", seen)
	}
}
