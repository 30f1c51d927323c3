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
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	clientID     = "bench-app"
	clientSecret = "bench-secret-of-the-bench-app-0123456789"
	redirectURI  = "http://127.0.0.1:9999/cb"
)

// target is a realm that is measured.
type target struct {
	base, realm, client, secret string
	algorithm                   string // what its access and ID tokens are signed with
}

func (t target) url(path string) string { return t.base + "/realms/" + url.PathEscape(t.realm) + path }

// world is everything that a measurement stands in.
type world struct {
	dir        string // of this run
	binary     string
	management string // empty for a server that is not ours
	database   string // what --db says
	key        string
	people     int
	sink       *sink
	targets    []target
	server     process
	db         process // PostgreSQL's postmaster; 0 for SQLite
	cmd        *exec.Cmd
	stop       []func()
	settings   string        // of the database
	first      time.Duration // from the start of the process to ready, on an empty database
	cold       time.Duration // the same on a filled one
	idle       usage
}

// newWorld makes the sink, the database and the realms, and starts the server
// twice: once to fill the database, and once more.
func newWorld(ctx context.Context, o options, database string) (*world, error) {
	dir, err := os.MkdirTemp("", "latchkey-bench-")
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir, binary: o.binary, people: o.people}
	w.stop = append(w.stop, func() { _ = os.RemoveAll(dir) })
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	w.key = base64.StdEncoding.EncodeToString(key)
	if w.sink, err = newSink("127.0.0.1:0"); err != nil {
		return w, err
	}
	w.database, w.settings = "sqlite:"+filepath.Join(dir, "latchkey.db"), "SQLite in a file, WAL, synchronous=FULL"
	if database == "postgres" {
		if err := w.startPostgres(); err != nil {
			return w, err
		}
	}
	for _, algorithm := range strings.Split(o.algorithms, ",") {
		t := target{realm: "bench-" + strings.ToLower(algorithm), client: clientID, secret: clientSecret, algorithm: algorithm}
		w.targets = append(w.targets, t)
		if err := w.writeRealm(t); err != nil {
			return w, err
		}
	}
	if w.first, err = w.startServer(ctx); err != nil {
		return w, err
	}
	w.stopServer()
	if w.cold, err = w.startServer(ctx); err != nil {
		return w, err
	}
	return w, w.rest(ctx)
}

// rest lets the server be for a moment and looks how much memory it holds.
func (w *world) rest(ctx context.Context) error {
	select {
	case <-time.After(3 * time.Second):
	case <-ctx.Done():
		return ctx.Err()
	}
	w.idle = w.server.usage()
	return nil
}

// foreignWorld is a server that runs already.
func foreignWorld(o options) (*world, error) {
	w := &world{people: o.people, server: process(o.serverPID), db: process(o.dbPID), settings: "the server's own"}
	w.targets = []target{{base: strings.TrimSuffix(o.target, "/"), realm: o.realm, client: o.client, secret: o.secret, algorithm: o.algorithms}}
	w.idle = w.server.usage()
	var err error
	w.sink, err = newSink(o.smtpListen)
	return w, err
}

// close undoes everything, last thing first.
func (w *world) close() {
	w.stopServer()
	for i := len(w.stop) - 1; i >= 0; i-- {
		w.stop[i]()
	}
}

func (w *world) realmFile(t target) string { return filepath.Join(w.dir, t.realm+".json") }

// person is the address of a person who has an account.
func person(n int) string { return fmt.Sprintf("person%06d@bench.test", n) }

// writeRealm writes the realm that the server imports: people with proven
// addresses, one confidential client, the sink as its relay.
func (w *world) writeRealm(t target) error {
	_, port, err := net.SplitHostPort(w.sink.addr)
	if err != nil {
		return err
	}
	users := make([]map[string]any, w.people)
	for i := range users {
		users[i] = map[string]any{"username": person(i), "email": person(i), "emailVerified": true, "enabled": true}
	}
	realm := map[string]any{
		"realm": t.realm, "defaultSignatureAlgorithm": t.algorithm, "enabled": true, "browserFlow": "magic link", "sslRequired": "none",
		"smtpServer": map[string]string{"host": "127.0.0.1", "port": port, "from": "bench@bench.test"},
		"clients": []map[string]any{{
			"clientId": t.client, "secret": t.secret, "enabled": true, "publicClient": false,
			"standardFlowEnabled": true, "serviceAccountsEnabled": true, "redirectUris": []string{redirectURI},
		}},
		"users": users,
	}
	data, err := json.Marshal(realm)
	if err != nil {
		return err
	}
	return os.WriteFile(w.realmFile(t), data, 0o600)
}

// startServer starts the binary and waits until it is ready.
func (w *world) startServer(ctx context.Context) (time.Duration, error) {
	listen, management, err := freePorts()
	if err != nil {
		return 0, err
	}
	w.management = "http://" + management
	log, err := os.Create(filepath.Join(w.dir, "server.log"))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	args := []string{"start", "--hostname", "http://" + listen, "--listen", listen, "--management-listen", management,
		"--db", w.database, "--trusted-proxies", "127.0.0.1", "--log-level", "warn"}
	for i := range w.targets {
		w.targets[i].base = "http://" + listen
		args = append(args, "--import", w.realmFile(w.targets[i]))
	}
	w.cmd = exec.Command(w.binary, args...)
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
	if w.cmd == nil || w.server == 0 {
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
