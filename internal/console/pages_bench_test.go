package console_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/realm"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
)

// BenchmarkPages opens one page of each kind that the console has, of a realm
// with 100,000 people, sessions, mails, links and events, and 1,000 clients,
// groups, roles and identity providers, and tells p95 of the first view in
// milliseconds, sign-in, frame and all calls of the API included, and the size
// of the page's own text. The slowest and the largest stand at the end.
//
//	go test ./internal/console -run '^$' -bench BenchmarkPages -benchtime 20x
func BenchmarkPages(b *testing.B) {
	for name, opts := range map[string]func() []servertest.Option{
		"sqlite":   func() []servertest.Option { return nil },
		"postgres": func() []servertest.Option { return []servertest.Option{servertest.OnPostgres(b)} },
	} {
		b.Run(name, func(b *testing.B) {
			file := server.Import{Name: "large.json", Files: []realm.File{servertest.LargeFile("large")}}
			w := newWorld(b, append(opts(), servertest.With(func(c *server.Config) { c.Imports = []server.Import{file} }))...)
			w.of = "large"
			w.s.Populate("large")
			var pages []string
			w.crawl(func(p *servertest.Page) []string {
				pages = append(pages, p.URL.String())
				return nil
			})
			var all []opened
			for _, address := range pages {
				at := strings.TrimPrefix(anyID.ReplaceAllString(address, "ID"), w.at(""))
				b.Run(strings.ReplaceAll(at, "/", "|"), func(b *testing.B) {
					var took []time.Duration
					size := 0
					for b.Loop() {
						start := time.Now()
						size = len(w.b.Get(address).Body)
						took = append(took, time.Since(start))
					}
					slices.Sort(took)
					p95 := took[len(took)*95/100]
					all = append(all, opened{at, p95, size})
					b.ReportMetric(float64(p95.Microseconds())/1000, "p95-ms")
					b.ReportMetric(float64(size)/1000, "kB")
					b.ReportMetric(0, "ns/op")
				})
			}
			slowest(b, all)
		})
	}
}

// opened is a page with what it took at p95.
type opened struct {
	at   string
	p95  time.Duration
	size int // bytes
}

// slowest says which pages took longest, and which are largest.
func slowest(b *testing.B, all []opened) {
	for _, by := range []func(a, b opened) int{
		func(a, b opened) int { return cmp.Compare(b.p95, a.p95) }, func(a, b opened) int { return cmp.Compare(b.size, a.size) }} {
		slices.SortFunc(all, by)
		var text strings.Builder
		for _, p := range all[:min(len(all), 15)] {
			fmt.Fprintf(&text, "%8.1f ms %6.1f kB %s\n", float64(p.p95.Microseconds())/1000, float64(p.size)/1000, p.at)
		}
		b.Logf("%d pages, the first of them:\n%s", len(all), text.String())
	}
}
