package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey"
)

// parameter pollution over form and query.
func TestParameters(t *testing.T) {
	tests := []struct{ name, raw, field, want string }{
		{"none", "", "", ""},
		{"one", "email=ada%40example.test", "", "email"},
		{"empty value", "a=&b", "", "a b"},
		{"umlaut", "name=%C3%84da", "", "name"},
		{"twice", "email=a%40x.test&email=b%40x.test", "email", ""},
		{"twice the same", "state=1&state=1", "state", ""},
		{"twice, encoded name", "email=a&e%6dail=b", "email", ""},
		{"NUL", "email=a%00b", "email", ""},
		{"NUL in the name", "em%00ail=a", "", ""},
		{"not UTF-8", "email=%ff%fe", "email", ""},
		{"semicolon", "a=1;b=2", "", ""},
		{"bad escape", "a=%zz", "", ""},
		{"100", strings.Repeat("&", 99), "", ""},
	}
	for _, tt := range tests {
		for _, kind := range []string{"form", "query"} {
			t.Run(tt.name+" "+kind, func(t *testing.T) {
				var values url.Values
				var err error
				if kind == "form" {
					values, err = Form(httptest.NewRecorder(), post("/", tt.raw))
				} else {
					r := httptest.NewRequest(http.MethodGet, "/", nil)
					r.URL.RawQuery = tt.raw
					values, err = Query(r)
				}
				refused := tt.want == "" && tt.raw != "" && tt.name != "100"
				if (err != nil) != refused {
					t.Fatalf("%v, %v", values, err)
				}
				var e *latchkey.Error
				if err != nil && (!errors.As(err, &e) || e.Code != latchkey.CodeInvalid || e.Field != tt.field) {
					t.Errorf("error %#v", err)
				}
				for _, name := range strings.Fields(tt.want) {
					if !values.Has(name) {
						t.Errorf("no %s in %v", name, values)
					}
				}
			})
		}
	}
	only := func(names ...string) func(string) bool {
		return func(name string) bool { return slices.Contains(names, name) }
	}
	if _, err := parameters(strings.Repeat("a&", 100), maxParameters, only()); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
		t.Errorf("101 parameters: %v", err)
	}
	if v, err := parameters("role=a&role=b", maxParameters, only("role")); err != nil || len(v["role"]) != 2 {
		t.Errorf("repeatable: %v, %v", v, err)
	}
	if _, err := parameters("Role=a&Role=b", maxParameters, only("role")); err == nil {
		t.Error("repeatable is not exact")
	}
}

func TestFormBody(t *testing.T) {
	if v, err := Form(httptest.NewRecorder(), post("/?email=x", "a=1")); err != nil || v.Has("email") {
		t.Errorf("the query got into the form: %v, %v", v, err)
	}
	tests := []struct {
		name, kind, body string
		status           int
	}{
		{"JSON", "application/json", `{"email":["a","b"]}`, http.StatusUnsupportedMediaType},
		{"multipart", "multipart/form-data; boundary=x", "--x--", http.StatusUnsupportedMediaType},
		{"no type", "", "a=1", http.StatusUnsupportedMediaType},
		{"64 KiB and one", "application/x-www-form-urlencoded", "a=" + strings.Repeat("x", DefaultBody-1), http.StatusRequestEntityTooLarge},
		{"64 KiB", "application/x-www-form-urlencoded; charset=UTF-8", "a=" + strings.Repeat("x", DefaultBody-2), 0},
		{"nothing at all", "", "", 0},
	}
	for _, tt := range tests {
		r := post("/", tt.body, "Content-Type: x")
		r.Header.Set("Content-Type", tt.kind)
		if tt.kind == "" {
			r.Header.Del("Content-Type")
		}
		_, err := Form(httptest.NewRecorder(), r)
		got := 0
		if err != nil {
			got = failureOf(err).Status
		}
		if got != tt.status {
			t.Errorf("%s: %d, %v", tt.name, got, err)
		}
	}
}

