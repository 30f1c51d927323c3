package console

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"latchkey"
	"latchkey/internal/representation"
)

// userDetails are what a user's account is, with the fields of the realm's user
// profile.
var userDetails = form{
	path: "users/{id}/settings", menu: "users", prefix: "console.user", may: mayManageUsers, blames: namesTaken,
	api: func(v *visit) string { return "/users/" + userID(v) },
	load: func(v *visit) (map[string]any, error) {
		rep := map[string]any{}
		err := v.api(http.MethodGet, "/users/"+userID(v)+"?userProfileMetadata=true", nil, &rep)
		return rep, err
	},
	top: func(v *visit, _ map[string]any) top { return userTop(v, "settings") },
	sections: func(v *visit, rep map[string]any) []section {
		account := section{Settings: []setting{
			{At: "enabled", Kind: kindFlag}, {At: "emailVerified", Kind: kindFlag},
			{At: "requiredActions", Kind: kindChecks, Options: v.requiredActions(rep["requiredActions"])},
			{At: "id", Kind: kindShown, LTR: true}, {At: "createdTimestamp", Kind: kindWhen},
		}}
		if rep["serviceAccountClientId"] != nil {
			account.Settings = slices.DeleteFunc(account.Settings, func(s setting) bool { return s.At == "requiredActions" || s.At == "emailVerified" })
			return []section{account}
		}
		return append(profileSections(metadataOf(rep["userProfileMetadata"])), account)
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		delete(rep, "userProfileMetadata")
		return sent{address: userPath(v, "settings"), notice: "saved"}, v.api(http.MethodPut, "/users/"+userID(v), rep, nil)
	},
	beneath: lockedView,
}

// namesTaken are the fields that Keycloak's sentences are about.
var namesTaken = []blame{{"same username", "username", ""}, {"User name", "username", ""}, {"same email", "email", ""}}

// addUser makes an account.
var addUser = form{
	path: "users/add-user", menu: "users", prefix: "console.user", may: mayManageUsers, blames: namesTaken,
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.user.add", Intro: "console.user.add.intro", Crumbs: []link{{Text: "console.users", URL: v.path("users")}}}
	},
	sections: func(v *visit, _ map[string]any) []section {
		account := section{Settings: []setting{{At: "emailVerified", Kind: kindFlag}, {At: "requiredActions", Kind: kindChecks, Options: v.requiredActions(nil)}}}
		if paths, all := v.groupPaths(); !all {
			account.Settings = append(account.Settings, setting{At: "groups", Kind: kindLines, Label: "console.user.join"})
		} else if len(paths) > 0 {
			account.Settings = append(account.Settings, setting{At: "groups", Kind: kindChecks, Label: "console.user.join", Options: pathChoices(paths)})
		}
		metadata, err := v.thing("/users/profile/metadata")
		if err != nil {
			metadata = nil // and then the API says what is missing
		}
		return append(profileSections(metadataOf(metadata)), account)
	},
	create: func(v *visit, rep map[string]any) (string, error) {
		rep["enabled"] = true
		id, err := v.create("/users", rep)
		return v.path("users", id, "settings"), err
	},
}

// metadataOf reads what a form for a user is drawn from.
func metadataOf(rep any) (m representation.ProfileMetadata) {
	b, err := json.Marshal(rep)
	if err == nil {
		_ = json.Unmarshal(b, &m) // what does not fit is no field
	}
	return m
}

// profileSections are the fields of a profile by their groups: those of none
// first.
func profileSections(m representation.ProfileMetadata) []section {
	list := []section{{}}
	at := map[string]int{"": 0}
	for _, g := range m.Groups {
		at[g.Name] = len(list)
		list = append(list, section{Title: cmp.Or(representation.Value(g.DisplayHeader), g.Name)})
	}
	for _, a := range m.Attributes {
		i := at[a.Group] // a group that is not there has none
		list[i].Settings = append(list[i].Settings, profileSetting(a))
	}
	return slices.DeleteFunc(list, func(s section) bool { return len(s.Settings) == 0 })
}

