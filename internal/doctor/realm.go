package doctor

import (
	"net"
	"slices"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/token"
)

// Realm looks at a realm. built says whether the step or required action with
// that provider id exists in this version.
func Realm(s *latchkey.Snapshot, built func(providerID string) bool, now time.Time) []Finding {
	f := &findings{realm: s.Realm.Name}
	if !s.Realm.Enabled {
		return nil
	}
	f.settings(s)
	for _, c := range s.Clients {
		if c.Enabled {
			f.of("client", c.ID)
			f.client(s, c)
		}
	}
	f.of("", "")
	f.flows(s, built)
	f.links(s)
	f.keys(s, now)
	f.relays(s)
	return f.list
}

func (f *findings) settings(s *latchkey.Snapshot) {
	if strings.EqualFold(s.Realm.SSLRequired, "none") {
		f.add(Weakness, "ssl-not-required", "", "The realm says that https is not required. It is acted on as external: https everywhere but on this machine.")
	}
	if s.Realm.CrossSite() {
		f.add(Weakness, "cross-site-cookies", "", "Session cookies go to frames in other sites (latchkey.cookies.cross-site). Switch it off when every application is below the same domain.")
	}
	if !s.Realm.EventsEnabled {
		f.add(Weakness, "no-events", "", "Events are not recorded: nobody can see afterwards who signed in. Switch eventsEnabled on.")
	}
}

func (f *findings) client(s *latchkey.Snapshot, c *latchkey.Client) {
	if c.BuiltIn() {
		return // as every realm has them: their pages are our own
	}
	for _, uri := range c.RedirectURIs {
		if strings.HasSuffix(uri, "*") {
			f.add(Weakness, "redirect-wildcard", c.ClientID, "The redirect URI %q stands for many: whoever finds an open redirect below it gets codes (RFC 9700 4.1.1). Name the exact addresses.", uri)
		}
	}
	if slices.Contains(c.WebOrigins, "*") {
		f.add(Weakness, "any-origin", c.ClientID, "Every web page may read answers to this client. Name its origins, or + for those of its redirect URIs.")
	}
	if c.DirectAccessGrantsEnabled {
		f.add(Weakness, "password-grant", c.ClientID, "The application takes people's passwords itself (RFC 9700 2.4). Switch directAccessGrantsEnabled off where no tool needs it.")
	}
	if !c.PublicClient && !c.BearerOnly && c.StandardFlowEnabled && c.Attribute("pkce.code.challenge.method") == "" {
		f.add(Weakness, "pkce-optional", c.ClientID, "A sign-in may come without PKCE. Set pkce.code.challenge.method to S256.")
	}
	if err := token.CheckPairwise(c); err != nil {
		f.add(Weakness, "pairwise-sector", c.ClientID, "%s", err)
	}
	if id := c.FlowBindings["browser"]; id != "" && s.Flow(id) == nil {
		f.add(Fault, "flow-missing", c.ClientID, "The client is bound to a flow that does not exist: nobody can sign in to it.")
	}
	if c.DirectAccessGrantsEnabled && !c.BuiltIn() && s.DirectGrantFlow(c) == nil {
		f.add(Fault, "flow-missing", c.ClientID, "The flow of its password grant does not exist: every such request is refused.")
	}
}

// entries are the flows beside the sign-in that the realm lets people in by.
func entries(r *latchkey.Realm) []latchkey.Entry {
	var out []latchkey.Entry
	if r.RegistrationAllowed {
		out = append(out, latchkey.EntryRegistration)
	}
	if r.ResetPasswordAllowed {
		out = append(out, latchkey.EntryReset)
	}
	return out
}

// bound are the flows that people come to, with what they are bound as.
func bound(s *latchkey.Snapshot) map[*latchkey.Flow]string {
	out := map[*latchkey.Flow]string{}
	if f := s.FlowByAlias(s.Realm.BrowserFlow); f != nil {
		out[f] = "browser flow"
	}
	for _, e := range entries(s.Realm) {
		if f := s.EntryFlow(nil, e); f != nil {
			out[f] = string(e)
		}
	}
	for _, c := range s.Clients {
		if f := s.Flow(c.FlowBindings["browser"]); f != nil {
			out[f] = "browser flow of " + c.ClientID
		}
		if !c.DirectAccessGrantsEnabled || c.BuiltIn() {
			continue
		}
		if f := s.DirectGrantFlow(c); f != nil {
			out[f] = "direct grant flow of " + c.ClientID
		}
	}
	return out
}

