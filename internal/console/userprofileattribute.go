package console

import (
	"maps"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"latchkey/internal/page"
)

// Who fills an attribute in, as the form asks it; the API has lists of roles.
const (
	neededField = "needed"
	neededNever = "never"
	neededUser  = "user"
	neededAdmin = "admin"
	neededBoth  = "both"
)

// attributeForm is one attribute of the user profile; the last part of its path
// says which, or that it is new.
func attributeForm(last string) form {
	fresh := !strings.HasPrefix(last, "{")
	f := form{
		path: "realm-settings/user-profile/attributes/" + last, menu: "realm-settings", prefix: "console.attribute", may: mayManageRealm,
		top: func(v *visit, rep map[string]any) top {
			title := "console.attribute.add"
			if !fresh {
				title = v.R.PathValue("attribute")
			}
			return top{Title: title, Crumbs: attributeCrumbs(v)}
		},
		load: func(v *visit) (map[string]any, error) {
			if fresh {
				return map[string]any{neededField: neededNever, "permissions": map[string]any{"view": []any{"admin"}, "edit": []any{"admin"}}}, nil
			}
			p, err := v.profile()
			list := p.list("attributes")
			i := named(list, v.R.PathValue("attribute"))
			if err == nil && i < 0 {
				err = errMissing
			}
			if err != nil {
				return nil, err
			}
			rep := maps.Clone(list[i])
			rep[neededField] = neededOf(rep)
			return rep, nil
		},
		sections: func(v *visit, _ map[string]any) []section { return attributeSettings(v, fresh) },
		send: func(v *visit, rep map[string]any) (sent, error) {
			p, err := v.profile()
			if err != nil {
				return sent{}, err
			}
			tidyAttribute(rep)
			list := p.list("attributes")
			if i := named(list, text(rep["name"])); i >= 0 {
				asBefore(rep["annotations"], list[i]["annotations"])
				list[i] = rep
			} else {
				list = append(list, rep)
			}
			p.set("attributes", list)
			return sent{address: profileURL(v, "attributes", text(rep["name"]), "edit-attribute"), notice: "saved"}, v.putProfile(p)
		},
	}
	if fresh {
		f.button, f.blame = "console.create", "name"
		f.before = func(v *visit, rep map[string]any) *page.FieldError { return taken(v, "attributes", rep) }
	} else {
		f.beneath = validatorTable
	}
	return f
}

func attributeCrumbs(v *visit, rest ...link) []link {
	return crumbsTo(v, "user-profile", append([]link{{Text: "console.realm-settings.user-profile.attributes", URL: profileURL(v, "attributes")}}, rest...)...)
}

func attributeSettings(v *visit, fresh bool) []section {
	p, _ := v.profile() // the form's own call says what is wrong
	groups := append([]option{{"", "console.choice.none"}}, plainChoices(names(p.list("groups"))...)...)
	name := setting{At: "name", Kind: kindText, Required: true, LTR: true}
	if !fresh {
		name = setting{At: "name", Kind: kindShown}
	}
	people := choices("console.attribute.", "user", "admin")
	return []section{
		{Title: "console.attribute.general", Settings: []setting{
			name, {At: "displayName", Kind: kindText}, {At: "multivalued", Kind: kindFlag}, {At: "defaultValue", Kind: kindText},
			{At: "group", Kind: kindChoice, Options: groups},
			{At: "selector/scopes", Kind: kindLines, LTR: true},
		}},
		{Title: "console.attribute.required", Settings: []setting{
			{At: neededField, Kind: kindChoice, Options: choices("console.attribute.needed.", neededNever, neededUser, neededAdmin, neededBoth)},
			{At: "required/scopes", Kind: kindLines, Label: "console.attribute.required-scopes", LTR: true},
		}},
		{Title: "console.attribute.permissions", Settings: []setting{
			{At: "permissions/edit", Kind: kindChecks, Options: people}, {At: "permissions/view", Kind: kindChecks, Options: people}}},
		{Title: "console.attribute.form", Settings: []setting{{At: "annotations", Kind: kindMap, Joined: "="}}},
	}
}

// neededOf says who has to fill the attribute in.
func neededOf(rep map[string]any) string {
	needed, ok := rep["required"].(map[string]any)
	roles := texts(needed["roles"], "")
	switch user, admin := slices.Contains(roles, "user"), slices.Contains(roles, "admin"); {
	case !ok || !user && !admin && len(texts(needed["scopes"], "")) > 0:
		return neededNever
	case user && !admin:
		return neededUser
	case admin && !user:
		return neededAdmin
	}
	return neededBoth
}

// tidyAttribute makes what was typed what the API has: lists of roles, and
// nothing where nothing was said.
func tidyAttribute(rep map[string]any) {
	needed, _ := rep["required"].(map[string]any)
	scopes := texts(needed["scopes"], "")
	now := map[string]any{}
	switch rep[neededField] {
	case neededUser:
		now["roles"] = []any{"user"}
	case neededAdmin:
		now["roles"] = []any{"admin"}
	case neededBoth:
		now["roles"] = []any{"admin", "user"}
	}
	if len(scopes) > 0 {
		now["scopes"] = scopes
	}
	delete(rep, neededField)
	if rep["required"] = now; len(now) == 0 {
		delete(rep, "required")
	}
	if selector, _ := rep["selector"].(map[string]any); len(texts(selector["scopes"], "")) == 0 {
		delete(rep, "selector")
	}
	for _, name := range []string{"group", "displayName", "defaultValue"} {
		if text(rep[name]) == "" {
			delete(rep, name)
		}
	}
}

