package console_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/realm"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
)

// The size of the realm in which pages are measured.
const (
	benchPeople  = 100_000
	benchClients = 1000
)

// largeRealm is an export with many people and clients.
func largeRealm(b *testing.B) realm.File {
	b.Helper()
	type m = map[string]any
	var people, clients, groups, roles []m
	for i := range benchPeople {
		people = append(people, m{"username": fmt.Sprint("user", i), "email": fmt.Sprintf("user%d@example.test", i), "firstName": fmt.Sprint("First", i%5000),
			"lastName": fmt.Sprint("Last", i), "enabled": i%10 > 0, "emailVerified": true, "groups": []string{fmt.Sprint("/group", i%benchClients)}})
	}
	for i := range benchClients {
		clients = append(clients, m{"clientId": fmt.Sprint("app", i), "name": fmt.Sprint("Application ", i), "redirectUris": []string{fmt.Sprintf("https://app%d.example.test/cb", i)}})
		groups = append(groups, m{"name": fmt.Sprint("group", i)})
		roles = append(roles, m{"name": fmt.Sprint("role", i)})
	}
	data, err := json.Marshal(m{"realm": "large", "enabled": true, "users": people, "clients": clients, "groups": groups, "roles": m{"realm": roles}})
	if err != nil {
		b.Fatal(err)
	}
	return realm.Text("large.json", data)
}

// BenchmarkPages opens one page of each kind of the console, of a realm with
// 100,000 people and 1,000 clients, groups and roles, and tells p95 of the first
// view in milliseconds, sign-in, frame and all calls of the API included:
//
//	go test ./internal/console -run '^$' -bench BenchmarkPages -benchtime 20x
func BenchmarkPages(b *testing.B) {
	for name, opts := range map[string]func() []servertest.Option{
		"sqlite":   func() []servertest.Option { return nil },
		"postgres": func() []servertest.Option { return []servertest.Option{servertest.OnPostgres(b)} },
	} {
		b.Run(name, func(b *testing.B) {
			file := server.Import{Name: "large.json", Files: []realm.File{largeRealm(b)}}
			w := newWorld(b, append(opts(), servertest.With(func(c *server.Config) { c.Imports = []server.Import{file} }))...)
			w.of = "large"
			var pages []string
			w.crawl(func(p *servertest.Page) []string {
				pages = append(pages, p.URL.String())
				return nil
			})
			for _, address := range pages {
				b.Run(strings.TrimPrefix(anyID.ReplaceAllString(address, "ID"), w.at("")), func(b *testing.B) {
					var took []time.Duration
					for b.Loop() {
						start := time.Now()
						w.b.Get(address)
						took = append(took, time.Since(start))
					}
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
					b.ReportMetric(0, "ns/op")
				})
			}
		})
	}
}
