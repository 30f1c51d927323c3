package oidc_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// makePairwise gives a client the mapper.
func (w *world) makePairwise(clientID, sector string) {
	w.changeClient(clientID, func(c *latchkey.Client) {
		c.ProtocolMappers = append(c.ProtocolMappers, latchkey.ProtocolMapper{ID: "pairwise-" + clientID, Name: "pairwise", Protocol: "openid-connect",
			ProtocolMapper: token.PairwiseMapper, Config: map[string]string{"pairwiseSubAlgorithmSalt": "salt", "sectorIdentifierUri": sector}})
	})
}

// Pairwise subjects (OpenID Connect Core 8.1, R-035): one sector knows a person
// by one subject, another by another, nothing that an application can read
// holds the user's id, and all that goes by sub goes on working.
func TestPairwise(t *testing.T) {
	w := sqliteWorld(t)
	user := w.user("golden@example.test")
	w.makePairwise("bench-app", "")                              // its one redirect URI says the sector
	w.makePairwise("bench-star", "https://127.0.0.1/s.json")     // the same sector, by word
	w.makePairwise("bench-pkce", "https://other.example/s.json") // another
	subjects := map[string]string{}
	for _, client := range []string{"bench-app", "bench-star", "bench-pkce", "bench-public"} {
		b, a := w.signedIn(client)
		_, access := decode(t, a.text("access_token"))
		_, id := decode(t, a.text("id_token"))
		_, refresh := decode(t, a.text("refresh_token"))
		sub, _ := access["sub"].(string)
		subjects[client] = sub
		info := w.userinfo("bench", a.text("access_token"))
		if sub == "" || id["sub"] != sub || refresh["sub"] != sub || info.text("sub") != sub {
			t.Errorf("%s: access %v, ID %v, refresh %v, userinfo %v", client, sub, id["sub"], refresh["sub"], info.text("sub"))
		}
		if client == "bench-public" {
			if sub != user.ID {
				t.Errorf("public subject %q", sub)
			}
			continue
		}
		if strings.Contains(string(info.body)+mustJSON(t, access)+mustJSON(t, id)+mustJSON(t, refresh), user.ID) {
			t.Errorf("%s is told the user's id", client)
		}
		a = w.refresh(client, a.text("refresh_token"))
		if _, again := decode(t, a.text("access_token")); a.status != http.StatusOK || again["sub"] != sub {
			t.Errorf("%s refreshes: %d %v", client, a.status, again["sub"])
		}
		if e := w.eventList(); e[len(e)-1].UserID != user.ID {
			t.Errorf("%s: the event names %q", client, e[len(e)-1].UserID)
		}
		// The application expects this person, and no other.
		hint := a.text("id_token")
		if got := b.signInAs(person{fromCookie: true}, params(client, "id_token_hint", hint)); !got.Has("code") {
			t.Errorf("%s: the person that was expected: %v", client, got)
		}
		if got := b.signInAs(person{user: "alice"}, params(client, "id_token_hint", hint)); got.Get("error") != "login_required" {
			t.Errorf("%s: another person than was expected: %v", client, got)
		}
		b, a = w.signedIn(client)
		if got := b.get(w.logoutURL("id_token_hint", a.text("id_token"))); got.page.Page != "logged-out" || w.live(client, a) {
			t.Errorf("%s: logout by hint: %d %s", client, got.status, got.body)
		}
	}
	if subjects["bench-app"] != subjects["bench-star"] || subjects["bench-app"] == subjects["bench-pkce"] || subjects["bench-app"] == user.ID {
		t.Errorf("subjects %v", subjects)
	}
}

// A lightweight access token says who it is for and what for, and no more;
// userinfo answers its bearer all the same.
func TestLightweight(t *testing.T) {
	w := sqliteWorld(t)
	w.changeClient("bench-app", func(c *latchkey.Client) { c.Attributes["client.use.lightweight.access.token.enabled"] = "true" })
	a := w.tokens("bench-app")
	_, claims := decode(t, a.text("access_token"))
	for name := range claims {
		if !strings.Contains(" exp iat jti iss typ azp sid scope ", " "+name+" ") {
			t.Errorf("it tells %s: %v", name, claims[name])
		}
	}
	if info := w.userinfo("bench", a.text("access_token")); info.status != http.StatusOK || info.text("email") != "golden@example.test" {
		t.Errorf("userinfo: %d %s", info.status, info.body)
	}
}

// What people have by their groups is in their tokens, and a claim can go into
// the answer of the token endpoint itself, beside its own fields.
func TestGroupsAndAnswerClaims(t *testing.T) {
	w := sqliteWorld(t)
	user, realmID := w.user("golden@example.test"), w.snapID("bench")
	role := &latchkey.Role{RealmID: realmID, Name: "by-group"}
	w.update(func(tx *store.Tx) error {
		if err := tx.CreateRole(role); err != nil {
			return err
		}
		parent := &latchkey.Group{RealmID: realmID, Name: "company", Roles: []string{role.ID}}
		if err := tx.CreateGroup(parent); err != nil {
			return err
		}
		child := &latchkey.Group{RealmID: realmID, Name: "staff", ParentID: parent.ID}
		if err := tx.CreateGroup(child); err != nil {
			return err
		}
		return tx.JoinGroup(realmID, user.ID, child.ID)
	})
	w.changeClient("bench-app", func(c *latchkey.Client) {
		c.ProtocolMappers = append(c.ProtocolMappers,
			latchkey.ProtocolMapper{Name: "groups", ProtocolMapper: "oidc-group-membership-mapper", Config: map[string]string{"claim.name": "groups", "access.token.claim": "true"}},
			latchkey.ProtocolMapper{Name: "x", ProtocolMapper: "oidc-hardcoded-claim-mapper", Config: map[string]string{"claim.name": "tenant", "claim.value": "acme", "access.tokenResponse.claim": "true"}},
			latchkey.ProtocolMapper{Name: "y", ProtocolMapper: "oidc-hardcoded-claim-mapper", Config: map[string]string{"claim.name": "token_type", "claim.value": "none", "access.tokenResponse.claim": "true"}})
	})
	a := w.tokens("bench-app")
	_, claims := decode(t, a.text("access_token"))
	if text := mustJSON(t, claims); !strings.Contains(text, `"groups":["/company/staff"]`) || !strings.Contains(text, `"by-group"`) {
		t.Errorf("%s", text)
	}
	if a.text("tenant") != "acme" || a.text("token_type") != "Bearer" {
		t.Errorf("%s", a.body)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
