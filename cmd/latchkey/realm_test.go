package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/store/storetest"
)

// tool is a command of the built program on a database.
func tool(t *testing.T, database string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append(args, "--db", database)...) //nolint:gosec,noctx // our own program, which ends or is killed
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, prefix) {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "LK_MASTER_KEY="+storetest.MasterKey.Reveal())
	return cmd
}

func does(t *testing.T, database string, args ...string) string {
	t.Helper()
	out, err := tool(t, database, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("latchkey %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// exported is the realm in one text.
func exported(t *testing.T, database string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "out.json")
	does(t, database, "realm", "export", "--realm", "crowd", "--file", file, "--secrets", "--keys")
	text, err := os.ReadFile(file) //nolint:gosec // of this test
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// crowdFile writes an export of a realm with many people, all of whose ids are
// given.
func crowdFile(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	small := filepath.Join(dir, "small.json")
	if err := os.WriteFile(small, []byte(`{"realm":"crowd","enabled":true}`), 0o600); err != nil {
		t.Fatal(err)
	}
	database := storetest.SQLiteURL(t)
	does(t, database, "realm", "import", small)
	var rep map[string]any
	if err := json.Unmarshal([]byte(exported(t, database)), &rep); err != nil {
		t.Fatal(err)
	}
	var people []any
	for i := range n {
		people = append(people, map[string]any{"id": fmt.Sprintf("u-%d", i), "username": fmt.Sprintf("p%d", i), "email": fmt.Sprintf("p%d@crowd.example", i),
			"enabled": true, "createdTimestamp": 1700000000000 + i, "realmRoles": []string{"offline_access"}})
	}
	rep["users"] = people
	text, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large.json")
	if err := os.WriteFile(large, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return large
}

// An import that was killed in the middle goes on where it was, and what comes
// of it is equal, byte by byte, to one that was not.
func TestKilledImport(t *testing.T) {
	file := crowdFile(t, 20_000)
	whole := storetest.SQLiteURL(t)
	does(t, whole, "realm", "import", file)
	want := exported(t, whole)
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLiteURL, "postgres": storetest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			url := database(t)
			cmd := tool(t, url, "realm", "import", file)
			stderr, err := cmd.StderrPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			if line := bufio.NewScanner(stderr); !line.Scan() || !strings.Contains(line.Text(), " of 20000 people") {
				t.Errorf("progress %q", line.Text())
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // it was killed
			if out, err := tool(t, url, "realm", "import", file).CombinedOutput(); err == nil || !strings.Contains(string(out), "not through") {
				t.Fatalf("imported again without --resume: %v\n%s", err, out)
			}
			if out := does(t, url, "realm", "import", file, "--resume"); !strings.Contains(out, "realm crowd: the import is through") {
				t.Errorf("resumed: %s", out)
			}
			if exported(t, url) != want {
				t.Error("the realm is another")
			}
		})
	}
}
