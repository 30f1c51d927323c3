package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is a line of go test -json (see go doc test2json).
type event struct {
	Action, Package, Test, Output, ImportPath, FailedBuild string
	Elapsed                                                float64
}

// key names a test of a package.
type key struct{ pkg, test string }

// skip is a test that was skipped.
type skip struct {
	key
	reason string
}

// log is what has been read so far.
type log struct {
	out                     io.Writer
	output                  map[key]*strings.Builder
	builds                  map[string]*strings.Builder
	ran                     map[string]int // by package
	passed, failed, skipped int
	broken                  []string // what failed, for the end
	skips                   []skip
	fine                    map[key]bool // what passed
}

func main() {
	l := newLog(os.Stdout)
	if err := l.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testlog:", err)
		os.Exit(1)
	}
	strict := os.Getenv("CI") != "" || os.Getenv("LK_TEST_REQUIRE") == "1"
	os.Exit(l.finish(strict))
}

func newLog(out io.Writer) *log {
	return &log{out: out, output: map[key]*strings.Builder{}, builds: map[string]*strings.Builder{}, ran: map[string]int{}, fine: map[key]bool{}}
}

func (l *log) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil {
				l.take(e)
			} else {
				fmt.Fprintf(l.out, "%s\n", strings.TrimRight(string(line), "\n"))
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (l *log) take(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		builder(l.builds, e.ImportPath).WriteString(e.Output)
	case "output":
		builder(l.output, k).WriteString(e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			l.finishPackage(e)
		} else {
			l.finishTest(e, k)
		}
		delete(l.output, k)
	}
}

func builder[K comparable](m map[K]*strings.Builder, k K) *strings.Builder {
	if m[k] == nil {
		m[k] = &strings.Builder{}
	}
	return m[k]
}

func (l *log) finishTest(e event, k key) {
	l.ran[e.Package]++
	switch e.Action {
	case "pass":
		l.passed++
		l.fine[k] = true
	case "skip":
		l.skipped++
		l.skips = append(l.skips, skip{k, reason(builder(l.output, k).String())})
	case "fail":
		l.failed++
		l.broken = append(l.broken, e.Package+" "+e.Test)
		fmt.Fprint(l.out, builder(l.output, k).String())
	}
}

// reason is the line that t.Skip printed.
func reason(output string) string {
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			return line
		}
	}
	return "no reason given"
}

func (l *log) finishPackage(e event) {
	output := builder(l.output, key{e.Package, ""}).String()
	switch {
	case e.FailedBuild != "":
		fmt.Fprint(l.out, builder(l.builds, e.FailedBuild).String())
		delete(l.builds, e.FailedBuild)
		l.broken = append(l.broken, e.Package+" (does not build)")
		fmt.Fprintf(l.out, "FAIL  %s  does not build\n", e.Package)
	case e.Action == "fail":
		if l.ran[e.Package] == 0 || !strings.HasSuffix(output, "FAIL\n") {
			fmt.Fprint(l.out, output) // a panic, a time-out, a data race in no test
		}
		l.broken = append(l.broken, e.Package)
		fmt.Fprintf(l.out, "FAIL  %s  %.1fs\n", e.Package, e.Elapsed)
	case l.ran[e.Package] > 0:
		fmt.Fprintf(l.out, "ok    %s  %.1fs, %d tests\n", e.Package, e.Elapsed, l.ran[e.Package])
	}
}

// ranOnTheOther says whether the skipped test is one of a pair, for SQLite and
// PostgreSQL, whose other half passed: some rules are about one of them only.
func (l *log) ranOnTheOther(s skip) bool {
	parts := strings.Split(s.test, "/")
	for i, part := range parts {
		other, ok := map[string]string{"sqlite": "postgres", "postgres": "sqlite"}[part]
		if !ok {
			continue
		}
		parts[i] = other
		return l.fine[key{s.pkg, strings.Join(parts, "/")}]
	}
	return false
}

func (l *log) finish(strict bool) int {
	wrong := 0
	for _, s := range l.skips {
		fmt.Fprintf(l.out, "skipped: %s %s: %s\n", s.pkg, s.test, s.reason)
		if !l.ranOnTheOther(s) {
			wrong++
		}
	}
	for _, b := range l.broken {
		fmt.Fprintln(l.out, "failed: ", b)
	}
	code := 0
	switch {
	case len(l.broken) > 0:
		code = 1
	case l.passed+l.failed+l.skipped == 0:
		fmt.Fprintln(l.out, "no test ran")
		code = 1
	case strict && wrong > 0:
		fmt.Fprintln(l.out, "nothing may be skipped here but what is no matter of one database and ran on the other")
		code = 1
	}
	fmt.Fprintf(l.out, "%d passed, %d failed, %d skipped\n", l.passed, l.failed, l.skipped)
	return code
}
