package realm

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/credential"
	"latchkey/internal/representation"
	"latchkey/internal/token"
)

const (
	whyNoLocale = "there is no catalogue for this language"
	whyNoMail   = "without a relay and a sender address (host, from) no mail goes out"
)

// nameUnacted names what the realm holds as the file says and Latchkey does
// not act on. What says no more than every realm does is not named.
func (p *planner) nameUnacted() {
	p.nameSettings()
	p.namePolicy()
	p.nameBoundFlows()
	p.nameLocales()
	for i := range p.file.ClientScopes {
		p.nameOfScope(&p.file.ClientScopes[i])
	}
	p.nameConfigs()
	p.nameMail()
}

// setting names a setting with its value unless it is the one of every realm.
func setting[T comparable](p *planner, name string, given, usual *T, why string) {
	if given != nil && *given != representation.Value(usual) {
		p.report.value(name, Kept, fmt.Sprint(*given), why)
	}
}

func (p *planner) nameSettings() {
	f, b := p.file, p.base
	setting(p, "adminEventsDetailsEnabled", f.AdminEventsDetailsEnabled, b.AdminEventsDetailsEnabled, "administrative events have no details yet")
	setting(p, "accessCodeLifespanUserAction", f.AccessCodeLifespanUserAction, b.AccessCodeLifespanUserAction,
		"an action may take as long as the sign-in (accessCodeLifespanLogin)")
	if ssl := strings.ToLower(representation.Value(f.SSLRequired)); ssl != "" && ssl != *b.SSLRequired {
		p.report.value("sslRequired", Kept, ssl, "acted on as external: https everywhere but on this machine")
	}
	if html := representation.Value(f.DisplayNameHTML); html != "" && html != representation.Value(f.DisplayName) {
		p.report.add("displayNameHtml", Kept, "pages show displayName")
	}
	const noFlow = "this flow is not run yet"
	setting(p, "clientAuthenticationFlow", f.ClientAuthenticationFlow, b.ClientAuthenticationFlow, noFlow)
	setting(p, "dockerAuthenticationFlow", f.DockerAuthenticationFlow, b.DockerAuthenticationFlow, noFlow)
	setting(p, "firstBrokerLoginFlow", f.FirstBrokerLoginFlow, b.FirstBrokerLoginFlow, noFlow)
	for _, key := range sortedKeys(f.Attributes) {
		value := f.Attributes[key]
		promise, ok := promiseOf(realmPromises, key)
		switch {
		case !ok || promise.kept(value):
		case promise.plain:
			p.report.value("attributes."+key, Kept, value, promise.why)
		default:
			p.report.add("attributes."+key, Kept, promise.why)
		}
	}
}

// hashRules are the rules of a password policy that are about how a password
// is kept.
var hashRules = []string{"hashIterations", "hashAlgorithm"}

func (p *planner) namePolicy() {
	for _, rule := range credential.UnknownRules(representation.Value(p.file.PasswordPolicy)) {
		why := "this rule is not known: no password is held against it"
		if slices.Contains(hashRules, rule) {
			why = "new passwords are hashed with Argon2id, whatever it says"
		}
		p.report.add("passwordPolicy", Kept, why, rule)
	}
	rules, _ := latchkey.ParsePasswordPolicy(representation.Value(p.file.PasswordPolicy)) // all that is wrong is named
	for _, r := range rules {
		if r.Wrong != "" && r.Number > 0 {
			p.report.add("passwordPolicy", Kept, "this is no number: "+strconv.Itoa(r.Number)+" counts", r.Name)
		}
	}
}

// nameBoundFlows names flows that cannot do what they are bound to.
func (p *planner) nameBoundFlows() {
	bound := boundFlows(p.snap.Realm)
	for _, setting := range sortedKeys(bound) {
		if f := p.snap.FlowByAlias(*bound[setting]); f != nil && !latchkey.CanBind(setting, f) {
			p.report.value(setting, Kept, f.Alias, latchkey.WhyNotBound(setting, f))
		}
	}
}

func (p *planner) nameLocales() {
	for _, locale := range p.file.SupportedLocales {
		if Locale(locale) == "" {
			p.report.add("supportedLocales", Kept, whyNoLocale, locale)
		}
	}
	if locale := representation.Value(p.file.DefaultLocale); locale != "" && Locale(locale) == "" {
		p.report.value("defaultLocale", Kept, locale, whyNoLocale)
	}
}

