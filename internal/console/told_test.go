package console_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// refusing are the functions whose sentences reach whoever asks the Admin REST
// API, with the place of the sentence among their arguments.
var refusing = map[string]int{"Invalid": 1, "Errorf": 1, "tellError": 1, "answerError": 1, "conflict": 1, "warn": 1, "add": 3, "noLonger": 0}

// notShown are the files of calls that the console does not make.
var notShown = []string{"../admin/magiclink.go", "../admin/absent.go", "../admin/clientpolicy.go", "../admin/serverinfo.go", "../admin/call.go", "../admin/error.go",
	"../admin/clientsession.go", "../admin/partialimport.go", "../admin/session.go"}

// identifier is what something is called by machines.
var identifier = regexp.MustCompile(`^[a-z][a-zA-Z0-9._-]*$`)

// gone says that an answer is of a status for which the console has a page of
// its own.
func gone(status ast.Expr) bool {
	s, ok := status.(*ast.SelectorExpr)
	return ok && (s.Sel.Name == "StatusNotFound" || s.Sel.Name == "StatusUnauthorized" || s.Sel.Name == "CodeNotFound")
}

// describing are the members by which providers describe themselves.
var describing = []string{"HelpText", "DisplayName", "Label", "Name", "Text"}

var verb = regexp.MustCompile(`%\.?[0-9]*[a-z]`)

// template is the sentence of an expression, with {0}, {1}, ... for what it is
// about; empty when it is none.
func template(e ast.Expr) string {
	args := 0
	place := func() string { args++; return "{" + strconv.Itoa(args-1) + "}" }
	var write func(e ast.Expr) string
	write = func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.BasicLit:
			if e.Kind == gotoken.STRING {
				text, _ := strconv.Unquote(e.Value)
				return verb.ReplaceAllStringFunc(text, func(v string) string {
					if strings.HasSuffix(v, "q") {
						return `"` + place() + `"`
					}
					return place()
				})
			}
		case *ast.BinaryExpr:
			return write(e.X) + write(e.Y)
		case *ast.CallExpr:
			if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
				return write(e.Args[0])
			}
		}
		return place()
	}
	return write(e)
}

// spoken are the sentences and names of the Admin REST API in the sources.
func spoken(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	files := gotoken.NewFileSet()
	for _, dir := range []string{"admin", "flow", "authenticator", "requiredaction", "actiontoken"} {
		names, err := filepath.Glob("../" + dir + "/*.go")
		if err != nil || len(names) == 0 {
			t.Fatal(dir, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") || slices.Contains(notShown, name) {
				continue
			}
			file, err := parser.ParseFile(files, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			keep := func(text string, at gotoken.Pos) {
				if identifier.MatchString(text) {
					return
				}
				if letters := strings.Trim(regexp.MustCompile(`\{[0-9]\}`).ReplaceAllString(text, ""), "\"' :.[]"); letters != "" {
					out[text] = files.Position(at).String()
				}
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					called := ""
					switch f := n.Fun.(type) {
					case *ast.Ident:
						called = f.Name
					case *ast.SelectorExpr:
						called = f.Sel.Name
					}
					if at, ok := refusing[called]; ok && len(n.Args) > at && !gone(n.Args[0]) {
						keep(template(n.Args[at]), n.Pos())
					}
				case *ast.KeyValueExpr:
					key, ok := n.Key.(*ast.Ident)
					_, plain := n.Value.(*ast.Ident)
					if ok && !plain && slices.Contains(describing, key.Name) {
						keep(template(n.Value), n.Pos())
					}
				}
				return true
			})
		}
	}
	for name, members := range map[string][]string{"admin/builtin/serverinfo.json": {"protocolMapperTypes"}, "admin/builtin/brokers.json": nil, "realm/builtin/flows.json": nil,
		"realm/builtin/scopes.json": nil, "realm/builtin/actions.json": nil} {
		data, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		var all any
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
		for _, m := range members {
			all = all.(map[string]any)[m]
		}
		described(all, func(text string) { out[text] = name })
	}
	return out
}

// described gives what JSON says of itself.
func described(value any, give func(string)) {
	switch value := value.(type) {
	case []any:
		for _, one := range value {
			described(one, give)
		}
	case map[string]any:
		for name, one := range value {
			text, is := one.(string)
			_, has := value["helpText"]
			switch {
			case !is:
				described(one, give)
			case name == "helpText", name == "label", name == "description", name == "name" && (has && value["properties"] != nil || value["providerId"] != nil && value["alias"] != nil && value["topLevel"] == nil):
				if text != "" && !strings.HasPrefix(text, "${") {
					give(text)
				}
			}
		}
	}
}

// Whatever the Admin REST API says is said in German and Arabic, too.
func TestTold(t *testing.T) {
	said := spoken(t)
	for _, lang := range []string{"de", "ar"} {
		var told map[string]string
		data, err := os.ReadFile("../page/catalogue/told/" + lang + ".json")
		if err == nil {
			err = json.Unmarshal(data, &told)
		}
		if err != nil {
			t.Fatal(err)
		}
		for text, at := range said {
			if told[text] == "" {
				t.Errorf("%s: %s: %q", lang, at, text)
			}
		}
	}
}