// profileSetting is one attribute of a profile, with Keycloak's annotations.
func profileSetting(a representation.ProfileAttributeMetadata) setting {
	noted := func(key string) string {
		if s := a.Annotations[key]; s != nil {
			return fmt.Sprint(s)
		}
		return ""
	}
	s := setting{At: "attributes/" + a.Name, Kind: kindText, Label: cmp.Or(a.DisplayName, a.Name), Required: a.Required && !a.ReadOnly,
		Help: cmp.Or(noted("inputHelperTextAfter"), noted("inputHelperTextBefore")), Fallback: a.DefaultValue}
	if latchkey.RootAttribute(a.Name) {
		s.At = a.Name
	}
	noun := latchkey.ProfileAttribute{Name: a.Name, Annotations: a.Annotations, Validations: a.Validators}
	for _, o := range noun.Options() {
		s.Options = append(s.Options, option{o.Value, cmp.Or(o.Label, o.Value)})
	}
	input := noted("inputType")
	switch {
	case a.ReadOnly:
		s.Kind = kindShown
	case len(s.Options) > 0 && (a.Multivalued || strings.HasPrefix(input, "multiselect")):
		s.Kind = kindChecks
	case len(s.Options) > 0:
		s.Kind, s.Options = kindChoice, append([]option{{"", "console.choice.none"}}, s.Options...)
	case a.Multivalued:
		s.Kind = kindLines
	case input == "textarea":
		s.Kind = kindArea
	case a.Name == latchkey.ProfileEmail:
		s.Input, s.LTR = "email", true
	case slices.Contains(widgets, strings.TrimPrefix(input, "html5-")):
		s.Input = strings.TrimPrefix(input, "html5-")
		s.LTR = s.Input == "tel" || s.Input == "url" || s.Input == "email"
	}
	return s
}

// widgets are those of browsers that Keycloak's html5-* names.
var widgets = []string{"color", "date", "datetime-local", "email", "month", "number", "range", "tel", "time", "url", "week"}

// requiredActions are those of the realm that are on and built, and those that
// the user has besides.
func (v *visit) requiredActions(has any) (list []option) {
	var all []map[string]any
	var server struct {
		Providers map[string]struct {
			Providers map[string]any `json:"providers"`
		} `json:"providers"`
	}
	// Who may not read them sees what the user has.
	if v.api(http.MethodGet, "/authentication/required-actions", nil, &all) == nil && v.Call(http.MethodGet, "/serverinfo", nil, &server) == nil {
		for _, a := range all {
			if _, built := server.Providers["required-action"].Providers[text(a["providerId"])]; built && a["enabled"] == true {
				list = append(list, option{text(a["alias"]), cmp.Or(v.Told(text(a["name"])), text(a["alias"]))})
			}
		}
	}
	for _, alias := range texts(has, "") {
		if !slices.ContainsFunc(list, func(o option) bool { return o.Value == alias }) {
			list = append(list, option{alias, alias})
		}
	}
	return list
}

// lockedView says that wrong passwords have locked the user out, with the way
// to end that.
func lockedView(v *visit, _ map[string]any) (templ.Component, error) {
	state, err := v.thing("/attack-detection/brute-force/users/" + userID(v))
	if err != nil {
		return nil, err
	}
	failures, _ := state["numFailures"].(float64)
	if failures == 0 && state["disabled"] != true {
		return nil, nil
	}
	l := lockout{Failures: int(failures), Locked: state["disabled"] == true, From: text(state["lastIPFailure"]), Last: moment(state["lastFailure"])}
	if v.may(mayManageUsers...) {
		l.Unlock = v.Post(userPath(v, "unlock"))
	}
	return lockoutView(l), nil
}

// unmanaged is what the realm does with attributes that its user profile does
// not name; empty when it keeps none.
func (v *visit) unmanaged() string {
	rep, err := v.thing("/users/profile")
	if err != nil {
		return "" // and then no tab is offered
	}
	return text(rep["unmanagedAttributePolicy"])
}

// userAttributes are those that the realm's user profile does not name.
var userAttributes = form{
	path: "users/{id}/attributes", menu: "users", prefix: "console.user", may: mayManageUsers,
	api: func(v *visit) string { return "/users/" + userID(v) },
	load: func(v *visit) (map[string]any, error) {
		rep, unmanaged := map[string]any{}, map[string]any{}
		if err := v.api(http.MethodGet, "/users/"+userID(v), nil, &rep); err != nil {
			return nil, err
		}
		err := v.api(http.MethodGet, "/users/"+userID(v)+"/unmanagedAttributes", nil, &unmanaged)
		rep["unmanaged"] = unmanaged
		return rep, err
	},
	top: func(v *visit, _ map[string]any) top {
		t := userTop(v, "attributes")
		t.Intro = "console.user.attributes.intro"
		return t
	},
	sections: func(v *visit, _ map[string]any) []section {
		kind := kindMap
		if v.unmanaged() == "ADMIN_VIEW" {
			kind = kindShown
		}
		return []section{{Settings: []setting{{At: "unmanaged", Kind: kind, Label: "console.attributes"}}}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		was := map[string]any{}
		if err := v.api(http.MethodGet, "/users/"+userID(v)+"/unmanagedAttributes", nil, &was); err != nil {
			return sent{}, err
		}
		of, _ := rep["attributes"].(map[string]any)
		all := map[string]any{}
		for name, values := range of {
			if _, unmanaged := was[name]; !unmanaged {
				all[name] = values
			}
		}
		typed, _ := rep["unmanaged"].(map[string]any)
		maps.Copy(all, typed)
		delete(rep, "unmanaged")
		rep["attributes"] = all
		return sent{address: userPath(v, "attributes"), notice: "saved"}, v.api(http.MethodPut, "/users/"+userID(v), rep, nil)
	},
}
