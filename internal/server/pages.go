package server

import (
	"net/http"
	"net/url"
	"time"

	"latchkey"
	"latchkey/internal/oidc"
	"latchkey/internal/page"
	"latchkey/internal/web"
)

// oidcPages shows the few pages of the application's door.
type oidcPages struct {
	kit *page.Kit
	now func() time.Time
}

func (p *oidcPages) meta(w http.ResponseWriter, r *http.Request, snap *latchkey.Snapshot, client *latchkey.Client) page.Meta {
	var realm *latchkey.Realm
	if snap != nil {
		realm = snap.Realm
	}
	return p.kit.Meta(r, realm, client, p.kit.Language(w, r, realm, "", ""), p.now())
}

// metaOf is the same for who signs out, in their language or the one that the
// application asks for.
func (p *oidcPages) metaOf(w http.ResponseWriter, r *http.Request, l oidc.LogoutPage) page.Meta {
	return p.kit.Meta(r, l.Realm.Realm, l.Client, p.kit.Language(w, r, l.Realm.Realm, l.UILocales, l.User.Locale()), p.now())
}

// Error says why a request leads nowhere.
func (p *oidcPages) Error(w http.ResponseWriter, r *http.Request, e oidc.ErrorPage) error {
	return p.kit.Write(w, r, page.Answer{Status: e.Status, Meta: p.meta(w, r, e.Realm, e.Client),
		Page: page.ErrorPage(e.Key, web.RequestID(r.Context()))})
}

// LogoutConfirm asks whether to sign out.
func (p *oidcPages) LogoutConfirm(w http.ResponseWriter, r *http.Request, l oidc.LogoutPage) error {
	c := page.LogoutConfirm{Form: page.Form{Action: l.Action}}
	if l.User != nil {
		c.Account = firstOf(l.User.Email, l.User.Username)
	}
	query := url.Values{}
	for _, f := range l.Fields {
		if f.Name == "session_code" {
			c.SessionCode = f.Value
		} else {
			query.Set(f.Name, f.Value)
		}
	}
	if len(query) > 0 {
		c.Action += "?" + query.Encode()
	}
	return p.kit.Write(w, r, page.Answer{Status: http.StatusOK, Meta: p.metaOf(w, r, l), Page: c,
		Policy: page.Policy{FormTargets: l.Targets}})
}

// Frame is a page without content, kept in a hidden frame.
func (p *oidcPages) Frame(w http.ResponseWriter, _ *http.Request, f oidc.FramePage) error {
	return p.kit.WriteFrame(w, page.Frame(f))
}

// LoggedOut says that it was done.
func (p *oidcPages) LoggedOut(w http.ResponseWriter, r *http.Request, l oidc.LogoutPage) error {
	return p.kit.Write(w, r, page.Answer{Status: http.StatusOK, Meta: p.metaOf(w, r, l), Page: page.LoggedOut{}})
}

// FormPost answers the application by a form that submits itself.
func (p *oidcPages) FormPost(w http.ResponseWriter, r *http.Request, f oidc.FormPostPage) error {
	post := page.FormPost{Action: f.Action}
	for _, field := range f.Fields {
		post.Fields = append(post.Fields, page.FormPostField(field))
	}
	return p.kit.Write(w, r, page.Answer{Status: http.StatusOK, Meta: p.meta(w, r, f.Realm, f.Client), Page: post,
		Policy: page.Policy{FormTargets: []string{f.Action}, Script: true, NoReferrer: true}})
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}
