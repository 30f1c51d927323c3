package account

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"latchkey/internal/relyingparty"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/page"
	"latchkey/internal/representation"
)

// Info is the page of personal info.
type Info struct {
	Frame
	Form     page.Form
	Fields   []page.ProfileField
	Errors   []page.FieldError
	EmailURL string // begins a change of address; empty where there is none
	// DeleteURL begins to delete the account; empty where the person may not.
	DeleteURL string
}

func (c *Console) info(v *visit) error {
	return v.show(pathInfo, func() (page.Page, error) {
		account, p, err := v.askInfo()
		if err == nil {
			p.Fields = v.fields(account, nil)
		}
		return p, err
	})
}

// askInfo asks for the account, and what may be done about it.
func (v *visit) askInfo() (account representation.Account, p Info, err error) {
	if err := v.Call(http.MethodGet, "/", nil, &account); err != nil {
		return account, p, err
	}
	var may representation.AccountFeatures
	if err := v.Call(http.MethodGet, "/features", nil, &may); err != nil {
		return account, p, err
	}
	p = Info{Frame: v.frame(pathInfo), Form: v.form(pathInfo)}
	if may.UpdateEmailActionEnabled {
		p.EmailURL = v.beginURL("UPDATE_EMAIL")
	}
	if may.DeleteAccountAllowed {
		p.DeleteURL = v.beginURL("delete_account")
	}
	return account, p, nil
}

// saveInfo sends what was typed. What is wrong is said under its field, with
// what was typed kept.
func (c *Console) saveInfo(v *visit) error {
	account, p, err := v.askInfo()
	if err != nil {
		return err
	}
	sent := map[string]any{}
	attributes := map[string][]string{}
	for _, f := range v.fields(account, nil) {
		if f.ReadOnly {
			continue
		}
		values := typed(v.R.Form, f.Name)
		if slices.Contains(root, f.Name) {
			sent[f.Name] = strings.Join(values, " ")
		} else {
			attributes[f.Name] = values
		}
	}
	if len(attributes) > 0 || len(account.Attributes) > 0 {
		sent["attributes"] = attributes
	}
	err = v.Call(http.MethodPost, "/", sent, nil)
	var no *relyingparty.Refusal
	if errors.As(err, &no) && no.Status == http.StatusBadRequest {
		var faults representation.ProfileFaults
		if json.Unmarshal(no.Body, &faults) == nil && len(faults.Errors) > 0 {
			p.Fields, p.Errors = v.fields(account, v.R.Form), faultsOf(faults.Errors)
			return v.write(http.StatusBadRequest, p)
		}
	}
	if err != nil {
		return err
	}
	if l := attributes[latchkey.AttributeLocale]; len(l) > 0 {
		// What was chosen in this browser before was chosen before.
		v.Kit.RememberLanguage(v.W, v.Snap.Realm, l[0])
		if v.Held.Locale != l[0] {
			v.Held.Locale = l[0]
			v.Keep()
		}
	}
	return v.back(pathInfo, "saved")
}

// root are the attributes of an account that stand beside "attributes".
var root = []string{"username", "email", "firstName", "lastName"}

const maxLines = 100

// typed gives the values of a field that were sent: under its name, and under
// name~0, name~1, ... where there may be several.
func typed(form url.Values, name string) []string {
	values := slices.Clone(form[name])
	for i := range maxLines {
		values = append(values, form[name+"~"+strconv.Itoa(i)]...)
	}
	return slices.DeleteFunc(values, func(s string) bool { return strings.TrimSpace(s) == "" })
}

// faultsOf are the sentences under the fields.
func faultsOf(faults []representation.ProfileFault) (list []page.FieldError) {
	for _, f := range faults {
		e := page.FieldError{Field: f.Field, Message: f.ErrorMessage}
		for _, p := range f.Params {
			if n, ok := p.(float64); ok {
				p = int(n)
			}
			e.Args = append(e.Args, p)
		}
		list = append(list, e)
	}
	return list
}

