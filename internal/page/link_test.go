package page_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"latchkey/internal/page"
	"latchkey/internal/page/sample"
)

// sampleNamed gives a sample by its name.
func sampleNamed(t testing.TB, name string) sample.Page {
	t.Helper()
	for _, s := range sample.Pages() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no sample %s", name)
	return sample.Page{}
}

func choices(doc *html.Node) (values, classes []string) {
	for _, b := range find(doc, "button", "name", "choice") {
		values, classes = append(values, attr(b, "value")), append(classes, attr(b, "class"))
	}
	return values, classes
}

// the choices weigh the same, "It was not me" among them, and nothing
// on the page stands out.
func TestOtherBrowserChoicesWeighTheSame(t *testing.T) {
	doc := parse(t, render(t, newKit(t), sampleNamed(t, "link-other-browser"), "en"))
	values, classes := choices(doc)
	if got := strings.Join(values, " "); got != "continue here notme lost" {
		t.Fatalf("choices %q", got)
	}
	for i, class := range classes[:3] {
		if class != "button" {
			t.Errorf("%s has the class %q", values[i], class)
		}
	}
	if n := len(find(doc, "button", "class", "button main")); n != 0 {
		t.Errorf("%d buttons stand out", n)
	}
	body := textOf(find(doc, "main", "", "")[0])
	for _, fact := range []string{"Acme Shop", "a•••@example.test", "Firefox on Linux", "Vienna", "14:02 UTC, 2 minutes ago", "Nobody from Acme will ever ask you for this number."} {
		if !strings.Contains(body, fact) {
			t.Errorf("the page does not say %q", fact)
		}
	}
	if strings.Contains(body, "ada@") {
		t.Error("the page shows the whole address")
	}
}

// there is no way on the page that needs a click only, and a field
// that people neither see, reach nor hear.
func TestOtherBrowserDecoy(t *testing.T) {
	doc := parse(t, render(t, newKit(t), sampleNamed(t, "link-other-browser"), "en"))
	decoy := find(doc, "input", "name", "reference")
	if len(decoy) != 1 || attr(decoy[0], "tabindex") != "-1" || attr(decoy[0], "autocomplete") != "off" || has(decoy[0], "value") {
		t.Fatalf("decoy %v", decoy)
	}
	hidden := false
	for p := decoy[0].Parent; p != nil; p = p.Parent {
		hidden = hidden || attr(p, "class") == "away" && attr(p, "aria-hidden") == "true"
	}
	if !hidden {
		t.Error("people see the decoy")
	}
	if len(find(doc, "script", "", "")) != 0 {
		t.Error("a script stands on the page of another browser (R-002)")
	}
}

// The screen was not heard of for 30 s: the way for who lost it comes first,
// in a form of its own, so that Enter in the number's field cannot press it.
func TestLostScreenFirst(t *testing.T) {
	doc := parse(t, render(t, newKit(t), sampleNamed(t, "link-other-browser-lost"), "en"))
	values, _ := choices(doc)
	if got := strings.Join(values, " "); got != "lost continue here notme" {
		t.Errorf("choices %q", got)
	}
	if form := find(doc, "button", "value", "lost")[0].Parent; len(find(form, "input", "name", "number")) != 0 {
		t.Error("the way back stands in the number's form")
	}
}

// The tries are used up: nothing is left to type or to press but the way to
// the application.
func TestNumberClosed(t *testing.T) {
	doc := parse(t, render(t, newKit(t), sampleNamed(t, "link-other-browser-closed"), "en"))
	if len(find(doc, "form", "", "")) != 0 || len(find(doc, "a", "href", "https://shop.acme.test/start")) != 1 {
		t.Error("the page is not closed, or has no way on")
	}
}

// without the login's cookie used, expired and ended are the same
// page, byte by byte; with it the page says which and sends a new mail.
func TestLinkOverTellsOnlyItsOwnBrowser(t *testing.T) {
	k := newKit(t)
	pages := map[string]string{}
	for _, why := range []string{page.OverUsed, page.OverExpired, page.OverEnded} {
		for _, own := range []bool{true, false} {
			s := sample.Page{Page: page.LinkOver{Form: page.Form{Action: "/x", SessionCode: "s"}, Own: own, Why: why, Address: "ada@example.test"}}
			body := render(t, k, s, "en")
			doc := parse(t, body)
			if sends := len(find(doc, "button", "name", "resend")) == 1; sends != own {
				t.Errorf("%s own=%v: sends a mail: %v", why, own, sends)
			}
			if strings.Contains(body, "ada@example.test") != own {
				t.Errorf("%s own=%v: the address", why, own)
			}
			if own {
				pages[why] = body
			} else if other, ok := pages["other"]; ok && other != body {
				t.Errorf("%s can be told from the others", why)
			} else {
				pages["other"] = body
			}
		}
	}
	if pages[page.OverUsed] == pages[page.OverExpired] || pages[page.OverExpired] == pages[page.OverEnded] {
		t.Error("in its own browser the page does not say which it is")
	}
}

