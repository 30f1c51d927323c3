package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

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
	first, _, _ := strings.Cut(string(pid), "\n")
	n, err := strconv.Atoi(first)
	w.db = process(n)
	w.database = "postgres://bench@127.0.0.1:" + port + "/postgres?sslmode=disable"
	w.settings = postgresSettings(filepath.Join(bin, "psql"), w.database)
	return err
}

// postgresSettings asks the database for its version and for what matters to
// how long a commit takes.
func postgresSettings(psql, database string) string {
	out, err := exec.Command(psql, database, "-Atc", `SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1) ||
		', fsync ' || current_setting('fsync') || ', synchronous_commit ' || current_setting('synchronous_commit') ||
		', shared_buffers ' || current_setting('shared_buffers') || ', TCP on loopback'`).Output()
	return first(out, err)
}
