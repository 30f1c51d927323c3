package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write the reference of settings anew")

func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){"latchkey": main})
}

// TestScripts are the stories of the command line. Beside testscript's own
// commands they have: ports NAME..., which puts free ports into variables;
// await URL, which waits until it answers; get URL PATTERN, whose answer must
// match; mode FILE MODE.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, "KEY=w6HMpb/I2HFpKPK9CW8JPJ3GvfN1/O8zWiIZGtgCUJo=")
			for _, v := range os.Environ() { // where coverage goes
				if strings.HasPrefix(v, "GOCOVERDIR=") {
					e.Vars = append(e.Vars, v)
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"ports": ports, "await": await, "get": get, "mode": mode, "keep": keep},
	})
}

func ports(ts *testscript.TestScript, _ bool, names []string) {
	var open []net.Listener
	for _, name := range names {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		open = append(open, l)
		ts.Setenv(name, fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
	}
	for _, l := range open {
		ts.Check(l.Close())
	}
}

func ask(url string) (int, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for {
		if code, _, err := ask(args[0]); err == nil && code == http.StatusOK {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			ts.Fatalf("%s does not answer", args[0])
		}
	}
}

func get(ts *testscript.TestScript, neg bool, args []string) {
	code, body, err := ask(args[0])
	ts.Check(err)
	got := fmt.Sprintf("%d %s", code, body)
	if regexp.MustCompile(args[1]).MatchString(got) == neg {
		ts.Fatalf("%s answers %s", args[0], got)
	}
}

func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has the mode %s", args[0], got)
	}
}

// keep NAME PATTERN puts the first group that matches in the last output into
// a variable.
func keep(ts *testscript.TestScript, _ bool, args []string) {
	m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if m == nil {
		ts.Fatalf("the output has no %s", args[1])
	}
	ts.Setenv(args[0], m[1])
}

// The committed reference is what the code says. -update writes it.
func TestReferenceIsCurrent(t *testing.T) {
	const file = "../../docs/configuration.md"
	want, err := reference()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/configuration.md is not what the code says: go generate ./cmd/latchkey")
	}
}

// Every command of the program, and every flag of each, is in the reference.
func TestReferenceIsWhole(t *testing.T) {
	text, err := reference()
	if err != nil {
		t.Fatal(err)
	}
	list, err := leaves(&program{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 12 {
		t.Fatalf("%d commands", len(list))
	}
	for _, leaf := range list {
		_, section, ok := strings.Cut(text, "## "+leaf.FullPath())
		if !ok {
			t.Errorf("%s is not there", leaf.FullPath())
		}
		section, _, _ = strings.Cut(section, "\n##")
		for _, f := range leaf.Flags {
			if !strings.Contains(section, "`--"+f.Name+"`") && !strings.Contains(text, "| `--"+f.Name+"`<br>") {
				t.Errorf("%s --%s is not there", leaf.FullPath(), f.Name)
			}
		}
	}
}
