package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	const (
		ok = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"pass","Package":"p","Elapsed":0.2}
`
		skip = `{"Action":"output","Package":"p","Test":"TestS","Output":"=== RUN   TestS\n"}
{"Action":"output","Package":"p","Test":"TestS","Output":"    a_test.go:9: Chromium is missing\n"}
{"Action":"skip","Package":"p","Test":"TestS"}
`
		half = `{"Action":"pass","Package":"p","Test":"TestD/postgres/x"}
{"Action":"skip","Package":"p","Test":"TestD/sqlite/x"}
`
		fail = `{"Action":"output","Package":"p","Test":"TestF","Output":"    a_test.go:1: one is two\n"}
{"Action":"fail","Package":"p","Test":"TestF"}
{"Action":"output","Package":"p","Output":"FAIL\n"}
{"Action":"fail","Package":"p","Elapsed":0.2}
`
		build = `{"ImportPath":"q","Action":"build-output","Output":"q.go:1: undefined: x\n"}
{"ImportPath":"q","Action":"build-fail"}
{"Action":"fail","Package":"q","Elapsed":0,"FailedBuild":"q"}
`
		died = `{"Action":"output","Package":"r","Output":"panic: out of memory\n"}
{"Action":"fail","Package":"r","Elapsed":0.2}
`
	)
	for _, c := range []struct {
		name, in     string
		strict       bool
		code         int
		want, absent string
	}{
		{"all pass", ok, true, 0, "ok    p  0.2s, 1 tests\n1 passed, 0 failed, 0 skipped\n", "noise"},
		{"a skip is allowed", ok + skip, false, 0, "skipped: p TestS: a_test.go:9: Chromium is missing", "=== RUN"},
		{"a skip is not allowed", ok + skip, true, 1, "nothing may be skipped here", ""},
		{"a skip of one database, which ran on the other", half, true, 0, "1 passed, 0 failed, 1 skipped", ""},
		{"a failure", ok + fail, false, 1, "a_test.go:1: one is two\n", "noise"},
		{"a package that does not build", ok + build, false, 1, "q.go:1: undefined: x\nFAIL  q  does not build", ""},
		{"a package that dies outside of its tests", ok + died, false, 1, "panic: out of memory", ""},
		{"lines that are no JSON are shown", ok + "go: no such tool\n", false, 0, "go: no such tool\n", ""},
		{"nothing ran", "", false, 1, "no test ran", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			l := newLog(&out)
			if err := l.read(strings.NewReader(c.in)); err != nil {
				t.Fatal(err)
			}
			if code := l.finish(c.strict); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if !strings.Contains(out.String(), c.want) {
				t.Errorf("%q is not in\n%s", c.want, &out)
			}
			if c.absent != "" && strings.Contains(out.String(), c.absent) {
				t.Errorf("%q is in\n%s", c.absent, &out)
			}
		})
	}
}
