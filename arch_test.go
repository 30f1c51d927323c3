package latchkey_test

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// The floors of the house: what a package may import of this module besides
// the root. A package that is not listed may import nothing of it, and must be
// added here before it exists.
var floors = func() map[string][]string {
	below := []string{"internal/secret", "internal/store"}
	table := map[string][]string{
		".":                       nil,
		"internal/secret":         nil,
		"internal/store":          {"internal/secret"},
		"internal/web":            {"internal/secret"},
		"internal/representation": {"internal/secret"},
		"internal/outbound":       nil,
		"internal/page":           {"internal/secret", "internal/web"},
		"internal/mailbox":        {"internal/secret", "internal/web", "internal/page"},
		"internal/demo":           {"internal/secret", "internal/web", "internal/page"},
		"internal/relyingparty":   {"internal/secret", "internal/web", "internal/page"},
		"internal/console":        {"internal/secret", "internal/web", "internal/page", "internal/relyingparty", "internal/representation"},
		"internal/account":        {"internal/secret", "internal/web", "internal/page", "internal/relyingparty", "internal/representation"},
		"scripts":                 nil,
		"bench":                   nil,
	}
	verbs := slices.Clone(below)
	for _, v := range []string{"credential", "profile", "event", "ratelimit", "outbox", "session", "user", "actiontoken", "token", "backchannel", "flow", "realm"} {
		table["internal/"+v] = slices.Clone(verbs)
		verbs = append(verbs, "internal/"+v)
	}
	table["internal/realm"] = append(table["internal/realm"], "internal/representation")
	table["internal/backchannel"] = append(table["internal/backchannel"], "internal/outbound")
	table["internal/authenticator"] = verbs
	table["internal/requiredaction"] = verbs
	plugins := append(slices.Clone(verbs), "internal/authenticator", "internal/requiredaction")
	for _, door := range doors {
		table[door] = append(slices.Clone(plugins), "internal/web", "internal/page", "internal/representation", "internal/outbound")
	}
	table["internal/doctor"] = slices.Clone(verbs)
	table["internal/admin"] = append(table["internal/admin"], "internal/doctor")
	table["internal/server"] = []string{"internal"}
	table["cmd"] = []string{"internal"}
	return table
}()

var (
	doors = []string{"internal/oidc", "internal/login", "internal/admin", "internal/accountrest"}
	verbs = []string{
		"internal/credential", "internal/profile", "internal/event", "internal/ratelimit", "internal/outbox", "internal/session",
		"internal/user", "internal/actiontoken", "internal/token", "internal/backchannel", "internal/flow", "internal/realm",
	}
	plugins = []string{"internal/authenticator", "internal/requiredaction"}
	// programs have a clock, print and exit.
	programs = []string{"cmd", "bench", "scripts"}
)

// TestNevers holds what this house never does, each with its reason.
func TestNevers(t *testing.T) { run(t, nevers) }

