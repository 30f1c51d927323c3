package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	realmName    = "bench"
	clientID     = "bench-app"
	clientSecret = "bench-secret-of-the-bench-app-0123456789"
	redirectURI  = "http://127.0.0.1:9999/cb"
)

// world is everything that a measurement stands in.
type world struct {
	dir        string // of this run
	binary     string
	base       string // of the server
	management string
	database   string // what --db says
	key        string
	people     int
	sink       *sink
	server     process
	db         process // PostgreSQL's postmaster; 0 for SQLite
	cmd        *exec.Cmd
	stop       []func()
	cold       time.Duration // from the start of the process to ready, with a filled database
	first      time.Duration // the same on an empty one
}

// newWorld makes the sink, the database and the key.
func newWorld(binary string, people int, postgres bool) (*world, error) {
	dir, err := os.MkdirTemp("", "latchkey-bench-")
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir, binary: binary, people: people}
	w.stop = append(w.stop, func() { _ = os.RemoveAll(dir) })
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	w.key = base64.StdEncoding.EncodeToString(key)
	if w.sink, err = newSink(); err != nil {
		return w, err
	}
	w.database = "sqlite:" + filepath.Join(dir, "latchkey.db")
	if postgres {
		if err := w.startPostgres(); err != nil {
			return w, err
		}
	}
	return w, w.writeRealm()
}

// close undoes everything, last thing first.
func (w *world) close() {
	w.stopServer()
	for i := len(w.stop) - 1; i >= 0; i-- {
		w.stop[i]()
	}
}

func (w *world) realmFile() string { return filepath.Join(w.dir, "realm.json") }

// person is the address of a person who has an account.
func person(n int) string { return fmt.Sprintf("person%06d@bench.test", n) }

// writeRealm writes the realm that the server imports: people with proven
// addresses, one confidential client, the sink as its relay.
func (w *world) writeRealm() error {
	_, port, err := net.SplitHostPort(w.sink.addr)
	if err != nil {
		return err
	}
	users := make([]map[string]any, w.people)
	for i := range users {
		users[i] = map[string]any{"username": person(i), "email": person(i), "emailVerified": true, "enabled": true}
	}
	realm := map[string]any{
		"realm": realmName, "enabled": true, "browserFlow": "magic link", "sslRequired": "none",
		"smtpServer": map[string]string{"host": "127.0.0.1", "port": port, "from": "bench@bench.test"},
		"clients": []map[string]any{{
			"clientId": clientID, "secret": clientSecret, "enabled": true, "publicClient": false,
			"standardFlowEnabled": true, "serviceAccountsEnabled": true, "redirectUris": []string{redirectURI},
		}},
		"users": users,
	}
	data, err := json.Marshal(realm)
	if err != nil {
		return err
	}
	return os.WriteFile(w.realmFile(), data, 0o600)
}

// startServer starts the binary and waits until it is ready.
func (w *world) startServer(ctx context.Context) (time.Duration, error) {
	listen, management, err := freePorts()
	if err != nil {
		return 0, err
	}
	w.base, w.management = "http://"+listen, "http://"+management
	log, err := os.Create(filepath.Join(w.dir, "server.log"))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	w.cmd = exec.Command(w.binary, "start", "--hostname", w.base, "--listen", listen, "--management-listen", management,
		"--db", w.database, "--import", w.realmFile(), "--trusted-proxies", "127.0.0.1", "--log-level", "warn")
	w.cmd.Env = []string{"LK_MASTER_KEY=" + w.key}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "LK_") { // settings are this run's own
			w.cmd.Env = append(w.cmd.Env, v)
		}
	}
	w.cmd.Stdout, w.cmd.Stderr = log, log
	began := time.Now()
	if err := w.cmd.Start(); err != nil {
		return 0, err
	}
	w.server = process(w.cmd.Process.Pid)
	if err := w.ready(ctx); err != nil {
		text, _ := os.ReadFile(log.Name())
		return 0, fmt.Errorf("%w; the server said:\n%s", err, text)
	}
	return time.Since(began), nil
}

// ready asks every two milliseconds until the server can sign people in.
func (w *world) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	asking := &http.Client{Timeout: time.Second}
	exited := make(chan error, 1)
	go func() { exited <- w.cmd.Wait() }()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for {
		if r, err := asking.Get(w.management + "/health/ready"); err == nil {
			_, _ = io.Copy(io.Discard, r.Body)
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-again.C:
		case err := <-exited:
			return fmt.Errorf("the server ended: %w", errors.Join(err, ctx.Err()))
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: %w", ctx.Err())
		}
	}
}

// stopServer asks the server to end, as a process manager would.
func (w *world) stopServer() {
	if w.server == 0 {
		return
	}
	_ = w.cmd.Process.Signal(syscall.SIGTERM)
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for w.cmd.Process.Signal(syscall.Signal(0)) == nil {
		select {
		case <-again.C:
		case <-deadline.C:
			_ = w.cmd.Process.Kill()
		}
	}
	w.server = 0
}

// freePorts finds two free ports on loopback.
func freePorts() (a, b string, err error) {
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer first.Close()
	second, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer second.Close()
	return first.Addr().String(), second.Addr().String(), nil
}

// startPostgres makes and starts a cluster for this run, with the defaults of
// its version, on a port of loopback.
func (w *world) startPostgres() error {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return errors.New("no PostgreSQL in /usr/lib/postgresql: run scripts/setup.sh")
	}
	bin := filepath.Dir(found[len(found)-1])
	data := filepath.Join(w.dir, "pg")
	_, listen, err := freePorts()
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(listen)
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	as := func(name string, args ...string) *exec.Cmd {
		if os.Getuid() == 0 { // PostgreSQL refuses to run as root
			return exec.Command("runuser", append([]string{"-u", "postgres", "--", filepath.Join(bin, name)}, args...)...)
		}
		return exec.Command(filepath.Join(bin, name), args...)
	}
	if os.Getuid() == 0 {
		if out, err := exec.Command("chown", "postgres", w.dir, data).CombinedOutput(); err != nil {
			return fmt.Errorf("chown: %w: %s", err, out)
		}
	}
	if out, err := as("initdb", "-D", data, "-U", "bench", "-A", "trust").CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	options := "-c listen_addresses=127.0.0.1 -p " + port + " -k " + data
	if out, err := as("pg_ctl", "-D", data, "-w", "-l", filepath.Join(data, "log"), "-o", options, "start").CombinedOutput(); err != nil {
		return fmt.Errorf("pg_ctl: %w: %s", err, out)
	}
	w.stop = append(w.stop, func() { _ = as("pg_ctl", "-D", data, "-m", "immediate", "stop").Run() })
	pid, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(pid[:indexOf(pid, '\n')]))
	w.db = process(n)
	w.database = "postgres://bench@127.0.0.1:" + port + "/postgres?sslmode=disable"
	return err
}

func indexOf(b []byte, c byte) int {
	for i := range b {
		if b[i] == c {
			return i
		}
	}
	return len(b)
}
