package realm

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
)

// clientNumbers are the attributes of a client that are whole numbers:
// lifespans in seconds, and times.
var clientNumbers = []string{"access.token.lifespan", "client.session.idle.timeout", "client.session.max.lifespan",
	"client.offline.session.idle.timeout", "client.offline.session.max.lifespan", "default.max.age"}

// checkChange refuses new values of a client that mean nothing: an import keeps
// them, and what is there already may be given back as it is. Before is nil for
// a new client.
func checkChange(snap *latchkey.Snapshot, before, c *latchkey.Client) error {
	if before == nil {
		before = &latchkey.Client{}
	}
	var faults []error
	for _, u := range representation.ClientURLs {
		if text := u.Of(c); text != u.Of(before) && !isURL(c, text) {
			faults = append(faults, latchkey.Invalid(u.Field, "%s is not a valid URL", u.Name))
		}
	}
	if c.RootURL != before.RootURL && strings.Contains(c.RootURL, "#") {
		faults = append(faults, latchkey.Invalid("rootUrl", "Root URL must not contain an URL fragment"))
	}
	for _, l := range uriLists {
		for _, uri := range l.of(c) {
			if why := uriFault(uri); why != "" && !slices.Contains(l.of(before), uri) {
				faults = append(faults, latchkey.Invalid(l.field, "%s %s", l.called, why))
				break
			}
		}
	}
	faults = append(faults, checkACR(snap, before, c))
	for _, name := range clientNumbers {
		value := c.Attribute(name)
		if value == "" || value == before.Attribute(name) {
			continue
		}
		if n, err := strconv.ParseInt(value, 10, 32); err != nil || n < -1 { // -1: the realm's, as consoles write it
			faults = append(faults, latchkey.Invalid("attributes."+name, "Expected a whole number."))
		}
	}
	for _, kind := range []string{"browser", "direct_grant"} {
		id := c.FlowBindings[kind]
		if f := snap.Flow(id); f != nil && id != before.FlowBindings[kind] && !latchkey.CanBind(kind, f) {
			faults = append(faults, latchkey.Invalid("authenticationFlowBindingOverrides."+kind, "%s", latchkey.WhyNotBound(kind, f)))
		}
	}
	return representation.Join(faults...)
}

// uriLists are the URIs of a client that requests are held against.
var uriLists = []struct {
	field, called string
	of            func(*latchkey.Client) []string
}{
	{"redirectUris", "A redirect URI", func(c *latchkey.Client) []string { return c.RedirectURIs }},
	{"attributes.post.logout.redirect.uris", "A post logout redirect URI", func(c *latchkey.Client) []string {
		return strings.Split(c.Attribute("post.logout.redirect.uris"), "##")
	}},
	{"webOrigins", "A web origin", func(c *latchkey.Client) []string { return c.WebOrigins }},
}

// uriFault says why a URI of a client can be none, in Keycloak's words; empty
// when it can. The trailing "*", "+" and "-" are Keycloak's.
func uriFault(uri string) string {
	uri = strings.TrimSpace(serverVariables.Replace(uri))
	scheme, _, found := strings.Cut(uri, ":")
	_, err := url.Parse(strings.TrimSuffix(uri, "*"))
	switch {
	case found && representation.RunsScript(scheme):
		return "uses an illegal scheme"
	case strings.Contains(uri, "#"):
		return "must not contain an URL fragment"
	case err != nil || strings.ContainsAny(uri, " \t\r\n\\\"<>^`{|}"):
		return "is not a valid URI"
	}
	return ""
}

// checkACR refuses levels of authentication that have no meaning by the names
// that the client, or else the realm, has for them.
func checkACR(snap *latchkey.Snapshot, before, c *latchkey.Client) error {
	levels := latchkey.LevelMap(snap.Realm, c)
	names := c.Attribute(latchkey.AttributeLevels) != before.Attribute(latchkey.AttributeLevels)
	var faults []error
	for _, a := range []struct{ name, sentence string }{
		{latchkey.AttributeDefaultACR, "Default ACR values need to contain values specified in the ACR-To-Loa mapping or number levels"},
		{latchkey.AttributeMinimumACR, "Minimum ACR value needs to be a value specified in the ACR-To-Loa mapping or a number level"},
	} {
		text := c.Attribute(a.name)
		if text == "" || text == before.Attribute(a.name) && !names {
			continue
		}
		for acr := range strings.SplitSeq(text, "##") {
			if latchkey.LevelOf(levels, acr) < 0 {
				faults = append(faults, latchkey.Invalid("attributes."+a.name, "%s", a.sentence))
				break
			}
		}
	}
	return representation.Join(faults...)
}

// ourAddress stands for the server's own, which no rule depends on.
const ourAddress = "https://server.invalid"

// serverVariables are those of Keycloak's own clients.
var serverVariables = strings.NewReplacer("${authBaseUrl}", ourAddress, "${authAdminUrl}", ourAddress)

// isURL says whether an address, after the variables of Keycloak and the root
// URL have been put in, is a whole one.
func isURL(c *latchkey.Client, text string) bool {
	whole := serverVariables.Replace(strings.TrimSpace(text))
	switch {
	case whole == "":
		return true
	case strings.HasPrefix(whole, "/"):
		whole = ourAddress + whole // below the root URL, or below this server
	}
	if text != c.RootURL {
		whole = strings.Replace(whole, "${rootUrl}", ourAddress, 1)
	}
	u, err := url.Parse(whole)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "" || u.Path != "")
}