// nameOfClient names what the client promises and is not built; base is what
// every realm has under its clientId.
func (p *planner) nameOfClient(c *latchkey.Client, rep, base *representation.Client) {
	if base == nil {
		base = new(representation.Client)
	}
	for _, s := range []struct {
		field       string
		given, same bool
		why         string
	}{
		{"surrogateAuthRequired", c.SurrogateAuthRequired, representation.Value(base.SurrogateAuthRequired), "not acted on"},
		{"adminUrl", c.AdminURL != "", c.AdminURL == representation.Value(base.AdminURL), "nothing is sent to applications"},
	} {
		if s.given && !s.same {
			p.report.add("clients."+s.field, Kept, s.why, c.ClientID)
		}
	}
	for _, kind := range sortedKeys(c.FlowBindings) {
		if kind != "browser" && kind != "direct_grant" {
			p.report.add("clients.authenticationFlowBindingOverrides", Kept, "only bindings of browser and direct_grant are acted on", c.ClientID+": "+kind)
		}
	}
	for _, name := range token.SigningAttributes() {
		if a := rep.Attributes[name]; a != "" && token.CheckSignatureAlgorithm(name, a) != nil {
			p.report.add("clients.attributes."+name, Kept, "applications could not verify this: the realm's algorithm signs", c.ClientID)
		}
	}
	for _, l := range uriLists {
		for _, uri := range l.of(c) {
			if why := uriFault(uri); why != "" {
				p.report.add("clients."+l.field, Kept, "it "+why+": nothing matches it", c.ClientID+": "+uri)
			}
		}
	}
	p.nameMappers("clients", c.ClientID, rep.ProtocolMappers, base.ProtocolMappers)
	for _, key := range sortedKeys(rep.Attributes) {
		value := rep.Attributes[key]
		if promise, ok := promiseOf(clientPromises, key); ok && !promise.kept(value) && value != base.Attributes[key] {
			p.report.add("clients.attributes."+key, Kept, promise.why, c.ClientID)
		}
	}
}

func (p *planner) nameOfScope(rep *representation.ClientScope) {
	name := representation.Value(rep.Name)
	if !isOpenID(rep.Protocol) {
		return
	}
	var usual []representation.ProtocolMapper
	for i := range p.base.ClientScopes {
		if *p.base.ClientScopes[i].Name == name {
			usual = p.base.ClientScopes[i].ProtocolMappers
		}
	}
	p.nameMappers("clientScopes", name, rep.ProtocolMappers, usual)
	for _, key := range sortedKeys(rep.Attributes) {
		if promise, ok := promiseOf(scopePromises, key); ok && !promise.kept(rep.Attributes[key]) {
			p.report.add("clientScopes.attributes."+key, Kept, promise.why, name)
		}
	}
}

func (p *planner) nameMappers(list, owner string, given, usual []representation.ProtocolMapper) {
	for _, m := range given {
		same := func(u representation.ProtocolMapper) bool { return u.ProtocolMapper == m.ProtocolMapper }
		if !token.MapperBuilt(m.ProtocolMapper) && !slices.ContainsFunc(usual, same) {
			p.report.add(list+".protocolMappers", Kept, "this kind of protocol mapper is not built: it puts nothing into tokens",
				owner+": "+m.Name+" ("+m.ProtocolMapper+")")
		}
	}
}

// configKeys are the settings that the kinds of steps know that have any.
var configKeys = map[string][]string{
	latchkey.AuthIdentityProvider: {"defaultProvider"},
	latchkey.ConditionUserRole:    {"condUserRole", "negate"},

	latchkey.ConditionUserAttribute:   {"attribute_name", "attribute_expected_value", "include_group_attributes", "not", "regex"},
	latchkey.ConditionClientScope:     {"client_scope", "negate"},
	latchkey.ConditionSubFlowExecuted: {"flow_to_check", "check_result"},
	latchkey.ConditionCredential:      {"credentials", "included"},
	latchkey.ConditionLevel:           {"loa-condition-level", "loa-max-age"},
	latchkey.AuthDenyAccess:           {"denyErrorMessage"},

	latchkey.AuthMagicLink: {actiontoken.KeyCreateUser, actiontoken.KeyUpdateProfile, actiontoken.KeyUpdatePassword, actiontoken.KeyReusable,
		actiontoken.KeyLifespan, actiontoken.KeyOtherBrowser, actiontoken.KeyCode, actiontoken.KeyResend, actiontoken.KeyNoticeUnknown,
		actiontoken.KeyAllowedDomains, actiontoken.KeyDeniedDomains},
}

