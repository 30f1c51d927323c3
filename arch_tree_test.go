package latchkey_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// goFile is one Go file of the house.
type goFile struct {
	path      string // from the root, with slashes
	dir       string // its package's folder; "." is the root
	ast       *ast.File
	lines     int
	test      bool // *_test.go, or a package that only tests import
	generated bool
}

// breach is one place where a rule is broken.
type breach struct {
	at   string // file:line
	what string
}

// rule is one thing that the house never does, or always does.
type rule struct {
	name   string
	reason string
	check  func(h *house) []breach
}

// run reports every breach of every rule, each with its place, what is wrong
// there and why it is a rule.
func run(t *testing.T, rules []rule) {
	t.Helper()
	h := theHouse(t)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, b := range r.check(h) {
				t.Errorf("%s: %s\n\tthe rule: %s, because %s", b.at, b.what, r.name, r.reason)
			}
		})
	}
}

// house is every Go file of the module.
type house struct {
	root  string
	fset  *token.FileSet
	files []*goFile
}

// testSupport are packages that are imported by tests only.
var testSupport = []string{"internal/servertest", "internal/browsertest", "internal/store/storetest"}

// theHouse parses the module once for all rules.
var loadHouse = sync.OnceValues(func() (*house, error) { return load(".") })

func theHouse(t *testing.T) *house {
	t.Helper()
	h, err := loadHouse()
	if err != nil {
		t.Fatal(err)
	}
	if len(h.files) < 20 {
		t.Fatalf("only %d Go files were found", len(h.files))
	}
	return h
}

// load parses the Go files below root. It asks nobody but the parser, so it
// works offline and on a tree that does not build.
func load(root string) (*house, error) {
	h := &house{root: root, fset: token.NewFileSet()}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := relative(root, name)
		if d.IsDir() {
			if name != root && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "node_modules", "bin", "build", "data", "tools"}, d.Name())) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(h.fset, rel, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(rel)
		h.files = append(h.files, &goFile{
			path: rel, dir: dir, ast: f,
			lines:     bytes.Count(text, []byte("\n")),
			test:      strings.HasSuffix(rel, "_test.go") || within(dir, testSupport...),
			generated: ast.IsGenerated(f),
		})
		return nil
	})
	return h, err
}

// relative is the path from the root, with slashes.
func relative(root, name string) string {
	return filepath.ToSlash(strings.TrimPrefix(name, root+string(filepath.Separator)))
}

// production are the files that end up in a program.
func (h *house) production() []*goFile {
	var out []*goFile
	for _, f := range h.files {
		if !f.test {
			out = append(out, f)
		}
	}
	return out
}

func (h *house) at(n ast.Node) string {
	p := h.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// within says whether the folder is one of the trees, or below one.
func within(dir string, trees ...string) bool {
	for _, tree := range trees {
		if dir == tree || strings.HasPrefix(dir, tree+"/") {
			return true
		}
	}
	return false
}

// imports gives the import specs of a file by path.
func (f *goFile) imports() map[string]*ast.ImportSpec {
	out := map[string]*ast.ImportSpec{}
	for _, spec := range f.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			out[p] = spec
		}
	}
	return out
}

// inside gives the folder of a package of this module that is imported by the
// path; "." is the root.
func inside(importPath string) (dir string, ok bool) {
	if importPath == "latchkey" {
		return ".", true
	}
	return strings.CutPrefix(importPath, "latchkey/")
}

// localName is what the package is called in the file.
func localName(spec *ast.ImportSpec, importPath string) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	base := path.Base(importPath)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(importPath))
	}
	return strings.TrimPrefix(base, "go-")
}

// uses gives every place where the file names one of the package's names, as
// package.Name. A method with an equal name is not one.
func (f *goFile) uses(importPath string, names ...string) []ast.Node {
	spec := f.imports()[importPath]
	if spec == nil {
		return nil
	}
	local := localName(spec, importPath)
	var out []ast.Node
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains(names, s.Sel.Name) {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == local {
				out = append(out, s)
			}
		}
		return true
	})
	return out
}

// calls gives every call of the package's function in the file.
func (f *goFile) calls(importPath, name string) []*ast.CallExpr {
	named := f.uses(importPath, name)
	var out []*ast.CallExpr
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && slices.Contains(named, ast.Node(call.Fun)) {
			out = append(out, call)
		}
		return true
	})
	return out
}

// onlyIn is the check that the names of a package are used in no production
// file but those of the folders or files that are allowed.
func onlyIn(importPath string, names []string, allowed ...string) func(*house) []breach {
	return func(h *house) []breach {
		var out []breach
		for _, f := range h.production() {
			if within(f.dir, allowed...) || slices.Contains(allowed, f.path) {
				continue
			}
			for _, n := range f.uses(importPath, names...) {
				out = append(out, breach{h.at(n), fmt.Sprintf("uses %s.%s", path.Base(importPath), n.(*ast.SelectorExpr).Sel.Name)})
			}
		}
		return out
	}
}

// importedOnlyBy is the check that the packages whose paths start with one of
// the prefixes are imported in no production file but those of the folders.
func importedOnlyBy(prefixes []string, allowed ...string) func(*house) []breach {
	return func(h *house) []breach {
		var out []breach
		for _, f := range h.production() {
			if within(f.dir, allowed...) {
				continue
			}
			for p, spec := range f.imports() {
				if within(p, prefixes...) {
					out = append(out, breach{h.at(spec), "imports " + p})
				}
			}
		}
		return out
	}
}

// all joins checks.
func all(checks ...func(*house) []breach) func(*house) []breach {
	return func(h *house) []breach {
		var out []breach
		for _, check := range checks {
			out = append(out, check(h)...)
		}
		return out
	}
}
