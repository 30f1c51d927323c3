package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/servertest"
	"latchkey/internal/store/storetest"
)

// These tests run the built program, several times on one database, and take
// it apart with signals: what one process cannot show.

// built is the program, built once for all tests that start it.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "latchkey-built-")
	if err != nil {
		return "", err
	}
	builtIn.Store(&dir)
	path := filepath.Join(dir, "latchkey")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil { //nolint:noctx // the go command
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return path, nil
})

// tidy runs the tests and takes the program away that they built.
type tidy struct{ *testing.M }

func (m tidy) Run() int {
	defer func() {
		if dir := builtIn.Load(); dir != nil {
			_ = os.RemoveAll(*dir)
		}
	}()
	return m.M.Run()
}

// builtIn is the folder of the built program.
var builtIn atomic.Pointer[string]

// hostOfAll is what every process of these tests is reached at, as from outside;
// no port of it is open.
const hostOfAll = "localhost:18080"

// world is a database with a realm, and where its mail goes.
type world struct {
	t        *testing.T
	database string
	config   string // file with the realm
	start    []string
}

// redirectURI belongs to nobody: browsers of these tests do not follow it.
const redirectURI = "http://localhost:18081/callback"

// newWorld makes the realm acme, which signs in by mail, with a relay at an
// address and one application.
func newWorld(t *testing.T, database, relay string, flags ...string) *world {
	t.Helper()
	host, port, err := net.SplitHostPort(relay)
	if err != nil {
		t.Fatal(err)
	}
	realm, err := json.Marshal(map[string]any{
		"realm": "acme", "enabled": true, "browserFlow": "magic link", "eventsEnabled": true,
		"smtpServer": map[string]string{"host": host, "port": port, "from": "no-reply@acme.example.test"},
		"clients": []any{map[string]any{"clientId": "shop", "publicClient": true, "redirectUris": []string{redirectURI},
			"attributes": map[string]string{"pkce.code.challenge.method": "S256"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "acme.json")
	if err := os.WriteFile(file, realm, 0o600); err != nil {
		t.Fatal(err)
	}
	return &world{t: t, database: database, config: file, start: flags}
}

// process is a program that runs.
type process struct {
	t            *testing.T
	cmd          *exec.Cmd
	addr, manage string
	listens      chan struct{} // closed when it listens
	gone         chan struct{} // closed when it has ended
	err          error         // how; read it after gone

	mu  sync.Mutex
	log bytes.Buffer
}

// run starts the program and waits until it listens.
func (w *world) run() *process {
	w.t.Helper()
	p := w.spawn()
	select {
	case <-p.listens:
	case <-p.gone:
		w.t.Fatalf("the program did not start: %v\n%s", p.err, p.text())
	case <-time.After(60 * time.Second):
		w.t.Fatalf("the program does not listen\n%s", p.text())
	}
	return p
}

// spawn starts the program. It is killed when the test ends.
func (w *world) spawn() *process {
	w.t.Helper()
	path, err := built()
	if err != nil {
		w.t.Fatal(err)
	}
	p := &process{t: w.t, listens: make(chan struct{}), gone: make(chan struct{})}
	p.cmd = exec.Command(path, append([]string{"start", "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0", //nolint:noctx // ended below
		"--hostname", "http://" + hostOfAll, "--db", w.database, "--import", w.config}, w.start...)...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, prefix) {
			p.cmd.Env = append(p.cmd.Env, v)
		}
	}
	p.cmd.Env = append(p.cmd.Env, "LK_MASTER_KEY="+storetest.MasterKey.Reveal())
	out, err := p.cmd.StderrPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		p.kill()
		if w.t.Failed() && testing.Verbose() {
			w.t.Logf("log of the process at %s:\n%s", p.addr, p.text())
		}
	})
	go p.read(bufio.NewScanner(out))
	return p
}

// read keeps the log, and finds out where the program listens.
func (p *process) read(lines *bufio.Scanner) {
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.log.Write(lines.Bytes())
		p.log.WriteByte('\n')
		p.mu.Unlock()
		var line struct{ Msg, Listen, Management string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "Latchkey listens" {
			p.addr, p.manage = line.Listen, line.Management
			close(p.listens)
		}
	}
	p.err = p.cmd.Wait()
	close(p.gone)
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// kill is kill -9, and waits until the process is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.gone
}

// stop is what a service manager does first; it waits.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(os.Interrupt)
	<-p.gone
	return p.err
}

// visit opens a browser that talks to the process.
func (p *process) visit() *servertest.Browser { return servertest.Visit(p.t, hostOfAll, p.addr) }

// authorize is an authorization request of the application.
func authorize() string {
	return "http://" + hostOfAll + "/realms/acme/protocol/openid-connect/auth?client_id=shop&response_type=code&scope=openid&redirect_uri=" +
		redirectURI + "&state=s&nonce=n&code_challenge_method=S256&code_challenge=" + strings.Repeat("c", 43)
}