var nevers = []rule{
	{"imports go down the floors", "a floor that knows the one above it can no longer be read, tested or changed alone", checkFloors},
	{"doors never import doors", "they speak by URL and by the login's row, so that each can be moved or replaced alone", checkDoors},
	{"flow, authenticators and required actions never import net/http", "a step answers with an Outcome; the login door alone turns it into a page", notImported([]string{"net/http"}, "internal/flow", "internal/authenticator", "internal/requiredaction")},
	{"the nouns do no I/O", "what a thing is must not depend on where it is kept", checkNouns},
	{"only store speaks to a database", "SQL for two databases is written once, where both are tested", importedOnlyBy([]string{"database/sql", "github.com/jackc/pgx", "modernc.org/sqlite", "github.com/pressly/goose"}, "internal/store")},
	{"only outbox hands mail to a relay", "a mail is a promise in the database first; sent from anywhere else it is lost with the process", importedOnlyBy([]string{"net/smtp", "github.com/wneessen/go-mail"}, "internal/outbox")},
	{"only the mailbox of dev takes mail by SMTP", "production listens on HTTP alone", importedOnlyBy([]string{"github.com/emersion/go-smtp", "github.com/emersion/go-sasl"}, "internal/mailbox", "bench")},
	{"verbs and plug-ins never open a transaction", "a request is at most one Update; a verb that opens one splits it", checkTransactions},
	{"only login/finish.go starts a session", "one road to each outcome: second factors and required actions cannot be gone around", all(
		onlyIn("latchkey/internal/session", []string{"Start"}, "internal/login/finish.go"),
		onlyIn("latchkey/internal/session", []string{"StartDirect"}, "internal/oidc/grant_password.go"))}, // no browser, no login door
	{"only token signs", "one place knows which key, which algorithm and which claims", all(
		onlyIn("github.com/go-jose/go-jose/v4", []string{"NewSigner", "NewMultiSigner"}, "internal/token"),
		onlyIn("github.com/go-jose/go-jose/v4/jwt", []string{"Signed", "SignedAndEncrypted"}, "internal/token"),
		onlyIn("crypto/rsa", []string{"SignPKCS1v15", "SignPSS"}, "internal/token", "bench"), // bench signs nothing but what it measures by
		onlyIn("crypto/ecdsa", []string{"Sign", "SignASN1"}, "internal/token"),
		onlyIn("crypto/ed25519", []string{"Sign"}, "internal/token"))},
	{"the clock comes in", "a test can then stand at any instant, and every node asks one clock a request", onlyIn("time", []string{"Now", "Since", "Until"}, append([]string{"internal/server"}, programs...)...)},
	{"nothing sleeps", "a sleep is a guess: wait for the thing itself, with a deadline", checkSleeps},
	{"no math/rand", "a guessable number was once a link (R-005)", notImported([]string{"math/rand", "math/rand/v2"}, "internal", "cmd", ".")},
	{"randomness comes from secret", "one place decides how much of it and how it is written (R-005)", importedOnlyBy([]string{"crypto/rand"}, "internal/secret", "internal/token", "bench")},
	{"no package is called after nothing", "a package called util holds whatever nobody placed", checkNames},
	{"no test-only behaviour in production", "what a test proves must be what runs", all(
		notImported([]string{"testing", "net/http/httptest"}, "internal", "cmd", "."),
		checkTestSupport, onlyIn("testing", []string{"Testing"}))},
	{"no client but the one that looks where it dials", "the default HTTP client follows anybody anywhere (R-140)", onlyIn("net/http", []string{"Get", "Post", "PostForm", "Head", "DefaultClient", "DefaultTransport", "DefaultServeMux"}, programs...)},
	{"one log", "a line that is printed or logged beside slog is never redacted (R-190)", all(
		notImported([]string{"log"}, "internal", "."),
		onlyIn("fmt", []string{"Print", "Printf", "Println"}, programs...))},
	{"no panic on input", "a stranger's bytes must not decide whether the process lives (R-213)", checkPanics},
	{"no policy that allows inline code", "the Content-Security-Policy is the last wall against injected script (R-074)", checkPolicies},
	{"no unsafe", "the compiler is a reviewer too", notImported([]string{"unsafe"}, "internal", "cmd", ".")},
}

func checkFloors(h *house) []breach {
	var out []breach
	for _, f := range h.production() {
		allowed, listed := floors[floorOf(f.dir)]
		for p, spec := range f.imports() {
			dir, ok := inside(p)
			switch {
			case !ok || dir == "." || within(dir, floorOf(f.dir)):
			case !listed:
				out = append(out, breach{h.at(spec), fmt.Sprintf("%s stands on no floor (arch_test.go, floors) and imports %s", f.dir, dir)})
			case !within(dir, allowed...):
				out = append(out, breach{h.at(spec), fmt.Sprintf("%s may not import %s", f.dir, dir)})
			}
		}
	}
	return out
}

// floorOf is the row of the table that the folder stands in.
func floorOf(dir string) string {
	for d := dir; d != "."; d = path.Dir(d) {
		if _, ok := floors[d]; ok {
			return d
		}
	}
	return dir
}

func checkDoors(h *house) []breach {
	var out []breach
	for _, f := range h.production() {
		for p, spec := range f.imports() {
			if dir, ok := inside(p); ok && within(f.dir, doors...) && within(dir, doors...) && dir != f.dir {
				out = append(out, breach{h.at(spec), "imports the door " + dir})
			}
		}
	}
	return out
}

// checkNouns: the root imports the standard library, its tables of domain
// names and of Unicode, and nothing that reaches out of the process.
func checkNouns(h *house) []breach {
	outside := []string{"net/http", "net", "database/sql", "os", "syscall", "crypto/rand"}
	tables := []string{"golang.org/x/net/idna", "golang.org/x/text/unicode/norm"}
	var out []breach
	for _, f := range h.production() {
		if f.dir != "." {
			continue
		}
		for p, spec := range f.imports() {
			std := !strings.Contains(strings.Split(p, "/")[0], ".") && p != "latchkey" && !strings.HasPrefix(p, "latchkey/")
			if slices.Contains(outside, p) || (!std && !slices.Contains(tables, p)) {
				out = append(out, breach{h.at(spec), "imports " + p})
			}
		}
	}
	return out
}

// notImported is the check that production files of the trees do not import
// the packages.
func notImported(paths []string, trees ...string) func(*house) []breach {
	return func(h *house) []breach {
		var out []breach
		for _, f := range h.production() {
			if !within(f.dir, trees...) {
				continue
			}
			for p, spec := range f.imports() {
				if slices.Contains(paths, p) {
					out = append(out, breach{h.at(spec), "imports " + p})
				}
			}
		}
		return out
	}
}