// deep and trailing JSON is refused before it costs anything.
func TestReadJSON(t *testing.T) {
	deep := strings.Repeat("[", maxJSONDepth)
	tests := []struct {
		body string
		ok   bool
	}{
		{`{"a":1,"unknown":[{}]}`, true}, {` {"a":1} `, true}, {`{"a":"[[[["}`, true}, {`{"a":"\"[["}`, true},
		{`{"a":1}{"a":2}`, false}, {`{"a":1} x`, false}, {`{"a":`, false}, {``, false},
		{`{"b":` + deep + strings.Repeat("]", maxJSONDepth) + `}`, false},
	}
	for _, tt := range tests {
		var v struct{ A any }
		err := ReadJSON(httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tt.body)), &v)
		if (err == nil) != tt.ok || (err != nil && latchkey.ErrorCode(err) != latchkey.CodeInvalid) {
			t.Errorf("%.40s: %v", tt.body, err)
		}
	}
	if err := checkDepth([]byte(deep + "[")); err == nil {
		t.Error("too deep went through")
	}
}

func FuzzForm(f *testing.F) {
	for _, s := range []string{"", "a=1&b=2", "a=1&a=2", "a=%00", "%61=1&a=2", "a;b", "=&=", strings.Repeat("&", 200), "a=\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := Form(httptest.NewRecorder(), post("/", raw))
		if err != nil {
			if latchkey.ErrorCode(err) != latchkey.CodeInvalid {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(values) > maxParameters {
			t.Fatalf("%d parameters", len(values))
		}
		for name, list := range values {
			if len(list) != 1 || strings.Contains(list[0]+name, "\x00") {
				t.Fatalf("%q=%q", name, list)
			}
		}
	})
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"", "client_id=a&state=b", "a=1&a=2", "%", "a=%e2%80%ae"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.RawQuery = raw
		values, err := Query(r)
		if err != nil {
			return
		}
		again, err := parameters(values.Encode(), maxParameters, func(string) bool { return false })
		if err != nil || again.Encode() != values.Encode() {
			t.Fatalf("%q does not come back: %v, %v", raw, again, err)
		}
	})
}

func FuzzReadJSON(f *testing.F) {
	for _, s := range []string{"{}", `{"a":[1,{"b":"]"}]}`, `"\""`, strings.Repeat("[", 100)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var v any
		if err := ReadJSON(httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body))), &v); err != nil && latchkey.ErrorCode(err) != latchkey.CodeInvalid {
			t.Fatal(err)
		}
	})
}

// Forms of who is signed in: boxes of one name, files, and still nothing that
// is no text, or without end.
func TestBounds(t *testing.T) {
	b := Bounds{Parameters: 3, Repeatable: true, Files: true}
	const multi = "multipart/form-data; boundary=x"
	part := func(name, file, text string) string {
		head := `form-data; name="` + name + `"`
		if file != "" {
			head += `; filename="` + file + `"`
		}
		return "--x\r\nContent-Disposition: " + head + "\r\n\r\n" + text + "\r\n"
	}
	tests := []struct {
		name, kind, body string
		want             url.Values // nil: refused
	}{
		{"boxes", formType, "role=a&role=b", url.Values{"role": {"a", "b"}}},
		{"too many", formType, "a=1&b=2&c=3&d=4", nil},
		{"a file", multi, part("a", "", "1") + part("file", "x.json", "{\r\n}") + "--x--", url.Values{"a": {"1"}, "file": {"{\r\n}"}}},
		{"too many parts", multi, strings.Repeat(part("a", "", "1"), 4) + "--x--", nil},
		{"no end", multi, part("a", "", "1"), nil},
		{"no boundary", "multipart/form-data", "--x--", nil},
		{"no text", multi, part("file", "x", "\xff\xfe") + "--x--", nil},
		{"JSON", "application/json", "{}", nil},
	}
	for _, tt := range tests {
		r := post("/", tt.body)
		r.Header.Set("Content-Type", tt.kind)
		got, err := b.Form(r)
		if tt.want == nil {
			if latchkey.ErrorCode(err) != latchkey.CodeInvalid {
				t.Errorf("%s: %v, %v", tt.name, got, err)
			}
			continue
		}
		if err != nil || got.Encode() != tt.want.Encode() {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
	b.Repeatable, b.Files = false, false
	for _, body := range []string{"a=1&a=2", part("a", "", "1") + "--x--"} {
		r := post("/", body)
		if strings.HasPrefix(body, "--") {
			r.Header.Set("Content-Type", multi)
		}
		if got, err := b.Form(r); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
			t.Errorf("%v, %v", got, err)
		}
	}
}

const formType = "application/x-www-form-urlencoded"
