package web

import (
	"net/http"
	"strings"

	"latchkey"
)

// sign is a text in a header that tells a name.
type sign struct{ text, name string }

// Order matters: browsers name their ancestors, so the youngest come first.
var (
	browserBrands = []sign{ // Sec-CH-UA
		{`"Microsoft Edge"`, "Edge"}, {`"Opera"`, "Opera"}, {`"Samsung Internet"`, "Samsung Internet"},
		{`"Brave"`, "Brave"}, {`"Vivaldi"`, "Vivaldi"}, {`"DuckDuckGo"`, "DuckDuckGo"},
		{`"Google Chrome"`, "Chrome"}, {`"Chromium"`, "Chromium"},
	}
	browserAgents = []sign{ // User-Agent
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"Edge/", "Edge"},
		{"OPR/", "Opera"}, {"OPT/", "Opera"}, {"Opera", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
		{"DuckDuckGo/", "DuckDuckGo"}, {"Ddg/", "DuckDuckGo"},
		{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"Focus/", "Firefox"},
		{"HeadlessChrome/", "Chrome"}, {"Chromium/", "Chromium"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"},
		{"Safari/", "Safari"}, {"AppleWebKit/", "Safari"},
	}
	osPlatforms = []sign{ // Sec-CH-UA-Platform
		{`"Windows"`, "Windows"}, {`"macOS"`, "macOS"}, {`"Android"`, "Android"}, {`"iOS"`, "iOS"},
		{`"Chrome OS"`, "ChromeOS"}, {`"Chromium OS"`, "ChromeOS"}, {`"Linux"`, "Linux"},
	}
	osAgents = []sign{ // User-Agent
		{"iPhone", "iOS"}, {"iPad", "iPadOS"}, {"iPod", "iOS"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
		{"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Mac OS X", "macOS"},
		{"FreeBSD", "FreeBSD"}, {"OpenBSD", "OpenBSD"}, {"Linux", "Linux"}, {"X11", "Linux"},
	}
)

// Browser says what kind of browser sent the request, in names from fixed lists
// and never in text that the browser chose. What is not known stays
// empty. See [Site.Browser] for its address too.
func Browser(r *http.Request) latchkey.Browser {
	agent := r.Header.Get("User-Agent")
	b := latchkey.Browser{
		Name: firstSign(r.Header.Get("Sec-CH-UA"), browserBrands),
		OS:   firstSign(r.Header.Get("Sec-CH-UA-Platform"), osPlatforms),
	}
	if b.Name == "" {
		b.Name = firstSign(agent, browserAgents)
	}
	if b.OS == "" {
		b.OS = firstSign(agent, osAgents)
	}
	return b
}

// Browser is [Browser] with the address of the client.
func (s *Site) Browser(r *http.Request) latchkey.Browser {
	b := Browser(r)
	b.IP = s.ClientIP(r)
	return b
}

func firstSign(text string, signs []sign) string {
	for _, s := range signs {
		if strings.Contains(text, s.text) {
			return s.name
		}
	}
	return ""
}

// Speculative says that the browser loads the page ahead of a click that may
// never come: it gets the page that does nothing.
func Speculative(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Moz", "X-Purpose"} {
		v := strings.ToLower(r.Header.Get(name))
		if strings.Contains(v, "prefetch") || strings.Contains(v, "prerender") || strings.Contains(v, "preview") {
			return true
		}
	}
	return false
}
