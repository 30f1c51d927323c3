package web

import (
	"net/http"
	"strings"
)

// Handler answers a request or returns an error, which [Mount] turns into the
// answer. A handler that has begun to answer may still return an error; it is
// then only logged.
type Handler func(http.ResponseWriter, *http.Request) error

// Class says what a route answers with; it decides the default headers,
// the form of errors, and whether posts from other sites are refused.
type Class int

// The classes of routes.
const (
	// ClassPage answers with HTML to a person. Unsafe methods are refused when
	// they come from another site.
	ClassPage Class = iota
	// ClassJSON answers a program that authenticates itself by token or client
	// authentication, never by cookie; so posts from other sites are its normal
	// case.
	ClassJSON
	// ClassRedirect only ever sends on; its answer is to a URL that may hold a
	// secret. Protected like ClassPage.
	ClassRedirect
	// ClassAsset answers with a file of our own. The handler sets how long it
	// may be cached.
	ClassAsset
)

// String names the class, for logs and metrics.
func (c Class) String() string {
	return [...]string{"page", "json", "redirect", "asset"}[c]
}

// DefaultBody is how many bytes the body of a request may have.
const DefaultBody = 64 << 10

// Route is one path with one method and its handler.
type Route struct {
	// Pattern is "METHOD /path/{with}/{names}" as [http.ServeMux] has it, below
	// the path of [Site.Base]. GET stands for HEAD too.
	Pattern string
	Class   Class
	Handler Handler
	// Body is the most bytes that a request may send; 0 means [DefaultBody].
	Body int64
	// AnyOrigin lets other sites post to a page: the authorization endpoint,
	// which decides nothing by a cookie that came with such a post.
	AnyOrigin bool
	// Programs narrows the route to requests that ask for JSON (see [AsksJSON]):
	// pages may stand at the same path, which get all the others. Keycloak's
	// account console and its REST share their addresses so.
	Programs bool
	// Waits marks a long poll: it does not count among the requests under way
	// and its context has no deadline of ours.
	Waits bool
}

// AsksJSON says whether a request is a program's: it accepts JSON, or says that
// it sends some (as Keycloak's account console does with a GET, too).
func AsksJSON(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), jsonType) || strings.HasPrefix(r.Header.Get("Content-Type"), jsonType)
}

const jsonType = "application/json"
