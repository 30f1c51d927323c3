package admin

import (
	"net/http"
	"strings"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
)

// usedFlow is a row of the console's list of flows.
type usedFlow struct {
	ID          string   `json:"id"`
	Alias       string   `json:"alias"`
	BuiltIn     bool     `json:"builtIn"`
	UsedBy      *flowUse `json:"usedBy,omitempty"`
	Description string   `json:"description,omitempty"`
}

// flowUse says what uses a flow: the realm, or clients, or identity providers.
type flowUse struct {
	Type   string   `json:"type"` // DEFAULT, SPECIFIC_CLIENTS, SPECIFIC_PROVIDERS
	Values []string `json:"values"`
}

// shownUsers is how many clients or providers a row names.
const shownUsers = 20

func (d *Door) usedFlows(c *call) error {
	providers, err := c.providers()
	if err != nil {
		return err
	}
	out := []usedFlow{}
	for _, f := range topFlows(c.snap) {
		out = append(out, usedFlow{ID: f.ID, Alias: f.Alias, BuiltIn: f.BuiltIn, Description: f.Description,
			UsedBy: useOf(f, realm.FlowUsers(c.snap, providers, f))})
	}
	return c.answer(out)
}

// useOf tells the first kind of use that there is, as Keycloak does.
func useOf(f *latchkey.Flow, users []realm.Binding) *flowUse {
	names := map[string][]string{}
	for _, u := range users {
		kind := "DEFAULT"
		switch u.Kind {
		case usedByClient:
			kind = "SPECIFIC_CLIENTS"
		case usedByProvider:
			kind = "SPECIFIC_PROVIDERS"
		}
		names[kind] = append(names[kind], u.Name)
	}
	switch {
	case len(names["SPECIFIC_CLIENTS"]) > 0:
		return &flowUse{"SPECIFIC_CLIENTS", part(names["SPECIFIC_CLIENTS"], 0, shownUsers)}
	case len(names["SPECIFIC_PROVIDERS"]) > 0:
		return &flowUse{"SPECIFIC_PROVIDERS", part(names["SPECIFIC_PROVIDERS"], 0, shownUsers)}
	case len(names["DEFAULT"]) > 0:
		return &flowUse{"DEFAULT", []string{f.Alias}}
	}
	return nil
}

// The kinds of [realm.Binding] that are not the realm's own.
const (
	usedByClient   = "client"
	usedByProvider = "identity provider"
)

func (d *Door) usersOfFlow(c *call) error {
	kind := map[string]string{"clients": usedByClient, "idp": usedByProvider}[c.path("kind")]
	if kind == "" {
		return answerError(http.StatusBadRequest, "Invalid type")
	}
	first, limit, err := c.page(everything)
	if err != nil {
		return err
	}
	f := c.snap.Flow(c.path("id"))
	if f == nil {
		return answerError(http.StatusNotFound, "Could not find flow with id")
	}
	providers, err := c.providers()
	if err != nil {
		return err
	}
	search, out := strings.ToLower(c.text("search")), []string{}
	for _, u := range realm.FlowUsers(c.snap, providers, f) {
		if u.Kind == kind && strings.Contains(strings.ToLower(u.Name), search) {
			out = append(out, u.Name)
		}
	}
	return c.answer(part(out, first, limit))
}

// providers are the realm's identity providers, by their aliases.
func (c *call) providers() (all []*latchkey.IdentityProvider, err error) {
	err = c.view(func(tx *store.Tx) error {
		all, err = tx.IdentityProviders(c.snap.Realm.ID)
		return err
	})
	return all, err
}
