package console_test

import (
	"net/http"
	"net/url"
	"testing"

	"latchkey/internal/servertest"
)

// Who may only look is offered nothing that changes, and cannot change anything.
func TestClientsViewOnly(t *testing.T) {
	w := newWorld(t)
	w.made("service", "clientId", "robot")
	id := w.client("robot").ID
	viewer := w.as("view-clients")
	hasNot(t, viewer.open("clients"), "Create client")
	for _, tab := range clientTabs {
		if tab == "service-account" {
			continue // needs view-users
		}
		p := viewer.open("clients/" + id + "/" + tab)
		hasNot(t, p, "Save", "Delete", "Disable", "Regenerate", "Assign roles", "Create role", "Add client scope", "Revoke", w.client("robot").Secret.Reveal())
	}
	for _, path := range []string{"client-scopes", "clients/initial-access", "clients/" + id + "/client-scopes/dedicated", "clients/" + id + "/client-scopes/evaluate"} {
		hasNot(t, viewer.open(path), "Create", "Assign as", "Add mapper", "Delete", "Save")
	}
	code := viewer.open("clients/" + id + "/settings").FormWith("session_code").Values.Get("session_code")
	before := w.client("robot")
	for path, form := range map[string]url.Values{
		"clients/" + id + "/settings":     {"clientId": {"other"}},
		"clients/" + id + "/delete":       {},
		"clients/" + id + "/disable":      {},
		"clients/create/service":          {"clientId": {"fresh"}},
		"clients/" + id + "/renew-secret": {},
		"client-scopes/create":            {"name": {"fresh"}, "type": {"none"}},
	} {
		form.Set("session_code", code)
		if p := viewer.b.Do(http.MethodPost, viewer.at(path), form); p.Status != http.StatusForbidden {
			t.Errorf("%s: %d %s", path, p.Status, p.Text())
		}
	}
	if after := w.client("robot"); after.Secret != before.Secret || !after.Enabled {
		t.Errorf("%+v", after)
	}
}

func hasNot(t *testing.T, p *servertest.Page, words ...string) {
	t.Helper()
	for _, one := range words {
		if p.Has(one) {
			t.Errorf("%s has %q:\n%s", p.URL, one, p.Text())
		}
	}
}
