package server

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"latchkey"
	"latchkey/internal/console"
	"latchkey/internal/oidc"
	"latchkey/internal/page"
	"latchkey/internal/secret"
	"latchkey/internal/session"
	"latchkey/internal/store"
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

// console is the operator's page.
func (s *Server) console(pages *page.Kit) *console.Console {
	return &console.Console{
		Kit: pages, Site: s.site, Now: s.cfg.Now, SignedIn: s.signedIn,
		SignInURL: s.site.Path("admin", "sign-in"),
		Realms: func(ctx context.Context) (list []*latchkey.Realm, err error) {
			err = s.db.View(ctx, func(tx *store.Tx) error {
				list, err = tx.Realms()
				return err
			})
			return list, err
		},
	}
}

// signIn sends an administrator through realm master's own sign-in and back to
// the console. The console reads the session that the browser then has; the
// code of the answer is left unused, and its challenge fits no verifier.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	q := url.Values{"client_id": {latchkey.ClientAdminConsole}, "response_type": {"code"}, "scope": {"openid"},
		"redirect_uri": {s.site.URL("admin", latchkey.MasterRealm, "console", "")}, "state": {secret.Token()}, "nonce": {secret.Token()},
		"code_challenge": {secret.Token()}, "code_challenge_method": {"S256"}}
	return web.Redirect(w, r, s.site.RealmURL(latchkey.MasterRealm, "protocol/openid-connect/auth?"+q.Encode()))
}

// signedIn tells who is signed in to realm master in this browser, and whether
// they hold the role that administers every realm.
func (s *Server) signedIn(r *http.Request) (*console.Person, error) {
	cookie, ok := s.site.Cookie(r, "session", latchkey.MasterRealm)
	if !ok {
		return nil, nil
	}
	snap, err := s.realms.Get(r.Context(), latchkey.MasterRealm)
	if err != nil {
		return nil, err
	}
	var person *console.Person
	err = s.db.View(r.Context(), func(tx *store.Tx) error {
		_, user, err := session.Find(tx, snap, latchkey.Secret(cookie))
		if err != nil || user == nil {
			return err
		}
		held, err := tx.Holdings(snap.Realm.ID, user.ID)
		if err != nil {
			return err
		}
		person = &console.Person{Name: firstOf(user.Email, user.Username)}
		admin := snap.RoleNamed("", latchkey.RoleAdmin)
		for _, role := range snap.ExpandRoles(held.RoleIDs()) {
			person.Admin = person.Admin || (admin != nil && role.ID == admin.ID)
		}
		return nil
	})
	return person, err
}
