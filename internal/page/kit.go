package page

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"

	"latchkey"
	"latchkey/internal/web"
)

// Page is something that [Kit.Write] can show: it renders what stands in the
// page's main part, with one heading, and names itself. Its components take
// their texts from the context by [Say] and [SayText].
type Page interface {
	templ.Component
	// Title is the document's title, without the realm's name behind it.
	Title(t *Texts) string
}

// scripted is a Page that has a module of its own.
type scripted interface{ module() string }

// Scripted is the same for pages of other packages: the module's file among
// the resources of this one.
type Scripted interface{ Module() string }

// wide is a Page that is no form of one column.
type wide interface{ Wide() bool }

// Kit renders pages and mails. It is safe for concurrent use.
type Kit struct {
	// AdminCommand is what is typed on the host for the one-time link of an
	// administrator; set before the Kit is used.
	AdminCommand string

	site       *web.Site
	prefix     string // path of the site, without a slash at the end
	resources  *resources
	catalogues []*catalogue // English first
	offers     offers       // of languages, by realms' settings
}

// New makes a Kit for the site. What it is made of is embedded in the binary;
// that it is sound is a matter of this package's tests, so New panics when it
// is not.
func New(site *web.Site) *Kit {
	k := &Kit{AdminCommand: "latchkey admin link --hostname " + strings.TrimSuffix(site.URL(), "/"), site: site, resources: loadResources()}
	k.prefix = strings.TrimSuffix(site.Base.EscapedPath(), "/")
	var err error
	if k.catalogues, err = loadCatalogues(); err != nil {
		panic("page: " + err.Error())
	}
	return k
}

// Meta makes what the layout needs for a page of the realm. Realm, client and
// r may be nil: then there is no realm's name, no application, no choice of
// languages.
func (k *Kit) Meta(r *http.Request, realm *latchkey.Realm, client *latchkey.Client, lang string, now time.Time) Meta {
	m := Meta{Lang: lang, Now: now, AdminCommand: k.AdminCommand, Languages: k.languages(r, realm, lang)}
	if realm != nil {
		m.Realm = clean(realm.Title())
		m.Texts = realm.Localization[lang]
		m.Accent = realm.Attributes[AccentAttribute]
	}
	if client != nil {
		m.AppTitle = k.AppTitle(client, lang)
	}
	if client != nil && realm != nil {
		m.AppURL = client.StartURL(k.site.URL(), k.site.Issuer(realm.Name))
	}
	return m
}

// textsFor are the texts of a page.
func (k *Kit) textsFor(m Meta) *Texts {
	t := k.Texts(m.Lang)
	t.own = m.Texts
	return t
}

// AppTitle is the application's name as people are shown it: a name such as
// "${client_account}" is a key of the catalogue.
func (k *Kit) AppTitle(client *latchkey.Client, lang string) string {
	title := client.Title()
	if key, ok := catalogueKey(title); ok {
		if t := k.Texts(lang); t.Has(key) {
			return t.Say(key)
		}
		title = client.ClientID
	}
	return clean(title)
}

// catalogueKey takes the key out of "${key}".
func catalogueKey(text string) (string, bool) {
	if rest, ok := strings.CutPrefix(text, "${"); ok {
		return strings.CutSuffix(rest, "}")
	}
	return "", false
}

// view is what components find in the context.
type view struct {
	kit    *Kit
	meta   Meta
	texts  *Texts
	page   Page
	script bool
}

type viewKey struct{}

func from(ctx context.Context) *view {
	v, _ := ctx.Value(viewKey{}).(*view)
	return v
}

// Render gives the page's whole document.
func (k *Kit) Render(ctx context.Context, m Meta, p Page, policy Policy) ([]byte, error) {
	var b bytes.Buffer
	err := k.render(ctx, &b, m, p, policy)
	return b.Bytes(), err
}

func (k *Kit) render(ctx context.Context, b *bytes.Buffer, m Meta, p Page, policy Policy) error {
	v := &view{kit: k, meta: m, texts: k.textsFor(m), page: p, script: policy.Script}
	v.meta.Lang = v.texts.Lang()
	if err := document(p).Render(context.WithValue(ctx, viewKey{}, v), b); err != nil {
		return fmt.Errorf("render page: %w", err)
	}
	return nil
}

// buffers hold pages until they are sent.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Answer is a page as the answer to a request.
type Answer struct {
	Status int
	Meta   Meta
	Page   Page
	Policy Policy
}

// Write answers with the page. It renders first, so that an error leaves the
// answer untouched for the caller's error page.
func (k *Kit) Write(w http.ResponseWriter, r *http.Request, a Answer) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := k.render(r.Context(), b, a.Meta, a.Page, a.Policy); err != nil {
		return err
	}
	pageHeaders(w, a.Policy)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", k.Texts(a.Meta.Lang).Lang())
	w.WriteHeader(a.Status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(b.Bytes())
	return err
}
