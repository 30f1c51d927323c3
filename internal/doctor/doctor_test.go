package doctor_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/doctor"
	"latchkey/internal/token"
)

var now = time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)

// healthy is a realm that nothing is to be said of.
func healthy() *latchkey.Snapshot {
	s := &latchkey.Snapshot{
		Realm: &latchkey.Realm{Name: "acme", Enabled: true, EventsEnabled: true, BrowserFlow: "mail", DirectGrantFlow: "mail",
			SMTP: latchkey.SMTP{From: "login@acme.example", Relays: []latchkey.Relay{{Host: "mail.acme.example", StartTLS: true}}}},
		Clients: []*latchkey.Client{{ID: "c", ClientID: "shop", Enabled: true, StandardFlowEnabled: true, RedirectURIs: []string{"https://shop.acme.example/callback"},
			WebOrigins: []string{"+"}, Attributes: map[string]string{"pkce.code.challenge.method": "S256"}}},
		Flows: []*latchkey.Flow{{ID: "f", Alias: "mail", Executions: []latchkey.Execution{
			{ID: "e", Authenticator: latchkey.AuthMagicLink, Requirement: latchkey.Required, ConfigID: "m"}}}},
		Configs: []*latchkey.AuthenticatorConfig{{ID: "m", Alias: "mailed link", Config: map[string]string{}}},
		Keys:    []*latchkey.Key{{ID: "k", Algorithm: "RS256", Status: latchkey.KeyActive, CreatedAt: now.AddDate(0, -1, 0)}},
	}
	return s
}

func built(id string) bool { return !strings.HasPrefix(id, "unbuilt") }