func (f *findings) flows(s *latchkey.Snapshot, built func(string) bool) {
	if s.FlowByAlias(s.Realm.BrowserFlow) == nil {
		f.add(Fault, "flow-missing", s.Realm.BrowserFlow, "The realm's browser flow does not exist: nobody can sign in.")
	}
	for _, e := range entries(s.Realm) {
		if s.EntryFlow(nil, e) == nil {
			f.add(Fault, "flow-missing", string(e), "The realm allows it, and its flow does not exist: it leads nowhere.")
		}
	}
	if s.Realm.RegistrationAllowed && s.Realm.ImmediateRegistration() {
		f.add(Weakness, "registration-immediate", latchkey.AttributeImmediate, "Accounts are made before their mailbox is proven, and the page tells whose address has one.")
	}
	for flow := range bound(s) {
		f.steps(s, flow, built, 0)
	}
	f.of("", "")
	for _, a := range s.RequiredActions {
		if a.Enabled && a.DefaultAction && !built(a.Alias) {
			f.add(Fault, "step-not-built", a.Alias, "Every new person is asked for this required action, which this version does not have: their sign-in fails.")
		}
	}
}

// maxDepth bounds how deep flows may be nested, so that one that contains
// itself ends.
const maxDepth = 20

func (f *findings) steps(s *latchkey.Snapshot, flow *latchkey.Flow, built func(string) bool, depth int) {
	if flow == nil || depth > maxDepth {
		return
	}
	for _, e := range flow.Executions {
		f.of("flow", flow.ID)
		switch {
		case e.Requirement == latchkey.Disabled:
		case e.FlowID != "":
			f.steps(s, s.Flow(e.FlowID), built, depth+1)
		case built(e.Authenticator):
		case e.Requirement == latchkey.Required:
			f.add(Fault, "step-not-built", flow.Alias, "The required step %s does not exist in this version: a sign-in that comes to it fails.", e.Authenticator)
		case flow.BuiltIn: // every realm has it, and nobody chose it
		default:
			f.add(Weakness, "step-not-built", flow.Alias, "The step %s does not exist in this version and is passed over.", e.Authenticator)
		}
	}
}

// links looks at the configurations of the mailed link.
func (f *findings) links(s *latchkey.Snapshot) {
	for _, flow := range s.Flows {
		for _, e := range flow.Executions {
			cfg := s.Config(e.ConfigID)
			if e.Authenticator != latchkey.AuthMagicLink || e.Requirement == latchkey.Disabled || cfg == nil {
				continue
			}
			where := flow.Alias + ": " + cfg.Alias
			f.of("flow", flow.ID)
			for _, w := range actiontoken.Weakenings(cfg.Config) {
				f.add(Weakness, w.Code, where, "%s", w.Text)
			}
		}
	}
	f.of("", "")
}

// oldKey is how long a key may sign before somebody should wonder.
const oldKey = 2 * 365 * 24 * time.Hour

func (f *findings) keys(s *latchkey.Snapshot, now time.Time) {
	algorithm := s.Realm.DefaultSignatureAlgorithm
	if algorithm == "" {
		algorithm = "RS256"
	}
	key := s.ActiveKey(algorithm, now)
	if key == nil {
		f.add(Fault, "no-signing-key", algorithm, "The realm has no active key for its algorithm: no tokens can be signed. latchkey keys rotate makes one.")
		return
	}
	if s.Realm.Attributes[token.AttributeRotation] == "0" {
		f.add(Weakness, "no-key-rotation", token.AttributeRotation, "The realm's keys are not followed by others by themselves. Set %s to the days that a key may sign.", token.AttributeRotation)
	}
	if now.Sub(key.CreatedAt) > oldKey {
		f.add(Weakness, "old-signing-key", key.ID, "The key that signs is %d days old. latchkey keys rotate makes a new one; the old one goes on being published.", int(now.Sub(key.CreatedAt).Hours()/24))
	}
}

func (f *findings) relays(s *latchkey.Snapshot) {
	smtp := &s.Realm.SMTP
	if !smtp.Configured() {
		f.add(Fault, NoRelay, "", "The realm has no mail relay: no link can be sent. Set smtpServer.")
		return
	}
	for _, r := range smtp.Relays {
		where := r.Address()
		if !r.SSL && !r.StartTLS && !loopback(r.Host) {
			f.add(Weakness, "plain-smtp", where, "Mails with their links go to this relay in clear. Set ssl or starttls.")
		}
	}
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