// nameConfigs names the configurations of the file that no step uses, and
// what the steps that use them do not know. The settings of a step that is not
// built go with it.
func (p *planner) nameConfigs() {
	users := map[string]map[string]bool{} // providers by id of the configuration
	for _, f := range p.snap.Flows {
		for _, e := range f.Executions {
			if users[e.ConfigID] == nil {
				users[e.ConfigID] = map[string]bool{}
			}
			users[e.ConfigID][e.Authenticator] = true
		}
	}
	for _, c := range p.snap.Configs {
		if len(users[c.ID]) == 0 && !p.isBuiltinConfig(c.Alias) {
			p.report.add("authenticatorConfig", Kept, "no step uses it", c.Alias)
		}
		for _, provider := range sortedKeys(users[c.ID]) {
			if p.o.built(provider) {
				p.nameConfig(c, provider)
			}
		}
	}
}

func (p *planner) isBuiltinConfig(alias string) bool {
	return slices.ContainsFunc(p.base.AuthenticatorConfig, func(c representation.AuthenticatorConfig) bool { return *c.Alias == alias })
}

func (p *planner) nameConfig(c *latchkey.AuthenticatorConfig, provider string) {
	for _, key := range sortedKeys(c.Config) {
		if c.Config[key] != "" && !slices.Contains(configKeys[provider], key) {
			p.report.add("authenticatorConfig."+key, Kept, "this kind of step ("+provider+") knows no such setting", c.Alias)
		}
	}
	if provider != latchkey.AuthMagicLink {
		return
	}
	for _, key := range []string{actiontoken.KeyLifespan, actiontoken.KeyResend} {
		value := strings.TrimSpace(c.Config[key])
		seconds, err := strconv.Atoi(value)
		switch {
		case value == "":
		case err != nil:
			p.report.add("authenticatorConfig."+key, Kept, "this is no number of seconds: the default counts", c.Alias)
		case key == actiontoken.KeyLifespan && seconds > int(actiontoken.MaxLifespan.Seconds()):
			p.report.add("authenticatorConfig."+key, Kept, "acted on as 3600 seconds, the most that a mailed link lives", c.Alias)
		}
	}
	for _, key := range []string{actiontoken.KeyAllowedDomains, actiontoken.KeyDeniedDomains} {
		if !actiontoken.IsDomains(c.Config[key]) {
			p.report.add("authenticatorConfig."+key, Kept, "not all of these are domains: what is none fits no address", c.Alias)
		}
	}
	switch strings.ToLower(strings.TrimSpace(c.Config[actiontoken.KeyOtherBrowser])) {
	case "", actiontoken.OtherBrowserNumber, actiontoken.OtherBrowserCode, actiontoken.OtherBrowserRefuse:
	default:
		p.report.add("authenticatorConfig."+actiontoken.KeyOtherBrowser, Kept, "expected number, code or refuse: acted on as number", c.Alias)
	}
}

// nameMail names that the realm sends mail and cannot.
func (p *planner) nameMail() {
	realm := p.snap.Realm
	smtp := &realm.SMTP
	if len(smtp.Relays) > 0 && smtp.Relays[0].Host != "" && smtp.From != "" {
		return
	}
	switch {
	case p.mailsLinks():
		p.report.add("smtpServer", Missing, "the browser flow mails links: "+whyNoMail)
	case realm.RegistrationAllowed && !realm.ImmediateRegistration():
		p.report.add("smtpServer", Missing, "who makes an account proves the mailbox first: "+whyNoMail)
	case realm.ResetPasswordAllowed:
		p.report.add("smtpServer", Missing, "passwords are reset by a mailed link: "+whyNoMail)
	case realm.VerifyEmail:
		p.report.add("smtpServer", Missing, "addresses are verified by mail: "+whyNoMail)
	}
}

// mailsLinks says whether the browser flow of the realm or of a client has a
// step that mails links.
func (p *planner) mailsLinks() bool {
	flows := map[string]*latchkey.Flow{}
	bound := map[string]bool{}
	for _, f := range p.snap.Flows {
		flows[f.ID] = f
		bound[f.ID] = f.Alias == p.snap.Realm.BrowserFlow
	}
	for _, c := range p.snap.Clients {
		bound[c.FlowBindings["browser"]] = true
	}
	maps.DeleteFunc(bound, func(_ string, is bool) bool { return !is })
	var mails func(f *latchkey.Flow) bool
	mails = func(f *latchkey.Flow) bool {
		return f != nil && slices.ContainsFunc(f.Executions, func(e latchkey.Execution) bool {
			return e.Requirement != latchkey.Disabled && (e.Authenticator == latchkey.AuthMagicLink || mails(flows[e.FlowID]))
		})
	}
	for id := range bound {
		if mails(flows[id]) {
			return true
		}
	}
	return false
}