// holdsDatabase are the verbs' files that are given the store itself: workers,
// which put short transactions around slow work of their own.
var holdsDatabase = map[string]string{
	"internal/outbox":      "the worker claims rows and records attempts around its network calls",
	"internal/backchannel": "the worker claims notices and records attempts around its network calls",
	"internal/realm":       "the cache reloads a realm's snapshot when its version moves",
}

// checkTransactions finds the store's DB in verbs and plug-ins, and the body
// of a transaction, which is a function of *store.Tx given to View or Update.
func checkTransactions(h *house) []breach {
	var out []breach
	for _, f := range h.production() {
		if !within(f.dir, verbs...) && !within(f.dir, plugins...) {
			continue
		}
		if _, ok := holdsDatabase[f.dir]; !ok {
			for _, n := range f.uses("latchkey/internal/store", "DB", "Open") {
				out = append(out, breach{h.at(n), "holds the database"})
			}
		}
		worker := within(f.dir, "internal/outbox", "internal/backchannel", "internal/realm")
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && !worker && opensTransaction(call) {
				out = append(out, breach{h.at(n), "opens a transaction"})
			}
			return true
		})
	}
	return out
}

func opensTransaction(call *ast.CallExpr) bool {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || (s.Sel.Name != "View" && s.Sel.Name != "Update") {
		return false
	}
	for _, arg := range call.Args {
		if _, ok := arg.(*ast.FuncLit); ok {
			return true
		}
	}
	return false
}

// checkSleeps lets those in a bubble of testing/synctest be: there the clock is
// a made-up one, and sleeping moves it.
func checkSleeps(h *house) []breach {
	var out []breach
	for _, f := range h.files {
		bubbles := f.calls("testing/synctest", "Test")
		for _, n := range f.uses("time", "Sleep") {
			if !slices.ContainsFunc(bubbles, func(b *ast.CallExpr) bool { return b.Pos() < n.Pos() && n.End() < b.End() }) {
				out = append(out, breach{h.at(n), "sleeps"})
			}
		}
	}
	return out
}

func checkNames(h *house) []breach {
	banned := []string{"util", "utils", "common", "helper", "helpers", "model", "models", "types", "service", "services", "manager", "pkg", "misc", "shared"}
	seen := map[string]bool{}
	var out []breach
	for _, f := range h.files {
		name := strings.TrimSuffix(f.ast.Name.Name, "_test")
		if seen[f.dir] || (!slices.Contains(banned, name) && !slices.Contains(banned, path.Base(f.dir))) {
			continue
		}
		seen[f.dir] = true
		out = append(out, breach{h.at(f.ast.Name), "a package called " + name + " in " + f.dir})
	}
	return out
}

// checkTestSupport: servers, browsers and databases of tests are imported by
// tests only.
func checkTestSupport(h *house) []breach {
	var out []breach
	for _, f := range h.production() {
		for p, spec := range f.imports() {
			if dir, ok := inside(p); ok && within(dir, testSupport...) {
				out = append(out, breach{h.at(spec), "imports " + dir})
			}
		}
	}
	return append(out, checkLiterals("LK_TEST_", "LK_SOAK")(h)...)
}

// mayPanic are production files with a panic that no input can reach.
var mayPanic = map[string]string{
	"internal/page/kit.go":             "what is embedded in the binary is wrong, which every test of the package sees",
	"internal/page/resources.go":       "the same",
	"internal/admin/serverinfo.go":     "the same",
	"internal/admin/broker.go":         "the same",
	"internal/representation/realm.go": "the same",
	"internal/web/mount.go":            "hands on net/http's own http.ErrAbortHandler",
}

func checkPanics(h *house) []breach {
	var out []breach
	for _, f := range h.production() {
		if _, ok := mayPanic[f.path]; ok || f.generated {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "panic" {
					out = append(out, breach{h.at(n), "panics (if no input can reach it, list the file in mayPanic with the reason)"})
				}
			}
			return true
		})
	}
	return out
}

// checkPolicies leaves out the preview, which is looked at by its maker only.
func checkPolicies(h *house) []breach {
	return slices.DeleteFunc(checkLiterals("unsafe-inline", "unsafe-eval")(h), func(b breach) bool {
		return strings.HasPrefix(b.at, "cmd/preview/")
	})
}

// checkLiterals finds words in the string literals of production code.
func checkLiterals(words ...string) func(*house) []breach {
	return func(h *house) []breach {
		var out []breach
		for _, f := range h.production() {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok {
					return true
				}
				for _, w := range words {
					if strings.Contains(lit.Value, w) && !within(f.dir, "scripts") {
						out = append(out, breach{h.at(n), "says " + w})
					}
				}
				return true
			})
		}
		return out
	}
}
