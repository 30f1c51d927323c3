package browsertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Required says whether a missing tool fails a test instead of skipping it:
// CI is set, or LK_TEST_REQUIRE is 1.
func Required() bool {
	return os.Getenv("CI") != "" || os.Getenv("LK_TEST_REQUIRE") == "1"
}

// missing ends the test that cannot run without a tool.
func missing(t testing.TB, tool string) {
	t.Helper()
	const how = "run make setup, which installs it from Debian's packages"
	if Required() {
		t.Fatalf("%s is missing: %s", tool, how)
	}
	t.Skipf("%s is missing: %s", tool, how)
}

// unfetched ends the test that needs a JavaScript package. Where npm is there
// the package is one command away: nothing is skipped in silence.
func unfetched(t testing.TB, what string) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		missing(t, what)
	}
	t.Fatalf("%s is missing: run make setup, which fetches it (npm ci in internal/browsertest/js)", what)
}

// chromium finds the browser's program. The headless shell is the same Chromium
// without its windows, and opens tabs several times as fast.
func chromium(t testing.TB) string {
	t.Helper()
	names := []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"}
	if named := os.Getenv("LK_TEST_CHROMIUM"); named != "" {
		names = []string{named}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "Chromium")
	return ""
}

// jsDir is the folder of the JavaScript packages that tests use.
func jsDir() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "js")
}

// Module reads a file of an installed JavaScript package, such as
// "keycloak-js/lib/keycloak.js".
func Module(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(jsDir(), "node_modules", filepath.FromSlash(path)))
	if err != nil {
		unfetched(t, "the JavaScript package of "+path)
	}
	return text
}

// Node makes a command that runs a script of the js folder with Node.js, where
// the installed packages can be imported by their names.
func Node(t testing.TB, script string, args ...string) *exec.Cmd {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "Node.js")
	}
	if _, err := os.Stat(filepath.Join(jsDir(), "node_modules")); err != nil {
		unfetched(t, "the folder of JavaScript packages")
	}
	if v, err := exec.CommandContext(t.Context(), node, "--version").Output(); err == nil && strings.HasPrefix(string(v), "v18.") {
		args = append([]string{script}, args...)
		script = "--experimental-global-webcrypto" // Debian 12's Node.js has it behind a switch
	}
	cmd := exec.CommandContext(t.Context(), node, append([]string{script}, args...)...)
	cmd.Dir = jsDir()
	return cmd
}