// asBefore gives what was not touched of a map its own value again: a number, or
// an object, which the form has as a text.
func asBefore(now, before any) {
	m, _ := now.(map[string]any)
	old, _ := before.(map[string]any)
	for name, value := range m {
		if was, ok := old[name]; ok && text(was) == text(value) {
			m[name] = was
		}
	}
}

// attribute finds the attribute of the page's path.
func (v *visit) attribute() (map[string]any, error) {
	p, err := v.profile()
	if err != nil {
		return nil, err
	}
	list := p.list("attributes")
	i := named(list, v.R.PathValue("attribute"))
	if i < 0 {
		return nil, errMissing
	}
	return list[i], nil
}

func attributeURL(v *visit, parts ...string) string {
	return profileURL(v, append([]string{"attributes", v.R.PathValue("attribute")}, parts...)...)
}

// validatorTable are the rules that a value of the attribute is held against.
func validatorTable(v *visit, rep map[string]any) (templ.Component, error) {
	rules, _ := rep["validations"].(map[string]any)
	t := table{Label: "console.validators", Columns: []string{"console.validator.name", "console.validator.config"}, Form: v.Post("")}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		r := tableRow{Cells: []cell{{Text: name, URL: attributeURL(v, "validators", name)}, {Text: strings.ReplaceAll(lines(rules[name]), "\n", ", "), Mono: true}}}
		if v.may(mayManageRealm...) {
			r.Acts = []link{{Text: sayDelete, URL: attributeURL(v, "validators", name, "delete"), Bad: true}}
		}
		t.Rows = append(t.Rows, r)
	}
	b := beneathTable{Title: "console.validators", Intro: "console.validators.intro", Table: t, Empty: "console.validators.none"}
	if v.may(mayManageRealm...) {
		b.Acts = []link{{Text: "console.validators.add", URL: attributeURL(v, "add-validator")}}
	}
	return beneathView(b), nil
}

// validatorType is Keycloak's name for the components that are validators.
const validatorType = "org.keycloak.validate.Validator"

// addValidator asks which kind of rule is added.
var addValidator = form{
	path: "realm-settings/user-profile/attributes/{attribute}/add-validator", menu: "realm-settings", prefix: "console.validator",
	may: mayManageRealm, button: "console.continue",
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.validators.add", Crumbs: attributeCrumbs(v, link{Text: v.R.PathValue("attribute"), URL: attributeURL(v, "edit-attribute")})}
	},
	sections: func(v *visit, _ map[string]any) []section {
		var kinds []option
		for _, c := range v.server().ComponentTypes[validatorType] {
			kinds = append(kinds, option{c.ID, c.ID})
		}
		return []section{{Settings: []setting{{At: "name", Kind: kindChoice, Options: kinds}}}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		return sent{address: attributeURL(v, "validators", text(rep["name"]))}, nil
	},
}

// validatorForm is one rule of an attribute, which is made when it is saved.
var validatorForm = form{
	path: "realm-settings/user-profile/attributes/{attribute}/validators/{validator}", menu: "realm-settings", prefix: "console.validator", may: mayManageRealm,
	blames: []blame{{"'min' of", "settings/min", "console.error.bound"}, {"less than", "settings/max", "console.error.bounds"}, {"'max' of", "settings/max", "console.error.bound"},
		{"'max-local-length' of", "settings/max-local-length", "console.error.bound"}, {"(pattern", "settings/pattern", "console.error.pattern"}},
	top: func(v *visit, _ map[string]any) top {
		return top{Title: v.R.PathValue("validator"), Crumbs: attributeCrumbs(v, link{Text: v.R.PathValue("attribute"), URL: attributeURL(v, "edit-attribute")})}
	},
	load: func(v *visit) (map[string]any, error) {
		a, err := v.attribute()
		if err != nil {
			return nil, err
		}
		rules, _ := a["validations"].(map[string]any)
		config, _ := rules[v.R.PathValue("validator")].(map[string]any)
		if config == nil {
			config = map[string]any{}
		}
		return map[string]any{"settings": config}, nil
	},
	sections: func(v *visit, _ map[string]any) []section {
		var list []setting
		for _, c := range v.server().ComponentTypes[validatorType] {
			if c.ID == v.R.PathValue("validator") {
				list = v.propertySettings("settings", c.Properties)
			}
		}
		for i := range list { // not texts, as in configurations, but what JSON has
			list[i].AsText, list[i].Joined = false, ""
		}
		return []section{{Settings: list}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		a, err := v.attribute()
		if err != nil {
			return sent{}, err
		}
		config, _ := rep["settings"].(map[string]any)
		for name, value := range config {
			if list, is := value.([]any); text(value) == "" || is && len(list) == 0 {
				delete(config, name)
			}
		}
		rules, _ := a["validations"].(map[string]any)
		if rules == nil {
			rules = map[string]any{}
		}
		rules[v.R.PathValue("validator")] = config
		a["validations"] = rules
		return sent{address: attributeURL(v, "edit-attribute"), notice: "saved"}, v.changeAttributes(same)
	},
}

// same leaves a list as it is.
func same(list []map[string]any, _ int) []map[string]any { return list }

var deleteValidator = act{
	path: "realm-settings/user-profile/attributes/{attribute}/validators/{validator}/delete", menu: "realm-settings",
	ask:   [3]string{"console.validators.delete.heading", "console.validators.delete.text", sayDelete},
	thing: func(v *visit) (string, error) { return v.R.PathValue("validator"), nil },
	do: func(v *visit) (address, notice string, err error) {
		a, err := v.attribute()
		if err != nil {
			return "", "", err
		}
		rules, _ := a["validations"].(map[string]any)
		delete(rules, v.R.PathValue("validator"))
		return attributeURL(v, "edit-attribute"), "deleted", v.changeAttributes(same)
	},
	no: func(v *visit) string { return attributeURL(v, "edit-attribute") },
}
