package servertest_test

import (
	"fmt"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// stepUp binds the realm to a flow like that of Keycloak's guide: a password
// reaches silver, a mailed link on top of it gold, for a minute.
func stepUp(s *servertest.Server) {
	s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		id := snap.Realm.ID
		level := func(n, age int, provider string) (latchkey.Execution, error) {
			c := &latchkey.AuthenticatorConfig{RealmID: id, ID: secret.NewID(), Alias: fmt.Sprint("level ", n),
				Config: map[string]string{"loa-condition-level": fmt.Sprint(n), "loa-max-age": fmt.Sprint(age)}}
			if err := tx.CreateAuthenticatorConfig(c); err != nil {
				return latchkey.Execution{}, err
			}
			f := &latchkey.Flow{RealmID: id, ID: secret.NewID(), Alias: fmt.Sprint("reaches ", n), ProviderID: "basic-flow", Executions: []latchkey.Execution{
				{ID: secret.NewID(), Authenticator: latchkey.ConditionLevel, ConfigID: c.ID, Requirement: latchkey.Required},
				{ID: secret.NewID(), Authenticator: provider, Requirement: latchkey.Required, Priority: 1},
			}}
			return latchkey.Execution{ID: secret.NewID(), FlowID: f.ID, Requirement: latchkey.Conditional, Priority: n}, tx.CreateFlow(f)
		}
		silver, err := level(1, 36000, latchkey.AuthUsernamePasswordForm)
		if err != nil {
			return err
		}
		gold, err := level(2, 60, latchkey.AuthMagicLink)
		if err != nil {
			return err
		}
		forms := &latchkey.Flow{RealmID: id, ID: secret.NewID(), Alias: "step-up forms", ProviderID: "basic-flow", Executions: []latchkey.Execution{silver, gold}}
		top := &latchkey.Flow{RealmID: id, ID: secret.NewID(), Alias: "step-up", ProviderID: "basic-flow", TopLevel: true, Executions: []latchkey.Execution{
			{ID: secret.NewID(), Authenticator: latchkey.AuthCookie, Requirement: latchkey.Alternative},
			{ID: secret.NewID(), FlowID: forms.ID, Requirement: latchkey.Alternative, Priority: 1},
		}}
		for _, f := range []*latchkey.Flow{forms, top} {
			if err := tx.CreateFlow(f); err != nil {
				return err
			}
		}
		r := *snap.Realm
		r.BrowserFlow = top.Alias
		r.Attributes = map[string]string{latchkey.AttributeLevels: `{"silver":1,"gold":2}`}
		return tx.UpdateRealm(&r)
	})
}

// what an application asks for is asked of the person when it is
// not there, held as long as the flow says, and told truthfully.
func TestStepUp(t *testing.T) {
	s, rp := byPassword(t)
	stepUp(s)
	b := s.Browser()
	claims := func(p *servertest.Page) string {
		t.Helper()
		c := rp.Finish(p).Claims
		return fmt.Sprint(c["acr"], " ", c["amr"])
	}
	mailed := func(p *servertest.Page) *servertest.Page {
		t.Helper()
		if !p.Has("Check your email") {
			t.Fatalf("no mail was asked for at %s:\n%s", p.URL, p.Text())
		}
		return b.Get(s.Mail.Wait("ada@example.test").Link).Press("Sign in")
	}
	const gold = `{"id_token":{"acr":{"essential":true,"values":["gold"]}}}`
	if got := claims(signIn(rp.Start(b))); got != "silver [pwd]" {
		t.Errorf("nothing asked: %s", got)
	}
	first := rp.Finish(rp.Start(b)).Claims["auth_time"]
	if q := rp.Answer(rp.Start(b, "claims", gold, "prompt", "none")); q.Get("error") != "login_required" {
		t.Errorf("silently: %v", q)
	}
	s.Clock.Advance(10 * time.Second)
	p := mailed(rp.Start(b, "claims", gold))
	tokens := rp.Finish(p)
	if got := fmt.Sprint(tokens.Claims["acr"], " ", tokens.Claims["amr"]); got != "gold [pwd email]" {
		t.Errorf("stepped up: %s", got)
	}
	if tokens.Claims["auth_time"] == first {
		t.Error("auth_time is that of the first step")
	}
	if got := claims(rp.Start(b, "acr_values", "gold")); got != "gold [pwd email]" {
		t.Errorf("again: %s", got)
	}
	s.Clock.Advance(time.Minute)
	if got := claims(rp.Start(b)); got != "silver [pwd email]" {
		t.Errorf("its time is over: %s", got)
	}
	if got := claims(mailed(rp.Start(b, "acr_values", "gold"))); got != "gold [pwd email]" {
		t.Errorf("asked for again: %s", got)
	}
	for _, asked := range []string{`{"id_token":{"acr":{"essential":true,"values":["platinum"]}}}`, `{"id_token":{"acr":{"essential":true,"values":["3"]}}}`} {
		if q := rp.Answer(rp.Start(b, "claims", asked)); q.Get("error") != "unmet_authentication_requirements" {
			t.Errorf("%s: %v", asked, q)
		}
	}
	if got := claims(rp.Start(b, "acr_values", "platinum")); got != "gold [pwd email]" {
		t.Errorf("a wish that nobody knows: %s", got)
	}
	// A client can demand a level of every sign-in.
	s.Clock.Advance(2 * time.Minute)
	rp = s.RP("demo", func(c *representation.Client) { c.Attributes[latchkey.AttributeMinimumACR] = "gold" })
	if got := claims(mailed(rp.Start(b))); got != "gold [pwd email]" {
		t.Errorf("demanded: %s", got)
	}
}
