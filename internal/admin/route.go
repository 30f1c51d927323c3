package admin

import (
	"net/http"
	"strings"

	"latchkey/internal/web"
)

// route is one row of the table of the API: what it is, who may call it, what
// it takes and what it gives. Routing, permissions, the OpenAPI description and
// the tests that walk the API read the same rows.
type route struct {
	method string
	// path is below /admin/realms/{realm}; one that begins with "/admin/" or
	// "/realms/" is whole.
	path string
	// may are the administrative roles of which the caller needs one for the
	// realm (see permission.go); empty where any administrator may, or where the
	// handler decides by the object.
	may []string
	// anybody lets every account call that has a valid token: the handler
	// decides what they see.
	anybody bool
	// asks are roles of which the handler asks one where the row does not.
	asks []string
	act  action

	summary string // one line, for the OpenAPI description
	query   []param
	body    any // a value of the shape that the body has; nil when there is none
	gives   any // a value of the shape of the answer; nil when it has no body
	status  int // of success; 0: 200 with an answer, 204 without
	// size is the most bytes that the body may have; 0 means defaultBody.
	size int64
}

// action does what a route is for.
type action func(*call) error

// defaultBody bounds what a call sends: a client with all its mappers,
// or a flow, is some ten kilobytes.
const defaultBody = 1 << 20

// param is a parameter of the query.
type param struct {
	name string
	kind paramKind
	help string
}

// paramKind says how a parameter is written.
type paramKind int

const (
	text paramKind = iota
	number
	flag // true or false
	list // may be given several times
)

// paging are the parameters of a list that can be read in parts.
var paging = []param{
	{"first", number, "how many to pass over"},
	{"max", number, "how many to give at most; -1 for all"},
}

// with gives parameters behind others.
func with(groups ...[]param) []param {
	var all []param
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// base is where a realm is administered.
const base = "/admin/realms/{realm}"

// pattern is the whole path of the route.
func (r *route) pattern() string {
	if strings.HasPrefix(r.path, "/admin/") || strings.HasPrefix(r.path, "/realms/") {
		return r.path
	}
	return base + r.path
}

// inRealm says whether the route is about one realm.
func (r *route) inRealm() bool { return strings.Contains(r.pattern(), "{realm}") }

// noRealm is what Keycloak says of a realm that does not exist.
func (r *route) noRealm() string {
	if strings.HasPrefix(r.path, "/realms") {
		return "Realm does not exist"
	}
	return "Realm not found."
}

// table is the whole API, the groups in the order of the description.
func (d *Door) table() []route {
	var all []route
	for _, group := range [][]route{
		d.realmRoutes(),
		d.realmExportRoutes(),
		d.partialImportRoutes(),
		d.realmMailRoutes(),
		d.keyRoutes(),
		d.componentRoutes(),
		d.localizationRoutes(),
		d.eventRoutes(),
		d.eventStatisticsRoutes(),
		d.doctorRoutes(),
		d.overviewRoutes(),
		d.sessionRoutes(),
		d.userRoutes(),
		d.roleRoutes(),
		d.roleMappingRoutes(),
		d.groupRoutes(),
		d.clientRoutes(),
		d.clientInstallationRoutes(),
		d.clientEvaluateRoutes(),
		d.clientPolicyRoutes(),
		d.initialAccessRoutes(),
		d.clientScopeRoutes(),
		d.mapperRoutes(),
		d.flowRoutes(),
		d.requiredActionRoutes(),
		d.identityProviderRoutes(),
		d.absentRoutes(),
		d.serverRoutes(),
		d.mailRoutes(),
		d.pendingRoutes(),
		d.linkRoutes(),
	} {
		all = append(all, group...)
	}
	return all
}

// Routes lists the door's routes.
func (d *Door) Routes() []web.Route {
	routes := []web.Route{{Pattern: "GET " + specificationPath, Class: web.ClassJSON, Handler: d.specification}}
	preflights := map[string]bool{}
	for _, r := range d.table() {
		size := r.size
		if size == 0 {
			size = defaultBody
		}
		path := r.pattern()
		routes = append(routes, web.Route{Pattern: r.method + " " + path, Class: web.ClassJSON, Body: size, Handler: d.serve(&r)})
		if !preflights[path] {
			preflights[path] = true
			routes = append(routes, web.Route{Pattern: http.MethodOptions + " " + path, Class: web.ClassJSON, Handler: d.preflight})
		}
	}
	return routes
}
