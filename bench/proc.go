package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// usage is what a process, or a family of them, has used.
type usage struct {
	cpu time.Duration // user and system
	rss int64         // bytes, now
	hwm int64         // bytes, at most since the process started, or since forgetPeak
}

// since is the CPU used since then, and the memory now.
func (u usage) since(then usage) usage { return usage{cpu: u.cpu - then.cpu, rss: u.rss, hwm: u.hwm} }

// process is a running process; 0 is none.
type process int

// usage adds up the process and its children, which for PostgreSQL are its
// backends. CPU of children that have ended counts.
func (p process) usage() usage {
	if p == 0 {
		return usage{}
	}
	total := statOf(int(p))
	entries, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range entries {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err == nil && parentOf(pid) == int(p) {
			child := statOf(pid)
			total.cpu += child.cpu
			total.rss += child.rss
			total.hwm += child.hwm
		}
	}
	return total
}

func ownUsage() usage { return statOf(os.Getpid()) }

// clockTicks is USER_HZ, which is 100 on every Linux that Go runs on.
const clockTicks = 100

// fields are the fields of /proc/PID/stat behind the name, from the state on.
func fields(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

func statOf(pid int) usage {
	f := fields(pid)
	if len(f) < 22 {
		return usage{}
	}
	var ticks int64
	for _, i := range []int{11, 12, 13, 14} { // utime, stime, cutime, cstime
		n, _ := strconv.ParseInt(f[i], 10, 64)
		ticks += n
	}
	pages, _ := strconv.ParseInt(f[21], 10, 64)
	u := usage{cpu: time.Duration(ticks) * time.Second / clockTicks, rss: pages * int64(os.Getpagesize())}
	kB, _ := strconv.ParseInt(strings.TrimSuffix(fact(fmt.Sprintf("/proc/%d/status", pid), "VmHWM"), " kB"), 10, 64)
	u.hwm = kB << 10
	return u
}

// forgetPeak lets the peak of memory begin anew.
func (p process) forgetPeak() {
	if p != 0 {
		_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p), []byte("5"), 0) // of another's process the peak is since its start
	}
}

func parentOf(pid int) int {
	f := fields(pid)
	if len(f) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(f[1])
	return n
}
