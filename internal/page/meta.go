package page

import "time"

// Meta is what the layout needs to know of a page besides the page itself.
// [Kit.Meta] fills it.
type Meta struct {
	Lang  string // BCP 47, a language that there is a catalogue for
	Realm string // the realm's title
	// AppTitle names the application; empty where there is none.
	AppTitle string
	// AppURL is the application's start (initiate_login_uri or base URL);
	// empty when it is not known.
	AppURL string
	// Accent is the realm's colour as "#rrggbb"; empty for Latchkey's own.
	Accent string
	// AdminCommand makes the one-time link of an administrator, as it is typed
	// on the host.
	AdminCommand string
	// Texts are the realm's own in that language; they stand before those of the
	// catalogue.
	Texts map[string]string
	// Languages are offered at the bottom; fewer than two are not shown.
	Languages []Language
	// Now is the time of the request: what "two minutes ago" counts from.
	Now time.Time
}

// Language is one entry of the choice of languages.
type Language struct {
	Code    string // BCP 47
	Label   string // in the language itself
	URL     string
	Current bool
}

// Policy says what a page may do in the browser.
type Policy struct {
	// FormTargets are origins besides our own that a form may end at, over
	// however many redirects: the application's.
	FormTargets []string
	// Script lets the page load its own module, if it has one.
	Script bool
	// NoReferrer is for the answer to a mailed URL.
	NoReferrer bool
}
