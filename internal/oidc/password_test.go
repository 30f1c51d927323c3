package oidc_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

const passwordOfGolden = "correct horse battery"

// withPassword lets bench-app bring names and passwords, and gives somebody one.
func withPassword(w *world) {
	w.t.Helper()
	w.changeClient("bench-app", func(c *latchkey.Client) { c.DirectAccessGrantsEnabled = true })
	w.update(func(tx *store.Tx) error {
		r := w.snap("bench").Realm
		u, err := tx.UserByUsername(r.ID, "golden@example.test")
		if err != nil {
			return err
		}
		c, err := credential.NewPassword(context.Background(), passwordOfGolden)
		if err != nil {
			return err
		}
		c.RealmID, c.UserID, c.CreatedAt = r.ID, u.ID, tx.Now()
		return tx.CreateCredential(c)
	})
}

// The password grant, where the client may: tokens of a session that no
// browser holds; whatever is wrong with name or password has one answer.
func TestPasswordGrant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		withPassword(w)
		ask := func(client string, more ...string) *answer {
			form := map[string]string{"grant_type": "password", "username": "golden@example.test", "password": passwordOfGolden, "scope": "openid"}
			for i := 0; i+1 < len(more); i += 2 {
				form[more[i]] = more[i+1]
			}
			var pairs []string
			for k, v := range form {
				if v != "" {
					pairs = append(pairs, k, v)
				}
			}
			return w.token(client, pairs...)
		}
		a := ask("bench-app")
		if a.status != http.StatusOK || a.text("refresh_token") == "" || a.text("id_token") == "" {
			t.Fatalf("%d %s", a.status, a.body)
		}
		_, claims := decode(t, a.text("id_token"))
		if claims["sid"] != a.text("session_state") || claims["acr"] != "1" || claims["auth_time"] == nil {
			t.Errorf("%v", claims)
		}
		if amr, _ := claims["amr"].([]any); len(amr) != 1 || amr[0] != "pwd" {
			t.Errorf("amr %v", claims["amr"])
		}
		again := w.token("bench-app", "grant_type", "refresh_token", "refresh_token", a.text("refresh_token"))
		if again.status != http.StatusOK {
			t.Errorf("refresh: %d %s", again.status, again.body)
		}
		if b := ask("bench-app", "scope", "openid offline_access"); b.status != http.StatusOK || b.json["refresh_expires_in"] == a.json["refresh_expires_in"] {
			t.Errorf("offline: %d %s", b.status, b.body)
		}
		wrong := ask("bench-app", "password", "wrong")
		if wrong.status != http.StatusUnauthorized || wrong.text("error") != "invalid_grant" || wrong.text("error_description") != "Invalid user credentials" {
			t.Errorf("%d %s", wrong.status, wrong.body)
		}
		for name, form := range map[string][]string{"nobody": {"username", "nobody"}, "no password": {"password", ""}, "no password set": {"username", "alice"}} {
			if b := ask("bench-app", form...); b.status != wrong.status || string(b.body) != string(wrong.body) {
				t.Errorf("%s: %d %s", name, b.status, b.body)
			}
		}
		for name, c := range map[string]struct {
			client string
			form   []string
			status int
			code   string
		}{
			"not allowed":   {"bench-narrow", nil, 400, "unauthorized_client"},
			"nameless":      {"bench-app", []string{"username", ""}, 401, "invalid_request"},
			"unknown scope": {"bench-app", []string{"scope", "openid nope"}, 400, "invalid_scope"},
		} {
			if b := ask(c.client, c.form...); b.status != c.status || b.text("error") != c.code {
				t.Errorf("%s: %d %s", name, b.status, b.body)
			}
		}
		w.changeClient("bench-app", func(c *latchkey.Client) { c.Attributes["minimum.acr.value"] = "2" })
		if b := ask("bench-app"); b.status != http.StatusUnauthorized || b.text("error") != "invalid_grant" {
			t.Errorf("below the client's level: %d %s", b.status, b.body)
		}
		w.changeClient("bench-app", func(c *latchkey.Client) { delete(c.Attributes, "minimum.acr.value") })
		w.update(func(tx *store.Tx) error {
			u, err := tx.UserByUsername(w.snap("bench").Realm.ID, "golden@example.test")
			if err != nil {
				return err
			}
			u.AddRequiredAction(latchkey.ActionUpdatePassword)
			return tx.UpdateUser(u)
		})
		if b := ask("bench-app"); b.status != http.StatusBadRequest || b.text("error_description") != "Account is not fully set up" {
			t.Errorf("with a required action: %d %s", b.status, b.body)
		}
		var logins, refused int
		for _, e := range w.eventList() {
			switch {
			case e.Type == latchkey.EventLogin && e.Details["grant_type"] == "password":
				logins++
			case e.Type == latchkey.EventLoginError:
				refused++
			}
			for _, v := range e.Details {
				if strings.Contains(v, passwordOfGolden) {
					t.Errorf("the password stands in an event: %v", e.Details)
				}
			}
		}
		if logins != 2 || refused != 9 {
			t.Errorf("%d logins, %d refused", logins, refused)
		}
	})
}

// right passwords use no limit up; who guessed too often is told how
// long to wait, alike for a name that is nobody's, and not that the
// password is wrong.
func TestPasswordGrantLimits(t *testing.T) {
	w := sqliteWorld(t)
	withPassword(w)
	ask := func(name, password string) *answer {
		return w.token("bench-app", "grant_type", "password", "username", name, "password", password)
	}
	for i := range 12 {
		if a := ask("golden@example.test", passwordOfGolden); a.status != http.StatusOK {
			t.Fatalf("the right password, for the %d. time: %d %s", i+1, a.status, a.body)
		}
	}
	for _, name := range []string{"golden@example.test", "nobody"} {
		for range 10 {
			wantError(t, ask(name, "wrong"), http.StatusUnauthorized, "invalid_grant", "Invalid user credentials")
		}
		a := ask(name, passwordOfGolden)
		wantError(t, a, http.StatusTooManyRequests, "temporarily_unavailable", "Too many failures; wait and try again")
		if wait := a.header.Get("Retry-After"); wait != "30" {
			t.Errorf("Retry-After %q", wait)
		}
	}
}

// A flow that would need a page answers as for a wrong password, whoever it is
//
func TestPasswordGrantWithoutPages(t *testing.T) {
	w := sqliteWorld(t)
	withPassword(w)
	w.changeRealm(func(r *latchkey.Realm) { r.DirectGrantFlow = "browser" })
	for _, name := range []string{"golden@example.test", "nobody"} {
		wantError(t, w.token("bench-app", "grant_type", "password", "username", name, "password", passwordOfGolden),
			http.StatusUnauthorized, "invalid_grant", "Invalid user credentials")
	}
}
