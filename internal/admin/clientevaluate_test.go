package admin_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// What tokens would tell is what tokens tell, and is asked for by those who may
// see both the client and the user.
func TestEvaluatedScopes(t *testing.T) {
	w := newWorld(t)
	viewer, half := w.service("demo", "view-clients", "view-users"), w.service("demo", "view-clients")
	alice := w.s.AddUser("demo", "alice@example.test", "", nil)
	at := "/demo/clients/" + w.rp.Client.ID + "/evaluate-scopes"

	var access, id, info map[string]any
	query := "?scope=openid+phone&userId=" + alice.ID
	w.must(200, viewer, "GET", at+"/generate-example-access-token"+query, nil).into(&access)
	w.must(200, viewer, "GET", at+"/generate-example-id-token"+query, nil).into(&id)
	w.must(200, viewer, "GET", at+"/generate-example-userinfo"+query, nil).into(&info)
	jti, _ := access["jti"].(string)
	scope, _ := access["scope"].(string)
	if access["sub"] != alice.ID || access["azp"] != w.rp.Client.ClientID || access["typ"] != "Bearer" || !strings.HasPrefix(jti, "onrtna:") ||
		access["acr"] != "1" || access["sid"] == "" || !slices.Contains(strings.Fields(scope), "phone") || access["realm_access"] == nil {
		t.Errorf("access token: %v", access)
	}
	if id["aud"] != w.rp.Client.ClientID || id["typ"] != "ID" || id["at_hash"] != nil || id["email"] != alice.Email {
		t.Errorf("ID token: %v", id)
	}
	if info["sub"] != alice.ID || info["email"] != alice.Email || info["exp"] != nil {
		t.Errorf("userinfo: %v", info)
	}
	for path, want := range map[string]string{"?scope=openid": "No userId provided", "?userId=none": "No user found"} {
		if a := w.must(404, viewer, "GET", at+"/generate-example-access-token"+path, nil); !strings.Contains(a.Text, want) {
			t.Errorf("%s: %s", path, a.Text)
		}
	}
	w.must(http.StatusForbidden, half, "GET", at+"/generate-example-userinfo"+query, nil)
	if a := w.must(404, viewer, "GET", "/demo/clients/none/evaluate-scopes/protocol-mappers", nil); !strings.Contains(a.Text, "Could not find client") {
		t.Error(a.Text)
	}
}

func TestEvaluatedMappersAndRoles(t *testing.T) {
	w := newWorld(t)
	viewer := w.service("demo", "view-clients")
	at := "/demo/clients/" + w.rp.Client.ID + "/evaluate-scopes"
	var mappers []struct{ MapperName, ContainerName, ContainerType, ProtocolMapper string }
	names := func(scope string) (out []string) {
		w.must(200, viewer, "GET", at+"/protocol-mappers?scope="+scope, nil).into(&mappers)
		for _, m := range mappers {
			out = append(out, m.ContainerName+"/"+m.MapperName)
		}
		return out
	}
	if got := names("openid"); !slices.Contains(got, "email/email") || slices.Contains(got, "phone/phone number") {
		t.Errorf("mappers: %v", got)
	}
	if got := names("openid+phone"); !slices.Contains(got, "phone/phone number") {
		t.Errorf("with phone: %v", got)
	}
	roles := func(path string) (out []string) {
		var list []struct{ Name string }
		w.must(200, viewer, "GET", at+"/scope-mappings/"+path, nil).into(&list)
		for _, r := range list {
			out = append(out, r.Name)
		}
		return out
	}
	// The client may tell everything; nothing is left.
	if got := roles("demo/granted"); !slices.Contains(got, "offline_access") {
		t.Errorf("granted: %v", got)
	}
	if got := roles("demo/not-granted"); len(got) != 0 {
		t.Errorf("not granted: %v", got)
	}
	console := w.s.Snapshot("demo").ClientByClientID("account-console")
	at = "/demo/clients/" + console.ID + "/evaluate-scopes"
	account := w.s.Snapshot("demo").ClientByClientID("account").ID
	if got := roles(account + "/granted"); !slices.Contains(got, "manage-account") || slices.Contains(got, "delete-account") {
		t.Errorf("granted of account: %v", got)
	}
	if got := roles(account + "/not-granted"); !slices.Contains(got, "delete-account") {
		t.Errorf("not granted of account: %v", got)
	}
	w.must(404, viewer, "GET", at+"/scope-mappings/none/granted", nil)
}
