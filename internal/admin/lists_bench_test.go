package admin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/server"
	"latchkey/internal/servertest"
)

// The size of the house in which lists are measured.
const (
	benchPeople  = 100_000
	benchClients = 1000
	benchGroups  = 1000
	benchRealms  = 200
)

// house is a server with a large realm and many small ones.
type house struct {
	*testing.B
	s     *servertest.Server
	token string
}

func newHouse(b *testing.B, opts ...servertest.Option) *house {
	h := &house{B: b, s: servertest.Start(b, append(opts, servertest.With(func(c *server.Config) {
		c.Bootstrap = server.Bootstrap{Username: "admin", Password: "correct horse battery"}
	}))...)}
	h.signIn()
	var people, clients, groups, roles []m
	for i := range benchPeople {
		people = append(people, m{"username": fmt.Sprint("user", i), "email": fmt.Sprintf("user%d@example.test", i), "firstName": fmt.Sprint("First", i%5000),
			"lastName": fmt.Sprint("Last", i), "enabled": i%10 > 0, "emailVerified": true, "groups": []string{fmt.Sprint("/group", i%benchGroups)}})
	}
	for i := range benchClients {
		clients = append(clients, m{"clientId": fmt.Sprint("app", i), "name": fmt.Sprint("Application ", i), "redirectUris": []string{fmt.Sprintf("https://app%d.example.test/cb", i)}})
		groups = append(groups, m{"name": fmt.Sprint("group", i), "attributes": m{"k": []string{fmt.Sprint(i % 7)}}})
		roles = append(roles, m{"name": fmt.Sprint("role", i)})
	}
	h.call("POST", "/admin/realms", m{"realm": "large", "enabled": true, "users": people, "clients": clients, "groups": groups, "roles": m{"realm": roles}}, http.StatusCreated)
	for i := range benchRealms {
		h.call("POST", "/admin/realms", m{"realm": fmt.Sprint("realm", i), "defaultSignatureAlgorithm": "ES256"}, http.StatusCreated)
	}
	h.signIn() // the roles of an older token are those of the realms that there were
	return h
}

func (h *house) signIn() {
	form := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {"admin"}, "password": {"correct horse battery"}}
	status, _, body := h.s.Ask("POST", "/realms/master/protocol/openid-connect/token", form.Encode(), "Content-Type: application/x-www-form-urlencoded")
	var tokens struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &tokens); err != nil || status != http.StatusOK {
		h.Fatalf("%d %s", status, body)
	}
	h.token = tokens.Access
}

func (h *house) call(method, path string, body any, expected int) string {
	text := ""
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			h.Fatal(err)
		}
		text = string(b)
	}
	status, _, answer := h.s.Ask(method, path, text, "Authorization: Bearer "+h.token, "Content-Type: application/json")
	if status != expected {
		h.Fatalf("%s %s: %d %.300s", method, path, status, answer)
	}
	return answer
}

// BenchmarkLists asks for lists and searches of the Admin REST API in a house
// of 100,000 people, 1,000 clients, 1,000 groups, 1,000 roles and 200 realms,
// and tells p95 of a request in milliseconds, and the bytes that the process
// keeps after all of them:
//
//	go test ./internal/admin -run '^$' -bench BenchmarkLists -benchtime 40x
func BenchmarkLists(b *testing.B) {
	for name, opts := range map[string]func() []servertest.Option{
		"sqlite":   func() []servertest.Option { return nil },
		"postgres": func() []servertest.Option { return []servertest.Option{servertest.OnPostgres(b)} },
	} {
		b.Run(name, func(b *testing.B) {
			h := newHouse(b, opts()...)
			group := h.firstID("/admin/realms/large/groups?search=group500&exact=true")
			for _, path := range []string{
				"users?max=100", "users?first=99900&max=100", "users?search=user5000", "users?search=nobody-has-this", "users?email=user77@example.test&exact=true", "users/count",
				"ui-ext/brute-force-user?first=0&max=11", "groups?max=100", "groups?search=group50", "groups?q=k:3&max=100", "groups/count", "groups/" + group + "/members?max=100",
				"roles?first=0&max=100", "roles?search=role50", "clients?first=0&max=100", "clients?clientId=app500", "clients?clientId=app5&search=true", "client-scopes",
				"events?max=100", "admin-events?max=100", "ui-ext/sessions?first=0&max=11&type=ALL", "messages?max=100", "links?max=100", "authentication/flows",
			} {
				h.measure(b, "/admin/realms/large/"+path)
			}
			h.measure(b, "/admin/realms?briefRepresentation=true")
			h.measure(b, "/admin/realms")
			h.measure(b, "/admin/realms/master/ui-ext/realms/names?search=realm7&max=10")
			runtime.GC()
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			b.ReportMetric(float64(stats.HeapInuse)/(1<<20), "MiB-heap")
		})
	}
}

func (h *house) firstID(path string) string {
	var list []struct{ ID string }
	if err := json.Unmarshal([]byte(h.call("GET", path, nil, http.StatusOK)), &list); err != nil || len(list) == 0 {
		h.Fatalf("%s: nothing", path)
	}
	return list[0].ID
}

func (h *house) measure(b *testing.B, path string) {
	b.Run(strings.NewReplacer("/admin/realms/large/", "", "/admin/", "").Replace(path), func(b *testing.B) {
		h.signIn()
		var took []time.Duration
		for b.Loop() {
			start := time.Now()
			h.call("GET", path, nil, http.StatusOK)
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		b.ReportMetric(0, "ns/op")
	})
}
