package latchkey_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What keeps the house readable.
const (
	maxFile       = 500 // lines; 300 is the aim
	maxFunction   = 80  // lines
	maxMethods    = 5   // of an interface
	maxParameters = 5   // the receiver is not counted
	maxScript     = 100 // lines of an ES module
)

// exceptions are what may be larger, by file or by file and name, each with
// its reason.
var exceptions = map[string]string{}

// TestSizes holds how large things are, and that they say what they are for.
func TestSizes(t *testing.T) { run(t, sizes) }

var sizes = []rule{
	{"a file has at most 500 lines", "a file is read whole or not at all", checkFiles},
	{"a function has at most 80 lines", "it fits on a screen, with its names", checkFunctions},
	{"a function has at most 5 parameters", "the sixth is a struct that nobody named", checkParameters},
	{"an interface has at most 5 methods", "a larger one is a class with one implementation", checkInterfaces},
	{"a package has a doc.go", "it says what the package does, its routes or verbs, and its nevers", checkDocs},
	{"an exported name has a comment", "a reader meets the name before the code", checkComments},
	{"an ES module has at most 100 lines", "a page must work without it", checkScripts},
}

func (h *house) excepted(name string) bool { return exceptions[name] != "" }

func checkFiles(h *house) []breach {
	var out []breach
	for _, f := range h.files {
		if f.lines > maxFile && !f.generated && !h.excepted(f.path) {
			out = append(out, breach{f.path + ":1", fmt.Sprintf("has %d lines", f.lines)})
		}
	}
	return out
}

// functions calls each for every function of production code that a person wrote.
func (h *house) functions(each func(f *goFile, d *ast.FuncDecl)) {
	for _, f := range h.production() {
		if f.generated {
			continue
		}
		for _, d := range f.ast.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && !h.excepted(f.path+" "+d.Name.Name) {
				each(f, d)
			}
		}
	}
}

func checkFunctions(h *house) []breach {
	var out []breach
	h.functions(func(_ *goFile, d *ast.FuncDecl) {
		if lines := h.fset.Position(d.End()).Line - h.fset.Position(d.Pos()).Line + 1; lines > maxFunction {
			out = append(out, breach{h.at(d), fmt.Sprintf("%s has %d lines", d.Name.Name, lines)})
		}
	})
	return out
}

func checkParameters(h *house) []breach {
	var out []breach
	h.functions(func(_ *goFile, d *ast.FuncDecl) {
		if n := d.Type.Params.NumFields(); n > maxParameters {
			out = append(out, breach{h.at(d), fmt.Sprintf("%s has %d parameters", d.Name.Name, n)})
		}
	})
	return out
}

func checkInterfaces(h *house) []breach {
	var out []breach
	for _, f := range h.production() {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok && i.Methods.NumFields() > maxMethods {
				out = append(out, breach{h.at(n), fmt.Sprintf("an interface of %d methods", i.Methods.NumFields())})
			}
			return true
		})
	}
	return out
}

func checkDocs(h *house) []breach {
	documented := map[string]bool{}
	for _, f := range h.files {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		documented[f.dir] = documented[f.dir] ||
			(filepath.Base(f.path) == "doc.go" && f.ast.Doc != nil && len(strings.Fields(f.ast.Doc.Text())) >= 8)
	}
	var out []breach
	for dir, ok := range documented {
		if !ok {
			out = append(out, breach{dir, "has no doc.go with a package comment"})
		}
	}
	return out
}

func checkComments(h *house) []breach {
	var out []breach
	undocumented := func(n ast.Node, name string) {
		out = append(out, breach{h.at(n), name + " has no comment"})
	}
	for _, f := range h.files {
		if f.generated || strings.HasSuffix(f.path, "_test.go") || f.ast.Name.Name == "main" {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil {
					undocumented(d, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, name := range bare(d) {
					undocumented(name, name.Name)
				}
			}
		}
	}
	return out
}

// exportedReceiver says whether the function, or the type that it is a method
// of, can be seen from outside.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// bare gives the exported names of a declaration that no comment speaks of:
// neither one of their own nor one of the group.
func bare(d *ast.GenDecl) []*ast.Ident {
	if d.Tok == token.IMPORT || d.Doc != nil {
		return nil
	}
	var out []*ast.Ident
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc == nil && s.Comment == nil {
				out = append(out, s.Name)
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() && s.Doc == nil && s.Comment == nil {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

func checkScripts(h *house) []breach {
	var out []breach
	for name, text := range sources(h.root, ".js", ".mjs") {
		if n := strings.Count(text, "\n"); n > maxScript && exceptions[name] == "" {
			out = append(out, breach{name + ":1", fmt.Sprintf("has %d lines", n)})
		}
	}
	return out
}

// sources reads the files of the tree whose names end so, by their path.
func sources(root string, suffixes ...string) map[string]string {
	out := map[string]string{}
	_ = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != root && slices.Contains([]string{".git", "node_modules", "bin", "build", "data"}, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) }) {
			if text, err := os.ReadFile(name); err == nil {
				out[relative(root, name)] = string(text)
			}
		}
		return nil
	})
	return out
}

// TestDependencies holds that every module which code imports is named, with
// its reason, in docs/dependencies.md, and that nothing else is.
func TestDependencies(t *testing.T) {
	required := map[string]string{} // module path -> version
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:require )?([A-Za-z0-9./_-]+\.[A-Za-z0-9./_-]+) (v\S+)`).FindAllStringSubmatch(read(t, "go.mod"), -1) {
		required[m[1]] = m[2]
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+\\.[^`]+/[^`]+)` \\|").FindAllStringSubmatch(read(t, "docs/dependencies.md"), -1) {
		listed[m[1]] = true
	}
	used := map[string]string{} // module path -> where
	h := theHouse(t)
	for _, f := range h.files {
		for p, spec := range f.imports() {
			if m := moduleOf(p, required); m != "" && used[m] == "" {
				used[m] = h.at(spec)
			}
		}
	}
	for m, where := range used {
		if !listed[m] {
			t.Errorf("%s: uses the module %s, which docs/dependencies.md does not name", where, m)
		}
	}
	for m := range listed {
		if used[m] == "" {
			t.Errorf("docs/dependencies.md names %s, which nothing imports", m)
		}
	}
	if v := toolVersion(t, "github.com/a-h/templ"); v != required["github.com/a-h/templ"] {
		t.Errorf("tools/go.mod generates with templ %s, go.mod runs with %s", v, required["github.com/a-h/templ"])
	}
}

func moduleOf(importPath string, required map[string]string) string {
	best := ""
	for m := range required {
		if within(importPath, m) && len(m) > len(best) {
			best = m
		}
	}
	return best
}

func toolVersion(t *testing.T, module string) string {
	t.Helper()
	m := regexp.MustCompile(regexp.QuoteMeta(module) + ` (v\S+)`).FindStringSubmatch(read(t, "tools/go.mod"))
	if m == nil {
		t.Fatalf("tools/go.mod does not name %s", module)
	}
	return m[1]
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
