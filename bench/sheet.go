package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// printSheet prints what the figures were measured with and on, and what was
// measured before any load.
func printSheet(o options, w *world) {
	database := "SQLite in a file, synchronous=FULL"
	if o.postgres {
		database = "PostgreSQL, its own cluster with defaults (fsync on), TCP on loopback"
		if out, err := exec.Command("psql", "--version").Output(); err == nil {
			database += "; " + strings.TrimSpace(string(out))
		}
	}
	size := "?"
	if info, err := os.Stat(w.binary); err == nil {
		size = fmt.Sprintf("%.1f MB", float64(info.Size())/1e6)
	}
	idle := w.server.usage()
	rows := [][2]string{
		{"command", strings.Join(os.Args[1:], " ")},
		{"binary", first(exec.Command(w.binary, "version").Output()) + ", " + size},
		{"machine", fmt.Sprintf("%d cores, %s, %s; load average %s", runtime.NumCPU(), cpuModel(), memory(), loadAverage())},
		{"system", first(exec.Command("uname", "-sr").Output()) + ", driver built with " + runtime.Version()},
		{"database", database},
		{"shared", "server, database, mail sink and this driver run on the same cores"},
		{"realm", fmt.Sprintf("imported with %d people; browser flow magic link; events as the realm has them; RS256", o.people)},
		{"client", "confidential, by secret; PKCE S256, state and nonce sent"},
		{"mail", "SMTP sink on loopback, no TLS, answers at once"},
		{"sign-in", fmt.Sprintf("page, address, mail, link, redirect, code, tokens; %d of 100 of people without an account; a new browser each", o.newOnes)},
		{"load", fmt.Sprintf("closed, keep-alive, no TLS; %s a run after %s of warm-up", o.time, o.warm)},
		{"limits", "on; sign-ins come from forwarded addresses of 10.0.0.0/8"},
		{"start, empty database", fmt.Sprintf("%.2f s to ready, import included", w.first.Seconds())},
		{"start, filled database", fmt.Sprintf("%.2f s to ready", w.cold.Seconds())},
		{"memory, idle", fmt.Sprintf("%.0f MiB", float64(idle.rss)/(1<<20))},
	}
	for _, r := range rows {
		fmt.Printf("%-24s %s\n", r[0], r[1])
	}
	fmt.Println()
}

func first(out []byte, err error) string {
	if err != nil {
		return "?"
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}

// fact finds a line of a file of /proc by its name.
func fact(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "?"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "?"
}

func cpuModel() string { return fact("/proc/cpuinfo", "model name") }
func memory() string   { return "memory " + fact("/proc/meminfo", "MemTotal") }

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
