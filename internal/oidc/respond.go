package oidc

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/web"
)

// The response modes that are built (OAuth 2.0 Multiple Response Types 2.1,
// Form Post Response Mode).
const (
	modeQuery    = "query"
	modeFragment = "fragment"
	modeFormPost = "form_post"
)

var modes = []string{modeQuery, modeFragment, modeFormPost}

// modeFor is how an application is answered that asked like this: as it says,
// else in the query for codes and in the fragment for tokens.
func modeFor(responseType, responseMode string) string {
	if slices.Contains(modes, responseMode) {
		return responseMode
	}
	for _, t := range strings.Fields(responseType) {
		if t == "token" || t == "id_token" {
			return modeFragment
		}
	}
	return modeQuery
}

// reply is an answer to an application at an address that is known to be its
// own.
type reply struct {
	snap   *latchkey.Snapshot
	client *latchkey.Client
	to     string // redirect URI
	mode   string
	fields []Field
}

// respond sends the reply in its mode. The issuer stands in every one, errors
// included (R-114, RFC 9207).
func (d *Door) respond(w http.ResponseWriter, r *http.Request, p reply) error {
	if p.mode == modeFormPost {
		to, _, _ := strings.Cut(p.to, "#")
		return d.Pages.FormPost(w, r, FormPostPage{Realm: p.snap, Client: p.client, Action: to, Fields: p.fields})
	}
	return web.Redirect(w, r, withFields(p.to, p.mode, p.fields))
}

// withFields adds fields to a redirect URI: to the query before a fragment that
// the application has there itself, or to that fragment.
func withFields(uri, mode string, fields []Field) string {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(f.Name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(f.Value))
	}
	if b.Len() == 0 {
		return uri
	}
	base, fragment, has := strings.Cut(uri, "#")
	if mode == modeFragment {
		return base + "#" + joined(fragment, b.String())
	}
	if has {
		fragment = "#" + fragment
	}
	path, query, _ := strings.Cut(base, "?")
	return path + "?" + joined(query, b.String()) + fragment
}

func joined(before, added string) string {
	if before == "" {
		return added
	}
	return strings.TrimSuffix(before, "&") + "&" + added
}

// errorFields are the fields of an error to the application, in Keycloak's
// order.
func (d *Door) errorFields(snap *latchkey.Snapshot, code, description, state string) []Field {
	fields := []Field{{"error", code}}
	if description != "" {
		fields = append(fields, Field{"error_description", description})
	}
	if state != "" {
		fields = append(fields, Field{"state", state})
	}
	return append(fields, Field{"iss", d.Site.Issuer(snap.Realm.Name)})
}

// codeFields are the fields of a code to the application, in Keycloak's order.
func (d *Door) codeFields(snap *latchkey.Snapshot, code, sessionID, state string) []Field {
	var fields []Field
	if state != "" {
		fields = append(fields, Field{"state", state})
	}
	return append(fields, Field{"session_state", sessionID}, Field{"iss", d.Site.Issuer(snap.Realm.Name)}, Field{"code", code})
}
