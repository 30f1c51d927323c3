package oidc

import (
	"net/http"
	"net/url"
	"slices"

	"latchkey"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// The hidden frames of an application (Keycloak's; OpenID Connect Session
// Management 3.3), by which keycloak-js learns whether its session is still
// this browser's, and whether this browser lets cookies into frames.
const (
	frameStatus = "login-status-iframe.html"
	frameStep1  = "3p-cookies/step1.html"
	frameStep2  = "3p-cookies/step2.html"
)

// The kinds of a [FramePage].
const (
	FrameStatus = "status" // compares the session that it is told with the browser's
	FrameStep   = "step"   // goes on to Next, with the cookie that was set
	FrameResult = "result" // says Result
)

// FramePage is a page without content, kept in a hidden frame.
type FramePage struct {
	Kind   string // Frame...
	Cookie string // of FrameStatus: the name of the cookie that is compared
	Next   string // of FrameStatus: where it asks whether an application may know; of FrameStep: where it goes on
	Result string
	// Ancestors are the origins that may frame it; "*" is every one.
	Ancestors []string
}

// mostAncestors bounds the header that lists who may frame a page.
const mostAncestors = 100

// statusFrame is the frame that an application asks about its session.
func (d *Door) statusFrame(w http.ResponseWriter, r *http.Request) error {
	snap, err := d.realmPage(w, r)
	if err != nil || snap == nil {
		return err
	}
	return d.Pages.Frame(w, r, FramePage{Kind: FrameStatus, Cookie: d.Site.CookieName(web.CookieSessionState, snap.Realm.Name),
		Next: d.url(snap, protocol+frameStatus+"/init"), Ancestors: d.ancestors(r, snap)})
}

// statusInit says whether pages of an origin may ask for a client: 204, or 403.
func (d *Door) statusInit(w http.ResponseWriter, r *http.Request) error {
	snap, err := d.realm(r)
	if err != nil {
		return err
	}
	query, err := web.Query(r)
	if err != nil {
		return err
	}
	status := http.StatusForbidden
	client, origin := snap.ClientByClientID(query.Get("client_id")), query.Get("origin")
	if client != nil && client.Enabled && origin != "" {
		list := token.WebOrigins(client, d.Site.URL())
		if slices.Contains(list, origin) || slices.Contains(list, "*") || origin == originOf(d.Site.URL()) {
			status = http.StatusNoContent
		}
	}
	w.WriteHeader(status)
	return nil
}

// cookieStep1 sets a cookie that goes as far as session cookies do, and leads
// to where it is looked for.
func (d *Door) cookieStep1(w http.ResponseWriter, r *http.Request) error {
	snap, err := d.realmPage(w, r)
	if err != nil || snap == nil {
		return err
	}
	d.Site.ProbeCookie(w, snap.Realm)
	return d.Pages.Frame(w, r, FramePage{Kind: FrameStep, Next: d.url(snap, protocol+frameStep2), Ancestors: d.ancestors(r, snap)})
}

// cookieStep2 says whether it came along.
func (d *Door) cookieStep2(w http.ResponseWriter, r *http.Request) error {
	snap, err := d.realmPage(w, r)
	if err != nil || snap == nil {
		return err
	}
	page := FramePage{Kind: FrameResult, Result: "unsupported", Ancestors: d.ancestors(r, snap)}
	if d.Site.Probed(r, snap.Realm) {
		page.Result = "supported"
	}
	return d.Pages.Frame(w, r, page)
}

// ancestors are the origins that may frame such a page: the one that it is
// framed by, where the browser says it and it is some application's, else
// those of all applications.
func (d *Door) ancestors(r *http.Request, snap *latchkey.Snapshot) []string {
	own := originOf(d.Site.URL())
	all := append([]string{own}, token.Origins(snap, nil, d.Site.URL())...)
	slices.Sort(all)
	all = slices.Compact(all)
	if from := originOf(r.Referer()); from != "" && from != own {
		if slices.Contains(all, from) || slices.Contains(all, "*") {
			return []string{own, from}
		}
		return nil
	}
	return all[:min(len(all), mostAncestors)]
}

// originOf is the origin of a URL; empty when it has none.
func originOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
