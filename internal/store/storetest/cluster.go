package storetest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"latchkey/internal/secret"
)

// errNoPostgres says that PostgreSQL is not installed.
var errNoPostgres = errors.New("PostgreSQL is not installed (initdb and pg_ctl are neither in /usr/lib/postgresql/*/bin nor in PATH); " +
	"install the package postgresql, or name a server in LK_TEST_POSTGRES")

// server is where test databases are made.
type server struct {
	admin string // URL of a database to say CREATE DATABASE in
	// template is the name of a migrated database; empty on a server that is
	// not ours, where nothing is left behind.
	template string
	stop     func()
}

var running struct {
	sync.Once
	*server
	err error
}

// start starts the cluster, or finds the server that LK_TEST_POSTGRES names.
func start() (*server, error) {
	running.Do(func() {
		if u := os.Getenv("LK_TEST_POSTGRES"); u != "" {
			running.server = &server{admin: u, stop: func() {}}
			return
		}
		running.server, running.err = startCluster()
	})
	return running.server, running.err
}

// Main runs the tests and ends the cluster. Without it the cluster ends a
// moment after the test binary.
func Main(m *testing.M) {
	code := m.Run()
	if running.server != nil {
		running.stop()
	}
	os.Exit(code)
}

// PostgresURL makes a fresh, migrated database that goes with the test. The
// test is skipped, or fails under CI, when there is no PostgreSQL.
func PostgresURL(t testing.TB) string {
	t.Helper()
	s, err := start()
	if errors.Is(err, errNoPostgres) && os.Getenv("CI") == "" && os.Getenv("LK_TEST_REQUIRE") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("starting PostgreSQL: %v", err)
	}
	name := "lk_" + strings.ReplaceAll(secret.NewID(), "-", "")
	if err := s.run("CREATE DATABASE " + name + s.templateClause()); err != nil {
		t.Fatalf("making a test database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.run("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("dropping a test database: %v", err)
		}
	})
	u := s.url(name)
	if s.template == "" {
		if err := migrate(u); err != nil {
			t.Fatalf("migrating a test database: %v", err)
		}
	}
	return u
}

func (s *server) templateClause() string {
	if s.template == "" {
		return ""
	}
	return " TEMPLATE " + s.template
}

func (s *server) url(database string) string {
	u, err := url.Parse(s.admin)
	if err != nil {
		return s.admin
	}
	u.Path = "/" + database
	return u.String()
}

func (s *server) run(text string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, text)
	return err
}

// script makes a cluster, says "ready" and ends it when its input ends. That
// happens when the test binary ends, in whatever way.
const script = `
set -e
cd "$1"
trap '' INT
if ! { "$2/initdb" -D data -U postgres -A trust --no-sync --no-locale -E UTF8 &&
       "$2/pg_ctl" -D data -l log -w -t 60 -o "$3" start; } >out 2>&1 </dev/null; then
    cat out log 2>/dev/null || true
    exit 1
fi
echo ready
read -r line || true
"$2/pg_ctl" -D data -m immediate -w stop >/dev/null 2>&1 || true
cd /
rm -rf "$1"
`

func startCluster() (*server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(memory(), "latchkey-pg-")
	if err != nil {
		return nil, err
	}
	settings := fmt.Sprintf("-c listen_addresses='' -c unix_socket_directories='%s' -c fsync=off -c synchronous_commit=off "+
		"-c full_page_writes=off -c max_connections=300 -c shared_buffers=32MB -c dynamic_shared_memory_type=mmap "+
		"-c autovacuum=off -c max_wal_size=256MB", dir)
	cmd := exec.Command("/bin/sh", "-c", script, "sh", dir, bin, settings) //nolint:gosec // a fixed script
	// A group of its own, so that an interrupted test run does not interrupt
	// the script that tidies up.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() == 0 {
		// PostgreSQL refuses to run as root.
		if cmd.SysProcAttr.Credential, err = postgresUser(dir); err != nil {
			return nil, err
		}
	}
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := sync.OnceFunc(func() {
		_ = in.Close()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	lines := bufio.NewReader(out)
	if line, _ := lines.ReadString('\n'); line != "ready\n" {
		rest, _ := io.ReadAll(lines)
		stop()
		return nil, fmt.Errorf("the cluster did not start: %s%s", line, bytes.TrimSpace(rest))
	}
	s := &server{admin: (&url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
		RawQuery: url.Values{"host": {dir}, "port": {"5432"}}.Encode()}).String(), stop: stop}
	const template = "lk_template"
	if err = s.run("CREATE DATABASE " + template); err == nil {
		err = migrate(s.url(template))
	}
	if err != nil {
		stop()
		return nil, err
	}
	s.template = template
	return s, nil
}

// memory gives a directory in memory when there is one with room: a database
// is some 300 files, and making it there takes 20 ms instead of 300.
func memory() string {
	const shm, room = "/dev/shm", 2 << 30
	var fs syscall.Statfs_t
	if err := syscall.Statfs(shm, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < room {
		return "" // the usual place
	}
	return shm
}

// binaries finds the newest PostgreSQL.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	sort.Slice(found, func(i, j int) bool { return version(found[i]) < version(found[j]) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(initdb), nil
	}
	return "", errNoPostgres
}

func version(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4])
	return n
}

// postgresUser gives the directory to the user postgres, and who that is.
func postgresUser(dir string) (*syscall.Credential, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("running as root needs a user postgres for the cluster: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, int(uid), int(gid))
}
