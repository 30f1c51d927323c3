package accountrest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// A change is held against the profile: what is good is taken, with one event
// that names what changed; what is not is refused by field, and nothing of it
// is taken. An address is never changed here.
func TestUpdateAccount(t *testing.T) {
	w := newWorld(t)
	before := len(w.s.EventTypes("demo"))
	w.does(204, "POST", "/", `{"firstName":" Ada ","lastName":"Lovelace","email":"ADA@example.test","username":"ada@example.test"}`)
	w.does(204, "POST", "/", `{"lastName":"Lovelace"}`) // nothing new
	if u := w.user(); u.FirstName != "Ada" || u.LastName != "Lovelace" || u.Email != ada {
		t.Errorf("%+v", u)
	}
	for body, want := range map[string]string{
		`{"firstName":"B","email":"nope"}`:                 `{"field":"email","errorMessage":"error-invalid-email","params":["${email}","nope"],`,
		`{"firstName":"B","email":"other@example.test"}`:   `{"field":"email","errorMessage":"error-user-attribute-read-only"`,
		`{"firstName":"B","username":"eve"}`:               `{"field":"username","errorMessage":"error-user-attribute-read-only"`,
		`{"firstName":"<b>"}`:                              `{"field":"firstName","errorMessage":"error-person-name-invalid-character"`,
		`{"firstName":"B","attributes":{"locale":["xx"]}}`: `{"field":"locale","errorMessage":"error-invalid-value"`,
		`{"firstName":"` + strings.Repeat("x", 300) + `"}`: `{"field":"firstName","errorMessage":"error-invalid-length`,
		`{"firstName":7}`:                                  `{"error":"invalid_request"`,
		`{`:                                                `{"error":"invalid_request"`,
	} {
		if got := w.does(400, "POST", "/", body); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", body, got)
		}
	}
	if u := w.user(); u.FirstName != "Ada" || u.Email != ada || u.Username != ada {
		t.Errorf("a change that was refused was made: %+v", u)
	}
	w.does(204, "POST", "/", `{"attributes":{"locale":["de"]}}`)
	if got := get[representation.Account](w, "/?userProfileMetadata=false"); got.Attributes["locale"][0] != "de" || got.UserProfileMetadata != nil || got.FirstName != "Ada" {
		t.Errorf("%+v", got)
	}
	if got := w.types(before); got != "UPDATE_PROFILE, UPDATE_PROFILE" {
		t.Errorf("events: %s", got)
	}
}

// Attributes of the operator's own: those that the person sees are shown,
// those that they edit are taken, and when attributes are sent at all those
// that lack are cleared.
func TestOwnAttributes(t *testing.T) {
	w := newWorld(t)
	both, admin := []string{"admin", "user"}, []string{"admin"}
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.Profile.Attributes = append(append([]latchkey.ProfileAttribute{}, r.Profile.Attributes...),
			latchkey.ProfileAttribute{Name: "nick", Multivalued: true, Permissions: &latchkey.ProfilePermissions{View: both, Edit: both}},
			latchkey.ProfileAttribute{Name: "tier", Permissions: &latchkey.ProfilePermissions{View: both, Edit: admin}},
			latchkey.ProfileAttribute{Name: "risk", Permissions: &latchkey.ProfilePermissions{View: admin, Edit: admin}})
		if err := tx.UpdateRealm(&r); err != nil {
			return err
		}
		u, err := tx.LockUser(r.ID, w.user().ID)
		if err != nil {
			return err
		}
		u.Attributes = map[string][]string{"tier": {"gold"}, "risk": {"high"}, "nick": {"a"}}
		return tx.UpdateUser(u)
	})
	got := get[representation.Account](w, "/")
	if body, _ := json.Marshal(got.Attributes); string(body) != `{"nick":["a"],"tier":["gold"]}` {
		t.Errorf("shown: %s", body)
	}
	w.does(204, "POST", "/", `{"attributes":{"nick":["b","c"],"tier":["gold"],"risk":["low"],"free":["x"]}}`)
	if body, _ := json.Marshal(w.user().Attributes); string(body) != `{"nick":["b","c"],"risk":["high"],"tier":["gold"]}` {
		t.Errorf("kept: %s", body)
	}
	w.does(400, "POST", "/", `{"attributes":{"tier":["platinum"]}}`)
	w.does(204, "POST", "/", `{"attributes":{}}`)
	if body, _ := json.Marshal(w.user().Attributes); string(body) != `{"risk":["high"],"tier":["gold"]}` {
		t.Errorf("kept: %s", body)
	}
}

