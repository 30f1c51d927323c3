package admin

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"latchkey/internal/representation"
	"latchkey/internal/web"
)

// specificationPath is where the description of the API is served.
const specificationPath = "/admin/openapi.json"

// specification serves the description. It says nothing of what is configured
// or who is known, and so everybody may have it.
func (d *Door) specification(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	return web.WriteJSON(w, http.StatusOK, json.RawMessage(d.openAPI()))
}

// object is a JSON object that is being put together.
type object = map[string]any

// describe writes the OpenAPI 3.1 description of the routes.
func describe(routes []route, base string) []byte {
	s := newSchemas()
	paths := object{}
	for i := range routes {
		r := &routes[i]
		at := strings.ReplaceAll(r.pattern(), "...}", "}") // a parameter that holds slashes has no word of its own there
		path, ok := paths[at].(object)
		if !ok {
			path = object{}
			if names := pathNames(at); len(names) > 0 {
				path["parameters"] = pathParameters(names)
			}
			paths[at] = path
		}
		path[strings.ToLower(r.method)] = r.operation(s)
	}
	failure := func(what string) object {
		return object{"description": what, "content": object{"application/json": object{"schema": object{"$ref": "#/components/schemas/Error"}}}}
	}
	s.all["Error"] = object{"type": "object", "description": "Keycloak's error bodies: error for what is not found or not allowed, errorMessage for what a handler refuses, field for the input that is wrong.",
		"properties": object{"error": object{"type": "string"}, "error_description": object{"type": "string"}, "errorMessage": object{"type": "string"}, "field": object{"type": "string"}}}
	text, _ := json.Marshal(object{ // maps, lists and strings always encode
		"openapi": "3.1.0",
		"info": object{"title": "Latchkey Admin REST API", "version": representation.KeycloakVersion, "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
			"description": "Keycloak's Admin REST API of the version above, and Latchkey's own resources for mail and links. Each operation names the administrative roles of which the caller needs one (x-roles), or that every valid token may call it (x-anybody): what it answers depends on the caller."},
		"servers":  []object{{"url": base}},
		"security": []object{{"bearer": []string{}}},
		"paths":    paths,
		"components": object{
			"schemas":         s.all,
			"securitySchemes": object{"bearer": object{"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
			"responses": object{"BadRequest": failure("The request is wrong; the answer names the field."), "Unauthorized": failure("There is no valid access token."),
				"Forbidden": failure("The caller lacks the role."), "NotFound": failure("The realm or the object does not exist."),
				"Conflict": failure("It exists already, or is not in a state for that.")},
		},
	})
	return text
}

// pathNames are the names of the parameters in a path.
func pathNames(path string) (names []string) {
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

func pathParameters(names []string) (out []object) {
	for _, name := range names {
		out = append(out, object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	return out
}

// operation describes one route.
func (r *route) operation(s *schemas) object {
	status := r.status
	switch {
	case status != 0:
	case r.gives != nil:
		status = http.StatusOK
	default:
		status = http.StatusNoContent
	}
	answer := object{"description": http.StatusText(status)}
	if r.gives != nil {
		answer["content"] = s.content(r.gives)
	}
	if status == http.StatusCreated {
		answer["headers"] = object{"Location": object{"description": "Where it is; the last part is its id.", "schema": object{"type": "string"}}}
	}
	op := object{
		"operationId": r.operationID(), "summary": r.summary, "tags": []string{r.tag()},
		"responses": object{
			strconv.Itoa(status): answer, "400": object{"$ref": "#/components/responses/BadRequest"}, "401": object{"$ref": "#/components/responses/Unauthorized"},
			"403": object{"$ref": "#/components/responses/Forbidden"}, "404": object{"$ref": "#/components/responses/NotFound"}, "409": object{"$ref": "#/components/responses/Conflict"}},
	}
	switch {
	case len(r.may) > 0:
		op["x-roles"] = r.may
	case len(r.asks) > 0:
		op["x-roles"] = r.asks
	case r.anybody:
		op["x-anybody"] = true
	default:
		op["x-roles"] = anyAdministrator
	}
	if len(r.query) > 0 {
		var parameters []object
		for _, p := range r.query {
			parameters = append(parameters, p.describe())
		}
		op["parameters"] = parameters
	}
	if r.body != nil {
		op["requestBody"] = object{"content": s.content(r.body)}
	}
	return op
}

// operationID is what generated clients call an operation: the method and the
// words of the path.
func (r *route) operationID() string {
	var b strings.Builder
	b.WriteString(strings.ToLower(r.method))
	words := strings.FieldsFunc(strings.TrimPrefix(r.pattern(), base), func(c rune) bool { return strings.ContainsRune("/-{}._", c) })
	if len(words) == 0 {
		words = []string{"realm"}
	}
	for _, w := range words {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

// tag is the group of an operation.
func (r *route) tag() string {
	parts := strings.Split(strings.TrimPrefix(strings.TrimPrefix(r.pattern(), base), "/"), "/")
	switch {
	case parts[0] == "admin" || parts[0] == "realms":
		return "server"
	case parts[0] == "":
		return "realm"
	}
	return parts[0]
}

func (p param) describe() object {
	schema := object{"type": "string"}
	switch p.kind {
	case number:
		schema = object{"type": "integer"}
	case flag:
		schema = object{"type": "boolean"}
	case list:
		schema = object{"type": "array", "items": object{"type": "string"}}
	}
	return object{"name": p.name, "in": "query", "description": p.help, "schema": schema}
}
