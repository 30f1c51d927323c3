package admin_test

import (
	"fmt"
	"sync"
	"testing"

	"latchkey/internal/representation"
)

// Two administrators who change one client by parts lose nothing of each
// other's, and a client that is deleted meanwhile is gone whole: with its
// account and its roles, whatever others did at that time.
func TestClientRaces(t *testing.T) { onBoth(t, testClientRaces) }

func testClientRaces(t *testing.T, w *world) {
	admin := w.admin()
	id := w.must(201, admin, "POST", "/demo/clients", `{"clientId":"shop","secret":"s3cr3t-of-shop","serviceAccountsEnabled":true}`).id()
	scope := w.must(201, admin, "POST", "/demo/client-scopes", `{"name":"team"}`).id()
	var wait sync.WaitGroup
	const many = 8
	for i := range many {
		wait.Go(func() {
			w.must(204, admin, "PUT", "/demo/clients/"+id, m{"attributes": m{fmt.Sprint("a", i): "x"}})
			w.must(201, admin, "POST", "/demo/clients/"+id+"/protocol-mappers/models", m{"name": fmt.Sprint("m", i), "protocolMapper": "oidc-sub-mapper"})
		})
	}
	wait.Go(func() { w.must(204, admin, "PUT", "/demo/clients/"+id+"/optional-client-scopes/"+scope, nil) })
	wait.Wait()
	var c representation.Client
	w.must(200, admin, "GET", "/demo/clients/"+id, nil).into(&c)
	for i := range many {
		if c.Attributes[fmt.Sprint("a", i)] != "x" {
			t.Errorf("what administrator %d changed is lost: %v", i, c.Attributes)
		}
	}
	if len(c.ProtocolMappers) != many || c.OptionalClientScopes[len(c.OptionalClientScopes)-1] != "team" {
		t.Errorf("%d mappers, %v", len(c.ProtocolMappers), c.OptionalClientScopes)
	}
	names := make(chan int, many)
	for range many {
		wait.Go(func() { names <- w.rest(admin, "POST", "/demo/clients", `{"clientId":"one"}`).Status })
	}
	wait.Wait()
	close(names)
	made := 0
	for status := range names {
		switch status {
		case 201:
			made++
		case 409:
		default:
			t.Error(status)
		}
	}
	if made != 1 {
		t.Errorf("%d clients have one clientId", made)
	}

	w.must(201, admin, "POST", "/demo/clients/"+id+"/roles", m{"name": "writer"})
	w.must(201, admin, "POST", "/demo/clients/"+id+"/roles", m{"name": "reader"})
	w.must(204, admin, "POST", "/demo/clients/"+id+"/roles/writer/composites", []m{{"id": w.readNamed(admin, "/demo/clients/"+id+"/roles/reader").ID, "name": "reader"}})
	for i := range many {
		wait.Go(func() { w.clientTokens("shop", "s3cr3t-of-shop") })
		wait.Go(func() {
			if a := w.rest(admin, "PUT", "/demo/clients/"+id, m{"description": fmt.Sprint(i)}); a.Status != 204 && a.Status != 404 {
				t.Errorf("%d %s", a.Status, a.Text)
			}
		})
	}
	wait.Go(func() { w.must(204, admin, "DELETE", "/demo/clients/"+id, nil) })
	wait.Wait()
	if w.clientTokens("shop", "s3cr3t-of-shop") {
		t.Error("a client that is gone was given a token")
	}
	w.must(404, admin, "GET", "/demo/clients/"+id, nil)
	if a := w.must(200, admin, "GET", "/demo/users?username=service-account-shop&exact=true", nil); a.Text != "[]" {
		t.Errorf("the account of a client that is gone: %s", a.Text)
	}
	for _, r := range w.s.Snapshot("demo").Roles {
		if r.ClientID == id {
			t.Errorf("the role %s of a client that is gone", r.Name)
		}
	}
}