// fields are those of the person's profile, with the values that they have, or
// with what was typed when it is given.
func (v *visit) fields(account representation.Account, form url.Values) []page.ProfileField {
	var out []page.ProfileField
	if account.UserProfileMetadata == nil {
		return nil
	}
	groups := map[string]representation.ProfileGroup{}
	for _, g := range account.UserProfileMetadata.Groups {
		groups[g.Name] = g
	}
	for _, a := range account.UserProfileMetadata.Attributes {
		f := field(a, groups)
		switch a.Name {
		case "username":
			f.Values = present(account.Username)
		case "email":
			f.Values = present(account.Email)
		case "firstName":
			f.Values = present(account.FirstName)
		case "lastName":
			f.Values = present(account.LastName)
		default:
			f.Values = account.Attributes[a.Name]
		}
		if a.Name == "username" && f.ReadOnly && strings.EqualFold(account.Username, account.Email) {
			continue // the address says it
		}
		if form != nil && !f.ReadOnly {
			f.Values = typed(form, a.Name)
		}
		out = append(out, f)
	}
	if l := v.languageField(account, form); l != nil && !slices.ContainsFunc(out, func(f page.ProfileField) bool { return f.Name == l.Name }) {
		out = append(out, *l)
	}
	return out
}

func present(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// languageField asks for the language that the person is written to in; nil
// where the realm speaks one.
func (v *visit) languageField(account representation.Account, form url.Values) *page.ProfileField {
	var codes []string
	if err := v.Call(http.MethodGet, "/supportedLocales", nil, &codes); err != nil || len(codes) < 2 {
		return nil
	}
	f := &page.ProfileField{Name: latchkey.AttributeLocale, Label: "account.language", Input: "select", Values: account.Attributes[latchkey.AttributeLocale]}
	for _, code := range codes {
		f.Options = append(f.Options, latchkey.ProfileOption{Value: code, Label: v.Kit.Texts(code).Say("language.name")})
	}
	if form != nil {
		f.Values = typed(form, f.Name)
	}
	return f
}

var autocomplete = map[string]string{
	"username": "username", "email": "email", "firstName": "given-name", "lastName": "family-name", "phoneNumber": "tel", "phone": "tel",
}

// field reads the metadata of an attribute, with Keycloak's annotations.
func field(a representation.ProfileAttributeMetadata, groups map[string]representation.ProfileGroup) page.ProfileField {
	noted := func(key string) string {
		if s := a.Annotations[key]; s != nil {
			return fmt.Sprint(s)
		}
		return ""
	}
	count := func(s any) int {
		n, err := strconv.Atoi(fmt.Sprint(s))
		if err != nil || n < 0 || n > 1<<20 {
			return 0
		}
		return n
	}
	noun := latchkey.ProfileAttribute{Name: a.Name, Annotations: a.Annotations, Validations: a.Validators}
	f := page.ProfileField{Name: a.Name, Label: cmp.Or(a.DisplayName, a.Name), Required: a.Required && !a.ReadOnly, ReadOnly: a.ReadOnly,
		Multivalued: a.Multivalued, Autocomplete: autocomplete[a.Name], Input: noted("inputType"), Options: noun.Options(),
		Before: noted("inputHelperTextBefore"), After: noted("inputHelperTextAfter"), Placeholder: noted("inputTypePlaceholder"),
		MaxLength: count(cmp.Or(noted("inputTypeMaxlength"), fmt.Sprint(a.Validators["length"]["max"]))), Rows: count(noted("inputTypeRows")),
		Least: noted("inputTypeMin"), Most: noted("inputTypeMax"), Step: noted("inputTypeStep"), Group: a.Group}
	if g, ok := groups[a.Group]; ok && a.Group != "" {
		f.GroupTitle, f.GroupHelp = cmp.Or(representation.Value(g.DisplayHeader), g.Name), representation.Value(g.DisplayDescription)
	}
	return f
}
