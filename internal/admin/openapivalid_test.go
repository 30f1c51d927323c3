package admin_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The objects of OpenAPI 3.1.0 (section 4.8), with those of their members that
// the description uses: a member that is not here is a mistake, or is new and
// has to be looked up there.
type (
	oaDocument struct {
		OpenAPI string `json:"openapi"`
		Info    struct {
			Title, Version, Description string
			License                     struct{ Name, Identifier string } // one of identifier and url
		}
		Servers    []struct{ URL string }
		Security   []map[string][]string
		Paths      map[string]oaPathItem
		Components struct {
			Schemas         map[string]oaSchema
			SecuritySchemes map[string]struct{ Type, Scheme, BearerFormat string }
			Responses       map[string]oaResponse
		}
	}
	oaPathItem struct {
		Parameters             []oaParameter
		Get, Post, Put, Delete *oaOperation
	}
	oaOperation struct {
		OperationID, Summary string
		Tags                 []string
		Parameters           []oaParameter
		RequestBody          *struct {
			Content map[string]oaMediaType
		}
		Responses map[string]oaResponse
		Roles     []string `json:"x-roles"`
		Anybody   bool     `json:"x-anybody"`
	}
	oaParameter struct {
		Name, In, Description string
		Required              bool
		Schema                *oaSchema
	}
	oaMediaType struct{ Schema *oaSchema }
	oaResponse  struct {
		Ref         string `json:"$ref"`
		Description *string
		Content     map[string]oaMediaType
		Headers     map[string]struct {
			Description string
			Schema      *oaSchema
		}
	}
	// oaSchema is a JSON schema of 2020-12; additionalProperties is a schema or
	// a boolean.
	oaSchema struct {
		Ref                  string `json:"$ref"`
		Type                 string
		Format, Description  string
		Properties           map[string]oaSchema
		Items                *oaSchema
		AdditionalProperties json.RawMessage
	}
)

var (
	oaTemplate  = regexp.MustCompile(`\{([^{}]*)\}`)
	oaComponent = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)
	oaStatus    = regexp.MustCompile(`^[1-5][0-9][0-9]$`)
)

// The description is OpenAPI 3.1: each object has the members that the
// specification gives it and those that it requires, each part of a path that
// is filled in is a parameter, and no two paths are the same but for names.
func TestSpecificationIsValid(t *testing.T) {
	w := newWorld(t)
	_, header, text := w.s.Ask("GET", "/admin/openapi.json", "")
	if header.Get("Content-Type") != "application/json" {
		t.Error(header)
	}
	var d oaDocument
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		t.Fatal(err)
	}
	if d.Info.Title == "" || d.Info.Version == "" || d.Info.License.Name == "" || len(d.Servers) != 1 || d.Servers[0].URL != w.s.Base {
		t.Errorf("%+v %+v", d.Info, d.Servers)
	}
	for _, need := range d.Security {
		for name := range need {
			if s := d.Components.SecuritySchemes[name]; s.Type != "http" || s.Scheme != "bearer" {
				t.Errorf("security %s: %+v", name, s)
			}
		}
	}
	shapes := map[string]string{}
	for path, item := range d.Paths {
		if shape := oaTemplate.ReplaceAllString(path, "{}"); shapes[shape] != "" {
			t.Errorf("%s and %s are one path", path, shapes[shape])
		} else {
			shapes[shape] = path
		}
		var named []string
		for _, p := range item.Parameters {
			named = append(named, p.Name)
			if p.In != "path" || !p.Required || p.Schema == nil {
				t.Errorf("%s: %+v", path, p)
			}
		}
		var parts []string
		for _, part := range oaTemplate.FindAllStringSubmatch(path, -1) {
			parts = append(parts, part[1])
		}
		if !strings.HasPrefix(path, "/") || !slices.Equal(named, parts) {
			t.Errorf("%s: parameters %q", path, named)
		}
		for _, op := range []*oaOperation{item.Get, item.Post, item.Put, item.Delete} {
			if op != nil {
				op.check(t, path)
			}
		}
	}
	for name, r := range d.Components.Responses {
		r.check(t, name)
	}
	for name, s := range d.Components.Schemas {
		if !oaComponent.MatchString(name) {
			t.Errorf("schema %q", name)
		}
		s.check(t, name)
	}
}

func (op *oaOperation) check(t *testing.T, at string) {
	t.Helper()
	at += " " + op.OperationID
	seen := map[string]bool{}
	for _, p := range op.Parameters {
		if p.Name == "" || p.In != "query" || p.Schema == nil || seen[p.Name] {
			t.Errorf("%s: %+v", at, p)
			continue
		}
		seen[p.Name] = true
		p.Schema.check(t, at+" "+p.Name)
	}
	if op.RequestBody != nil {
		checkContent(t, at, op.RequestBody.Content, true)
	}
	if len(op.Responses) == 0 {
		t.Errorf("%s has no answer", at)
	}
	for status, r := range op.Responses {
		if !oaStatus.MatchString(status) {
			t.Errorf("%s: status %q", at, status)
		}
		r.check(t, at+" "+status)
	}
}

func (r oaResponse) check(t *testing.T, at string) {
	t.Helper()
	if (r.Ref == "") == (r.Description == nil) {
		t.Errorf("%s: an answer has a description, or is named", at)
	}
	checkContent(t, at, r.Content, false)
	for _, h := range r.Headers {
		h.Schema.check(t, at)
	}
}

func checkContent(t *testing.T, at string, content map[string]oaMediaType, needed bool) {
	t.Helper()
	if needed && len(content) == 0 {
		t.Errorf("%s: a body of no kind", at)
	}
	for kind, m := range content {
		if !strings.Contains(kind, "/") || m.Schema == nil {
			t.Errorf("%s: %q", at, kind)
			continue
		}
		m.Schema.check(t, at)
	}
}

func (s *oaSchema) check(t *testing.T, at string) {
	t.Helper()
	if s.Type != "" && !slices.Contains([]string{"object", "array", "string", "integer", "number", "boolean", "null"}, s.Type) ||
		(s.Type == "array") != (s.Items != nil) || s.Type != "object" && s.Properties != nil {
		t.Errorf("%s: %+v", at, s)
	}
	for name, inner := range s.Properties {
		inner.check(t, at+"."+name)
	}
	if s.Items != nil {
		s.Items.check(t, at+"[]")
	}
	if more := string(s.AdditionalProperties); more != "" && more != "true" && more != "false" {
		var inner oaSchema
		if err := json.Unmarshal(s.AdditionalProperties, &inner); err != nil {
			t.Errorf("%s: %v", at, err)
		}
		inner.check(t, at+".*")
	}
}