// A person names a credential of theirs, takes away one that may be taken away
// when they proved themselves within five minutes, and touches nobody
// else's.
func TestCredentials(t *testing.T) {
	w := newWorld(t)
	other := w.s.AddUser("demo", "eve@example.test", "a long password", nil)
	ids := map[string]string{}
	w.update(func(tx *store.Tx) error {
		for _, typ := range []string{"password", "otp"} {
			c := &latchkey.Credential{RealmID: w.rp.Client.RealmID, ID: secret.NewID(), UserID: w.user().ID, Type: typ, SecretData: `{"value":"s3cret"}`, CredentialData: `{"algorithm":"x"}`}
			ids[typ] = c.ID
			if err := tx.CreateCredential(c); err != nil {
				return err
			}
		}
		list, err := tx.Credentials(other.RealmID, other.ID)
		ids["other"] = list[0].ID
		return err
	})
	before := len(w.s.EventTypes("demo"))
	w.does(204, "PUT", "/credentials/"+ids["otp"]+"/label", `"My phone"`)
	w.does(404, "PUT", "/credentials/"+ids["other"]+"/label", `"Mine"`)
	w.does(400, "PUT", "/credentials/"+ids["otp"]+"/label", `""`)
	w.does(400, "PUT", "/credentials/"+ids["otp"]+"/label", `"a\nb"`)
	w.does(400, "PUT", "/credentials/"+ids["otp"]+"/label", `{}`)
	list := get[[]representation.CredentialContainer](w, "/credentials")
	if len(list) != 2 || list[0].CreateAction != "" || list[0].UpdateAction != "UPDATE_PASSWORD" || list[1].CreateAction != "CONFIGURE_TOTP" ||
		representation.Value(list[1].Metadata[0].Credential.UserLabel) != "My phone" {
		t.Errorf("%+v", list)
	}
	if _, body := w.call("GET", "/credentials", ""); strings.Contains(body, "s3cret") || strings.Contains(body, "credentialData") {
		t.Errorf("what a credential is made of is told: %s", body)
	}
	if list := get[[]representation.CredentialContainer](w, "/credentials?type=otp&user-credentials=false"); len(list) != 1 || len(list[0].Metadata) != 0 {
		t.Errorf("%+v", list)
	}
	w.does(404, "DELETE", "/credentials/"+ids["other"], "")
	w.does(400, "DELETE", "/credentials/"+ids["password"], "")
	w.s.Clock.Advance(5*time.Minute + time.Second)
	token := w.refreshed()
	if got := w.does(403, "DELETE", "/credentials/"+ids["otp"], "", token); !strings.Contains(got, "kc_action=delete_credential:"+ids["otp"]) {
		t.Errorf("R-163: %s", got)
	}
	w.tokens = w.signIn(w.s.Browser(), ada)
	w.does(204, "DELETE", "/credentials/"+ids["otp"], "")
	if list := get[[]representation.CredentialContainer](w, "/credentials?type=otp"); len(list[0].Metadata) != 0 {
		t.Errorf("%+v", list)
	}
	if got := w.types(before); !strings.HasPrefix(got, "UPDATE_CREDENTIAL, ") || !strings.Contains(got, "REMOVE_CREDENTIAL, MAIL_QUEUED") {
		t.Errorf("events: %s", got)
	}
	if m := w.s.Mail.Wait(ada); !strings.Contains(m.Subject, "removed") { // they are told
		t.Errorf("the notice is %q", m.Subject)
	}
}

const safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"