func names(list []doctor.Finding) string {
	var out []string
	for _, f := range list {
		out = append(out, f.Name)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// a realm as it should be gives no word; each weakening has a name of
// its own.
func TestRealm(t *testing.T) {
	for want, spoil := range map[string]func(s *latchkey.Snapshot){
		"":                  func(*latchkey.Snapshot) {},
		"ssl-not-required":  func(s *latchkey.Snapshot) { s.Realm.SSLRequired = "none" },
		"no-events":         func(s *latchkey.Snapshot) { s.Realm.EventsEnabled = false },
		"redirect-wildcard": func(s *latchkey.Snapshot) { s.Clients[0].RedirectURIs = []string{"https://shop.acme.example/*"} },
		"any-origin":        func(s *latchkey.Snapshot) { s.Clients[0].WebOrigins = []string{"*"} },
		"cross-site-cookies": func(s *latchkey.Snapshot) {
			s.Realm.Attributes = map[string]string{latchkey.AttributeCrossSite: "true"}
		},
		"password-grant": func(s *latchkey.Snapshot) { s.Clients[0].DirectAccessGrantsEnabled = true },
		"pkce-optional":  func(s *latchkey.Snapshot) { s.Clients[0].Attributes = nil },
		"flow-missing":   func(s *latchkey.Snapshot) { s.Realm.BrowserFlow = "nope" },
		"step-not-built": func(s *latchkey.Snapshot) { s.Flows[0].Executions[0].Authenticator = "unbuilt-step" },
		"registration-immediate": func(s *latchkey.Snapshot) {
			s.Realm.RegistrationAllowed, s.Realm.RegistrationFlow = true, "mail"
			s.Realm.Attributes = map[string]string{latchkey.AttributeImmediate: "true"}
		},
		"link-reuse":      func(s *latchkey.Snapshot) { s.Configs[0].Config[actiontoken.KeyReusable] = "true" },
		"link-lifespan":   func(s *latchkey.Snapshot) { s.Configs[0].Config[actiontoken.KeyLifespan] = "7200" },
		"no-key-rotation": func(s *latchkey.Snapshot) { s.Realm.Attributes = map[string]string{token.AttributeRotation: "0"} },
		"pairwise-sector": func(s *latchkey.Snapshot) {
			s.Clients[0].RedirectURIs = []string{"https://shop.acme.example/callback", "https://shop.acme.test/callback"}
			s.Clients[0].ProtocolMappers = []latchkey.ProtocolMapper{{ProtocolMapper: token.PairwiseMapper}}
		},
		"no-signing-key":  func(s *latchkey.Snapshot) { s.Keys[0].Status = latchkey.KeyPassive },
		"old-signing-key": func(s *latchkey.Snapshot) { s.Keys[0].CreatedAt = now.AddDate(-3, 0, 0) },
		"no-mail-relay":   func(s *latchkey.Snapshot) { s.Realm.SMTP.Relays = nil },
		"plain-smtp":      func(s *latchkey.Snapshot) { s.Realm.SMTP.Relays[0].StartTLS = false },
	} {
		t.Run(want, func(t *testing.T) {
			s := healthy()
			spoil(s)
			if got := names(doctor.Realm(s.Index(), built, now)); got != want {
				t.Errorf("found %q", got)
			}
			s.Realm.Enabled = false
			if got := names(doctor.Realm(s, built, now)); got != "" {
				t.Errorf("of a realm that is off: %q", got)
			}
		})
	}
}

// The flows beside the sign-in are looked at where people come to them.
func TestEntries(t *testing.T) {
	for name, allow := range map[string]func(s *latchkey.Snapshot, alias string){
		"registration": func(s *latchkey.Snapshot, alias string) {
			s.Realm.RegistrationAllowed, s.Realm.RegistrationFlow = true, alias
		},
		"reset": func(s *latchkey.Snapshot, alias string) {
			s.Realm.ResetPasswordAllowed, s.Realm.ResetCredentialsFlow = true, alias
		},
		"password grant": func(s *latchkey.Snapshot, alias string) {
			s.Clients[0].DirectAccessGrantsEnabled, s.Realm.DirectGrantFlow = true, alias
		},
	} {
		for alias, want := range map[string]string{"mail": "", "gone": "flow-missing", "unbuilt": "step-not-built"} {
			s := healthy()
			s.Flows = append(s.Flows, &latchkey.Flow{ID: "u", Alias: "unbuilt", Executions: []latchkey.Execution{
				{ID: "ue", Authenticator: "unbuilt-step", Requirement: latchkey.Required}}})
			allow(s, alias)
			got := names(slices.DeleteFunc(doctor.Realm(s.Index(), built, now), func(f doctor.Finding) bool { return f.Name == "password-grant" }))
			if got != want {
				t.Errorf("%s, %s: found %q", name, alias, got)
			}
		}
	}
}

// A flow that contains itself ends.
func TestFlowInItself(t *testing.T) {
	s := healthy()
	s.Flows[0].Executions = append(s.Flows[0].Executions, latchkey.Execution{ID: "x", FlowID: "f", Requirement: latchkey.Required})
	doctor.Realm(s.Index(), built, now)
}

// zone is what the DNS says.
type zone struct {
	txt map[string][]string
	mx  map[string]bool
}

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if list, ok := z.txt[name]; ok {
		return list, nil
	}
	return nil, errors.New("no such host")
}

func (z zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	if z.mx[name] {
		return []*net.MX{{Host: "mx." + name}}, nil
	}
	return nil, errors.New("no such host")
}

// what receivers will ask the DNS.
func TestMail(t *testing.T) {
	good := func() zone {
		return zone{mx: map[string]bool{"acme.example": true}, txt: map[string][]string{
			"acme.example":        {"unrelated", "v=spf1 include:_spf.relay.example -all"},
			"_spf.relay.example":  {"v=spf1 ip4:192.0.2.0/24 -all"},
			"_dmarc.acme.example": {"v=DMARC1; p=reject; rua=mailto:dmarc@acme.example"},
		}}
	}
	for name, c := range map[string]struct {
		spoil func(z zone, s *latchkey.Snapshot)
		want  string
	}{
		"all is well":     {func(zone, *latchkey.Snapshot) {}, ""},
		"no SPF":          {func(z zone, _ *latchkey.Snapshot) { delete(z.txt, "acme.example") }, "no-spf"},
		"two SPF":         {func(z zone, _ *latchkey.Snapshot) { z.txt["acme.example"] = []string{"v=spf1 -all", "v=spf1 mx -all"} }, "two-spf-records"},
		"another version": {func(z zone, _ *latchkey.Snapshot) { z.txt["acme.example"] = []string{"v=spf10 -all"} }, "no-spf"},
		"everybody may":   {func(z zone, _ *latchkey.Snapshot) { z.txt["acme.example"] = []string{"v=spf1 +all"} }, "spf-allows-all"},
		"too many lookups": {func(z zone, _ *latchkey.Snapshot) {
			z.txt["acme.example"] = []string{"v=spf1" + strings.Repeat(" a:x.example", 11) + " -all"}
		}, "spf-too-many-lookups"},
		"includes itself": {func(z zone, _ *latchkey.Snapshot) {
			z.txt["acme.example"] = []string{"v=spf1 include:acme.example -all"}
		}, "spf-too-many-lookups"},
		"no DMARC":      {func(z zone, _ *latchkey.Snapshot) { delete(z.txt, "_dmarc.acme.example") }, "no-dmarc"},
		"DMARC of none": {func(z zone, _ *latchkey.Snapshot) { z.txt["_dmarc.acme.example"] = []string{"v=DMARC1; p=none"} }, "dmarc-no-reports dmarc-none"},
		"no MX":         {func(z zone, _ *latchkey.Snapshot) { delete(z.mx, "acme.example") }, "no-mx"},
		"another envelope": {func(z zone, s *latchkey.Snapshot) {
			s.Realm.SMTP.EnvelopeFrom = "bounce@relay.example"
			z.mx["relay.example"], z.txt["relay.example"] = true, []string{"v=spf1 -all"}
		}, "not-aligned"},
		"a relay on this machine": {func(z zone, s *latchkey.Snapshot) {
			s.Realm.SMTP.Relays[0].Host = "127.0.0.1"
			delete(z.txt, "acme.example")
		}, ""},
		"no address": {func(_ zone, s *latchkey.Snapshot) { s.Realm.SMTP.From = "nobody" }, "from-not-an-address"},
	} {
		t.Run(name, func(t *testing.T) {
			z, s := good(), healthy()
			c.spoil(z, s)
			if got := names(doctor.Mail(t.Context(), s, z)); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

// clocks that are apart are said to be.
func TestClocks(t *testing.T) {
	for skew, want := range map[time.Duration]string{0: "", 5 * time.Second: "", -6 * time.Second: "clock-skew", time.Minute: "clock-skew"} {
		if got := names(doctor.Clocks(now, now.Add(skew))); got != want {
			t.Errorf("%s apart: %q", skew, got)
		}
	}
}

// what every realm is born with is no news.
func TestBornWith(t *testing.T) {
	s := healthy()
	s.Clients = append(s.Clients, &latchkey.Client{ID: "a", ClientID: "admin-cli", Enabled: true, DirectAccessGrantsEnabled: true},
		&latchkey.Client{ID: "b", ClientID: "account-console", Enabled: true, PublicClient: true, RedirectURIs: []string{"/realms/acme/account/*"}})
	s.Flows[0].BuiltIn = true
	s.Flows[0].Executions = append(s.Flows[0].Executions, latchkey.Execution{ID: "o", Authenticator: "unbuilt-organization", Requirement: latchkey.Alternative})
	if got := names(doctor.Realm(s.Index(), built, now)); got != "" {
		t.Errorf("found %q", got)
	}
}
