package authenticator_test

import (
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/authenticator"
	"latchkey/internal/flow"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// A condition decides whether its sub-flow runs: here it holds a step that
// asks for a password.
func TestConditionUserRole(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	var realmRole, part, whole, clientRole latchkey.Role
	dotted := &latchkey.Client{RealmID: w.snap.Realm.ID, ID: secret.NewID(), ClientID: "shop.example", Enabled: true}
	w.change(func(tx *store.Tx) error {
		if err := tx.CreateClient(dotted); err != nil {
			return err
		}
		part = latchkey.Role{RealmID: w.snap.Realm.ID, ID: secret.NewID(), Name: "part"}
		realmRole = latchkey.Role{RealmID: w.snap.Realm.ID, ID: secret.NewID(), Name: "staff"}
		whole = latchkey.Role{RealmID: w.snap.Realm.ID, ID: secret.NewID(), Name: "whole", Composites: []string{part.ID}}
		clientRole = latchkey.Role{RealmID: w.snap.Realm.ID, ID: secret.NewID(), ClientID: dotted.ID, Name: "buyer"}
		for _, r := range []*latchkey.Role{&part, &realmRole, &whole, &clientRole} {
			if err := tx.CreateRole(r); err != nil {
				return err
			}
		}
		return nil
	})
	u := w.user("ada@example.test", false, nil)
	w.update(func(tx *store.Tx) error {
		for _, r := range []string{realmRole.ID, whole.ID, clientRole.ID} {
			if err := tx.AddUserRole(u.RealmID, u.ID, r); err != nil {
				return err
			}
		}
		return nil
	})
	for _, test := range []struct {
		role, negate string
		holds        bool
	}{
		{"staff", "", true}, {"staff", "false", true}, {"staff", "true", false}, {"part", "", true}, {"admin", "", false},
		{"offline_access", "", false}, {"offline_access", "true", true}, {"shop.example.buyer", "", true}, {"shop.example.buyer", "true", false},
		{"shop.example.nothing", "", false}, {"nothing", "true", false}, {"", "", false}, {"", "true", false}, {".", "", false},
	} {
		w.flows(step{provider: latchkey.AuthCookie, requirement: latchkey.Required},
			step{requirement: latchkey.Conditional, sub: []step{
				{provider: latchkey.ConditionUserRole, requirement: latchkey.Required, config: map[string]string{"condUserRole": test.role, "negate": test.negate}},
				{provider: latchkey.AuthPasswordForm, requirement: latchkey.Required},
			}})
		b := w.open(latchkey.AuthorizationRequest{}).signIn(u, w.clock.Now())
		res := b.get()
		if (res.Kind == flow.Show) != test.holds || (res.Kind == flow.Done) == test.holds {
			t.Errorf("%+v: %+v", test, res)
		}
	}
}

func TestConditionUserConfigured(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	otp := step{provider: "auth-otp-form", requirement: latchkey.Required}
	pwd := step{provider: latchkey.AuthPasswordForm, requirement: latchkey.Required}
	alternative := func(s step) step {
		s.requirement = latchkey.Alternative
		return s
	}
	disabled := func(s step) step {
		s.requirement = latchkey.Disabled
		return s
	}
	person := map[string]*latchkey.User{}
	for _, has := range []string{"", "password", "otp", "password otp"} {
		u := w.user("user"+strings.ReplaceAll(has, " ", "-")+"@example.test", strings.Contains(has, "password"), nil)
		if strings.Contains(has, "otp") {
			w.update(func(tx *store.Tx) error {
				return tx.CreateCredential(&latchkey.Credential{RealmID: u.RealmID, ID: secret.NewID(), UserID: u.ID, Type: "otp", SecretData: "{}", CredentialData: "{}"})
			})
		}
		person[has] = u
	}
	for _, test := range []struct {
		name  string
		steps []step
		has   string
		want  flow.ResultKind // Done: not run; Show: the password; Failed: the step is not built, and closed
	}{
		{"password, set up", []step{pwd}, "password", flow.Show},
		{"password, not set up", []step{pwd}, "", flow.Done},
		{"OTP, not set up", []step{otp}, "password", flow.Done},
		{"OTP, set up", []step{otp}, "otp", flow.Show},
		{"both, one set up", []step{pwd, otp}, "password", flow.Done},
		{"both, both set up", []step{pwd, otp}, "password otp", flow.Show},
		{"either, one set up", []step{alternative(pwd), alternative(otp)}, "password", flow.Show},
		{"either, none set up", []step{alternative(pwd), alternative(otp)}, "", flow.Done},
		{"password, OTP off", []step{pwd, disabled(otp)}, "password", flow.Show},
		{"all off", []step{disabled(pwd)}, "password", flow.Done},
		{"in a sub-flow, set up", []step{{requirement: latchkey.Required, sub: []step{pwd}}}, "password", flow.Show},
		{"in a sub-flow, not set up", []step{{requirement: latchkey.Required, sub: []step{pwd}}}, "", flow.Done},
	} {
		t.Run(test.name, func(t *testing.T) {
			sub := append([]step{{provider: latchkey.ConditionUserConfigured, requirement: latchkey.Required}}, test.steps...)
			w.flows(step{provider: latchkey.AuthCookie, requirement: latchkey.Required}, step{requirement: latchkey.Conditional, sub: sub})
			b := w.open(latchkey.AuthorizationRequest{}).signIn(person[test.has], w.clock.Now())
			if res := b.get(); res.Kind != test.want {
				t.Errorf("%+v, want kind %d", res, test.want)
			}
		})
	}
}

// Every authenticator says what it is; the identity provider redirector is
// passed over while there are no providers.
func TestProviders(t *testing.T) {
	ids := map[string]bool{}
	for _, a := range authenticator.All(authenticator.Deps{}) {
		p := a.Provider()
		if ids[p.ID] || p.DisplayName == "" || p.HelpText == "" || len(p.Requirements) == 0 {
			t.Errorf("provider %+v", p)
		}
		ids[p.ID] = true
		names := map[string]bool{}
		for _, o := range p.Properties {
			if names[o.Name] || o.Label == "" || o.HelpText == "" || o.Type == "" || strings.HasSuffix(o.Type, "List") != (len(o.Options) > 0) {
				t.Errorf("%s: option %+v", p.ID, o)
			}
			names[o.Name] = true
		}
		if p.Configurable != (len(p.Properties) > 0) {
			t.Errorf("%s: configurable %v with %d options", p.ID, p.Configurable, len(p.Properties))
		}
	}
	for _, id := range []string{latchkey.AuthCookie, latchkey.AuthIdentityProvider, latchkey.AuthUsernameForm, latchkey.AuthPasswordForm,
		latchkey.AuthUsernamePasswordForm, latchkey.AuthMagicLink, latchkey.ConditionUserConfigured, latchkey.ConditionUserRole} {
		if !ids[id] {
			t.Errorf("%s is not built", id)
		}
	}
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.flows(step{provider: latchkey.AuthIdentityProvider, requirement: latchkey.Alternative}, step{provider: latchkey.AuthMagicLink, requirement: latchkey.Alternative})
	b := w.open(latchkey.AuthorizationRequest{})
	b.get()
	screen[flow.EmailForm](b)
}