// Sessions are shown by device, the current one first, in seconds; ending one
// is effective with the next request, and says nothing about sessions
// of others.
func TestSessions(t *testing.T) {
	w := newWorld(t)
	w.s.Clock.Advance(time.Minute)
	phone := w.s.Browser()
	phone.UserAgent = safari
	onPhone := w.signIn(phone, ada)
	eve := w.signIn(w.s.Browser(), "eve@example.test")
	devices := get[[]representation.Device](w, "/sessions/devices")
	if len(devices) != 2 || devices[0].OS != "Linux" || !devices[0].Current || devices[0].Mobile || devices[1].OS != "iOS" || !devices[1].Mobile || devices[1].Current {
		t.Fatalf("%+v", devices)
	}
	s := devices[1].Sessions[0]
	if s.Browser != "Safari" || s.Started != w.s.Clock.Now().Unix() || s.Expires-s.Started != 36000 || s.IPAddress != "127.0.0.1" || s.Current {
		t.Errorf("%+v", s)
	}
	if _, body := w.call("GET", "/sessions", ""); strings.Contains(body, "AppleWebKit") {
		t.Errorf("R-056: %s", body)
	}
	eves := get[[]representation.AccountSession](w, "/sessions", eve.AccessToken)
	before := len(w.s.EventTypes("demo"))
	w.does(204, "DELETE", "/sessions/"+eves[0].ID, "")
	w.does(204, "DELETE", "/sessions/nothing", "")
	if got := get[[]representation.AccountSession](w, "/sessions", eve.AccessToken); len(got) != 1 {
		t.Errorf("another person's session was ended: %+v", got)
	}
	w.does(204, "DELETE", "/sessions/"+s.ID, "")
	w.does(401, "GET", "/sessions", "", onPhone.AccessToken)
	if _, err := w.rp.Refresh(onPhone.RefreshToken); err == nil {
		t.Error("R-092: a session that was ended refreshes")
	}
	onPhone = w.signIn(phone, ada)
	w.does(204, "DELETE", "/sessions", "")
	w.does(401, "GET", "/sessions", "", onPhone.AccessToken)
	if got := get[[]representation.AccountSession](w, "/sessions"); len(got) != 1 || !got[0].Current {
		t.Errorf("%+v", got)
	}
	w.does(204, "DELETE", "/sessions?current=true", "")
	w.does(401, "GET", "/sessions", "")
	if got := strings.Count(w.types(before), "LOGOUT"); got != 3 {
		t.Errorf("%d LOGOUT: %s", got, w.types(before))
	}
}

// Applications are those that hold something of the person's; taking the
// consent back ends what they hold, offline access too.
func TestApplications(t *testing.T) {
	w := newWorld(t)
	app := w.rp.Client
	var scopes []representation.ConsentScope
	for _, id := range app.DefaultClientScopes[:2] {
		scopes = append(scopes, representation.ConsentScope{ID: id})
	}
	body, _ := json.Marshal(representation.AccountConsent{GrantedScopes: scopes})
	path := "/applications/" + url.PathEscape(app.ClientID) + "/consent"
	before := len(w.s.EventTypes("demo"))
	w.does(204, "GET", path, "")
	w.does(200, "POST", path, string(body))
	w.does(200, "PUT", path, `{"grantedScopes":[]}`)
	w.does(200, "PUT", path, string(body))
	w.does(400, "PUT", path, `{"grantedScopes":[{"id":"no-such-scope"}]}`)
	w.does(400, "PUT", path, `[]`)
	w.does(404, "GET", "/applications/nobody/consent", "")
	if k := get[representation.AccountConsent](w, path); len(k.GrantedScopes) != 2 || k.CreatedDate != w.s.Clock.Now().UnixMilli() {
		t.Errorf("%+v", k)
	}
	offline := w.rp.Finish(w.rp.Start(w.s.Browser(), "scope", "openid offline_access").Form(0).Set("username", ada).Submit().FormWith("code").
		Set("code", w.s.Mail.Wait(ada).Code).Press("Continue"))
	list := get[[]representation.AccountClient](w, "/applications")
	if len(list) != 1 || !list[0].InUse || !list[0].OfflineAccess || list[0].Consent == nil || list[0].ClientName != "Test application" ||
		list[0].EffectiveURL != app.BaseURL {
		t.Errorf("%+v", list)
	}
	if list := get[[]representation.AccountClient](w, "/applications?name=nobody"); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	other := w.s.RP("demo")
	tokens := other.Finish(other.Start(w.s.Browser()).Form(0).Set("username", ada).Submit().FormWith("code").
		Set("code", w.s.Mail.Wait(ada).Code).Press("Continue"))
	w.does(204, "DELETE", path, "", tokens.AccessToken)
	for name, refresh := range map[string]string{"online": w.tokens.RefreshToken, "offline": offline.RefreshToken} {
		if _, err := w.rp.Refresh(refresh); err == nil {
			t.Errorf("R-092: an application refreshes %s after its consent was taken back", name)
		}
	}
	if list := get[[]representation.AccountClient](w, "/applications", tokens.AccessToken); len(list) != 1 || list[0].ClientID != other.Client.ClientID {
		t.Errorf("%+v", list)
	}
	got := w.types(before)
	for typ, n := range map[string]int{"GRANT_CONSENT": 1, "UPDATE_CONSENT": 2, "REVOKE_GRANT": 1} {
		if strings.Count(got, typ) != n {
			t.Errorf("%s: %s", typ, got)
		}
	}
}

