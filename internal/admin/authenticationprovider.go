package admin

import (
	"net/http"
	"slices"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/representation"
)

func (d *Door) providerRoutes() []route {
	list := func(path, summary string, shown func() []stepProvider) route {
		return route{method: "GET", path: path, may: mayViewRealm, summary: summary, gives: []stepProvider{},
			act: func(c *call) error { return c.answer(shown()) }}
	}
	clients := list("/authentication/client-authenticator-providers", "List the ways in which applications can prove themselves", d.clientProviders)
	clients.may = mayViewClientProviders
	return []route{
		list("/authentication/authenticator-providers", "List the steps that flows can have", d.authenticatorProviders),
		list("/authentication/form-providers", "List the pages that form-flows can be", d.formProviders),
		list("/authentication/form-action-providers", "List the parts that the page of a form-flow can have", d.formActionProviders),
		clients,
		{method: "GET", path: "/authentication/config-description/{provider}", may: mayViewRealm, act: d.configDescription,
			summary: "Read which options a step has", gives: configDescription{}},
		{method: "GET", path: "/authentication/per-client-config-description", may: mayViewClientProviders, act: d.perClientDescription,
			summary: "Read which options of clients the ways have in which applications prove themselves", gives: map[string][]representation.ConfigProperty{}},
	}
}

// stepProvider is a row of a list of providers.
type stepProvider struct {
	SupportsSecret *bool  `json:"supportsSecret,omitempty"` // of ways for applications only
	DisplayName    string `json:"displayName"`
	Description    string `json:"description"`
	ID             string `json:"id"`
}

// configDescription describes the options of a step.
type configDescription struct {
	Name       string                          `json:"name"`
	ProviderID string                          `json:"providerId"`
	HelpText   string                          `json:"helpText"`
	Properties []representation.ConfigProperty `json:"properties"`
}

func shownProviders(list []flow.Provider, shown func(flow.Provider) bool) []stepProvider {
	out := []stepProvider{}
	for _, p := range list {
		if shown(p) {
			out = append(out, stepProvider{DisplayName: p.DisplayName, Description: p.HelpText, ID: p.ID})
		}
	}
	return out
}

func (d *Door) authenticatorProviders() []stepProvider {
	return shownProviders(d.Registry.Providers(), func(p flow.Provider) bool { return !p.Form })
}

func (d *Door) formProviders() []stepProvider {
	return shownProviders(d.Registry.Providers(), func(p flow.Provider) bool { return p.Form })
}

func (d *Door) formActionProviders() []stepProvider {
	return shownProviders(d.Registry.FormProviders(), func(flow.Provider) bool { return true })
}

func (d *Door) clientProviders() []stepProvider {
	out := []stepProvider{}
	for _, p := range clientAuthenticators {
		out = append(out, stepProvider{SupportsSecret: new(p.ID != "client-jwt"), DisplayName: p.DisplayName, Description: p.HelpText, ID: p.ID})
	}
	return out
}

// clientAuthenticators are the ways in which applications can prove themselves
// here: what flows of clients list, and what a client's settings choose from.
var clientAuthenticators = []flow.Provider{
	{ID: "client-secret", DisplayName: "Client Id and Secret", Requirements: choose(any3),
		HelpText: "By the client's secret, in the form or by Basic."},
	{ID: "client-jwt", DisplayName: "Signed JWT", Requirements: choose(any3),
		HelpText: "By a JWT that is signed with the client's private key (private_key_jwt)."},
	{ID: "client-secret-jwt", DisplayName: "Signed JWT with Client Secret", Requirements: choose(any3),
		HelpText: "By a JWT that is signed with the client's secret (client_secret_jwt)."},
}

// step describes a kind of step: one that is built, one that Keycloak has, or
// one that nobody knows, which is called after its id.
func (d *Door) step(id string) flow.Provider {
	if p, ok := d.Registry.Step(id); ok {
		return p
	}
	for _, list := range [][]flow.Provider{clientAuthenticators, unbuilt} {
		if i := slices.IndexFunc(list, func(p flow.Provider) bool { return p.ID == id }); i >= 0 {
			return list[i]
		}
	}
	return flow.Provider{ID: id, DisplayName: id, Requirements: choose(any3)}
}

// offered gives the kind of step that can be added to the flow.
func (d *Door) offered(f *latchkey.Flow, id string) (flow.Provider, error) {
	p := d.step(id)
	var ok bool
	switch f.ProviderID {
	case flow.ClientFlow:
		ok = slices.ContainsFunc(clientAuthenticators, func(p flow.Provider) bool { return p.ID == id })
	case flow.FormFlow:
		ok = d.Registry.FormAction(id) != nil
	default:
		ok = d.Registry.Authenticator(id) != nil && !p.Form
	}
	if !ok {
		return p, noProvider(id, p)
	}
	return p, nil
}

// noProvider refuses a step that cannot be added: in Keycloak's words when there
// is none of that name.
func noProvider(id string, p flow.Provider) error {
	if slices.ContainsFunc(unbuilt, func(u flow.Provider) bool { return u.ID == id }) {
		return answerError(http.StatusBadRequest, p.DisplayName+" ("+id+") is not built: nobody could pass it. Steps of its kind are kept where an import has them.")
	}
	return answerError(http.StatusBadRequest, "No authentication provider found for id: "+id)
}

func (d *Door) configDescription(c *call) error {
	id := c.path("provider")
	p := d.step(id)
	if p.DisplayName == id { // nobody knows it
		return answerError(http.StatusNotFound, "Could not find authenticator provider")
	}
	return c.answer(configDescription{Name: p.DisplayName, ProviderID: id, HelpText: p.HelpText, Properties: options(p.Properties)})
}

// options describes options in Keycloak's form: switches have true or false as
// their default.
func options(list []flow.Property) []representation.ConfigProperty {
	out := []representation.ConfigProperty{}
	for _, p := range list {
		r := representation.ConfigProperty{Name: p.Name, Label: p.Label, HelpText: p.HelpText, Type: p.Type, Options: p.Options}
		switch {
		case p.Default == "":
		case p.Type == "boolean":
			r.DefaultValue = p.Default == "true"
		default:
			r.DefaultValue = p.Default
		}
		out = append(out, r)
	}
	return out
}

func (d *Door) perClientDescription(c *call) error {
	out := map[string][]representation.ConfigProperty{}
	for _, p := range clientAuthenticators {
		out[p.ID] = []representation.ConfigProperty{}
	}
	return c.answer(out)
}