// the module that submits is there only when the door says so.
func TestSameBrowserSubmitsOnlyWhenAllowed(t *testing.T) {
	k := newKit(t)
	for name, want := range map[string]bool{"link-same-browser": false, "link-same-browser-submits": true} {
		if got := strings.Contains(render(t, k, sampleNamed(t, name), "en"), "submit.js"); got != want {
			t.Errorf("%s: submits itself: %v", name, got)
		}
	}
}

// the page names the account and asks.
func TestConfirmHereNamesTheAccount(t *testing.T) {
	doc := parse(t, render(t, newKit(t), sampleNamed(t, "confirm-here"), "en"))
	if got := textOf(find(doc, "h1", "", "")[0]); got != "Sign in here as ada@example.test?" {
		t.Errorf("heading %q", got)
	}
}

// every form of a login carries the synchroniser token.
func TestEveryFormCarriesTheSessionCode(t *testing.T) {
	each(t, func(t *testing.T, s sample.Page, _, body string) {
		for _, form := range find(parse(t, body), "form", "", "") {
			if strings.HasPrefix(attr(form, "action"), "https://shop.acme.test/") {
				continue // the answer to the application
			}
			if n := len(find(form, "input", "name", "session_code")); n != 1 {
				t.Errorf("the form to %s has %d", attr(form, "action"), n)
			}
		}
	})
}

// A page with a wrong field opens there; no page opens in two places.
func TestFocusStandsWhereThePersonGoesOn(t *testing.T) {
	k := newKit(t)
	for name, want := range map[string]string{
		"email": "username", "waiting": "", "waiting-code-wrong": "code", "link-other-browser": "", "link-other-browser-wrong": "number",
		"profile-new": "firstName", "profile-error": "firstName", "password-update": "password-new", "password-update-error": "password-confirm",
		"username-password-error": "username",
	} {
		var got []string
		for _, in := range find(parse(t, render(t, k, sampleNamed(t, name), "en")), "input", "autofocus", "") {
			got = append(got, attr(in, "name"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: focus on %q, want %q", name, got, want)
		}
	}
}

// What a person or an operator wrote is text, never markup, and is
// isolated from what is around it.
func TestTextsAreEscaped(t *testing.T) {
	const nasty = `"><script>alert(1)</script>\u202e`
	k := newKit(t)
	m := sample.Meta(k, sample.Page{}, "en")
	m.Realm, m.AppTitle = nasty, nasty
	for _, p := range []page.Page{
		page.EmailForm{Form: page.Form{Action: "/x"}, Address: nasty, Errors: []page.FieldError{{Field: "username", Message: nasty}}},
		page.Waiting{Form: page.Form{Action: "/x"}, Address: nasty, PollURL: nasty, Number: nasty},
		page.OtherUser{Form: page.Form{Action: "/x"}, SignedIn: nasty, Account: nasty},
		page.ProfileForm{Fields: []page.ProfileField{{Name: "x", Label: nasty, Values: []string{nasty}, GroupTitle: nasty, Group: "g", GroupHelp: nasty, Before: nasty, After: nasty, Placeholder: nasty}}},
		page.Terms{Text: nasty}, page.Error{Heading: nasty, Text: nasty},
		page.FormPost{Action: "/x", Fields: []page.FormPostField{{Name: nasty, Value: nasty}}},
	} {
		body, err := k.Render(context.Background(), m, p, page.Policy{})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), "<script>") {
			t.Errorf("%T: a script got in", p)
		}
	}
	body := render(t, k, sampleNamed(t, "other-user"), "ar")
	if !strings.Contains(body, "<bdi>grace@example.test</bdi>") {
		t.Error("an address is not isolated")
	}
}

// A realm's links must not become scripts.
func TestLinksAreWebAddresses(t *testing.T) {
	k := newKit(t)
	m := sample.Meta(k, sample.Page{}, "en")
	m.AppURL = "javascript:alert(1)"
	body, err := k.Render(context.Background(), m, page.LostScreen{}, page.Policy{})
	if err != nil {
		t.Fatal(err)
	}
	if regexp.MustCompile(`href="javascript:`).Match(body) {
		t.Error("a link runs a script")
	}
}