func TestGroups(t *testing.T) {
	w := newWorld(t)
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		top := &latchkey.Group{RealmID: snap.Realm.ID, ID: secret.NewID(), Name: "staff"}
		below := &latchkey.Group{RealmID: snap.Realm.ID, ID: secret.NewID(), ParentID: top.ID, Name: "crew"}
		for _, g := range []*latchkey.Group{top, below} {
			if err := tx.CreateGroup(g); err != nil {
				return err
			}
		}
		return tx.JoinGroup(snap.Realm.ID, w.user().ID, below.ID)
	})
	if list := get[[]representation.AccountGroup](w, "/groups"); len(list) != 1 || list[0].Path != "/staff/crew" || list[0].Name != "crew" {
		t.Errorf("%+v", list)
	}
}

// Activity is the person's own, of the last 90 days, the newest first, without
// an event's details; its parameters are checked.
func TestActivity(t *testing.T) {
	w := newWorld(t)
	w.s.Clock.Advance(4 * time.Minute)
	w.signIn(w.s.Browser(), "eve@example.test")
	w.does(204, "POST", "/", `{"firstName":"Ada"}`)
	w.s.Settle("demo")
	list := get[[]representation.Activity](w, "/activity")
	if len(list) < 3 || list[0].Type != "UPDATE_PROFILE" || list[0].Time != w.s.Clock.Now().UnixMilli() {
		t.Fatalf("%+v", list)
	}
	if _, body := w.call("GET", "/activity", ""); strings.Contains(body, "eve@") || strings.Contains(body, "details") {
		t.Error(body)
	}
	if one := get[[]representation.Activity](w, "/activity?first=1&max=1"); len(one) != 1 || one[0].ID != list[1].ID {
		t.Errorf("%+v", one)
	}
	for _, query := range []string{"max=0", "max=101", "max=x", "first=-1", "since=1", "max=1&max=2"} {
		if got := w.does(400, "GET", "/activity?"+query, ""); !strings.Contains(got, `"field":"`+query[:strings.IndexAny(query, "=")]) {
			t.Errorf("%s: %s", query, got)
		}
	}
	w.s.Clock.Advance(91 * 24 * time.Hour)
	w.tokens = w.signIn(w.s.Browser(), ada)
	for _, a := range get[[]representation.Activity](w, "/activity") {
		if a.Type == "UPDATE_PROFILE" {
			t.Errorf("older than 90 days: %+v", a)
		}
	}
}

// What a person may begin is said by the realm and by their roles.
func TestFeatures(t *testing.T) {
	w := newWorld(t)
	changes := func(allowed bool) {
		w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
			for _, alias := range []string{"delete_account", "UPDATE_EMAIL"} {
				a := *snap.RequiredAction(alias)
				a.Enabled = allowed
				if err := tx.PutRequiredAction(&a); err != nil {
					return err
				}
			}
			return nil
		})
	}
	changes(false)
	if f := get[representation.AccountFeatures](w, "/features"); f.DeleteAccountAllowed || f.UpdateEmailActionEnabled || !f.ViewGroupsEnabled {
		t.Errorf("%+v", f)
	}
	changes(true)
	if f := get[representation.AccountFeatures](w, "/features"); !f.DeleteAccountAllowed || !f.UpdateEmailActionEnabled {
		t.Errorf("%+v", f)
	}
	if status, _ := w.s.Send(http.MethodDelete, "/realms/demo/account/features", "", "Accept: application/json"); status != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", status)
	}
}
