package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// sheet says what the figures were measured with and on, and what was measured
// before any load.
func (r *report) sheet(o options, w *world) {
	r.line("")
	r.line("## %s", r.title)
	r.line("")
	r.line("| set-up | |")
	r.line("|---|---|")
	r.row("command", "`bench "+strings.Join(os.Args[1:], " ")+"`")
	if w.binary != "" {
		size := "?"
		if info, err := os.Stat(w.binary); err == nil {
			size = fmt.Sprintf("%.1f MB", float64(info.Size())/1e6)
		}
		r.row("binary", first(exec.Command(w.binary, "version").Output())+", "+size)
	}
	r.row("machine", fmt.Sprintf("%d cores, %s, memory %s; load average %s", runtime.NumCPU(), fact("/proc/cpuinfo", "model name"),
		fact("/proc/meminfo", "MemTotal"), loadAverage()))
	r.row("system", first(exec.Command("uname", "-sr").Output())+", driver built with "+runtime.Version())
	r.row("database", w.settings)
	r.row("shared", "server, database, mail sink and driver run on the same cores; driver and sink are not counted")
	r.row("realm", fmt.Sprintf("%d people; browser flow magic link; client with a secret; PKCE S256, state and nonce", w.people))
	r.row("sign-in", fmt.Sprintf("%d of 100 of people without an account; a new browser each; SMTP without TLS", o.newOnes))
	r.row("load", fmt.Sprintf("closed, keep-alive, no TLS; %s a run after %s of warm-up", o.time, o.warm))
	if w.cmd != nil {
		r.row("start", fmt.Sprintf("%.2f s to ready on an empty database, import included; %.2f s on a filled one", w.first.Seconds(), w.cold.Seconds()))
	}
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

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
