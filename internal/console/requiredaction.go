package console

import (
	"net/http"
	"net/url"
	"slices"

	"latchkey/internal/page"
	"latchkey/internal/representation"
)

func requiredActionRows() []row {
	const one = "authentication/required-actions/{alias}"
	return slices.Concat(requiredActionList.rows(), actionConfig.rows(), []row{
		{method: http.MethodPost, path: one + "/enabled", handle: changeAction("enabled")},
		{method: http.MethodPost, path: one + "/default", handle: changeAction("defaultAction")},
		{method: http.MethodPost, path: one + "/up", handle: moveAction("raise-priority")},
		{method: http.MethodPost, path: one + "/down", handle: moveAction("lower-priority")},
	})
}

// toggle is a switch in a table: pressed, it is sent at once.
type toggle struct {
	URL    string
	Form   page.Form
	On     bool
	Label  string // a key
	Of     string // the thing's name
	Locked bool
}

// requiredActionList are the realm's required actions, in the order in which
// they are asked.
var requiredActionList = list{
	path: "authentication/required-actions", menu: "authentication", whole: true,
	columns: []string{"console.action.name", "console.action.enabled", "console.action.default"},
	top:     func(v *visit) top { return authenticationTop(v, "required-actions") },
	api:     func(*visit) string { return "/ui-ext/authentication-management/required-actions" },
	row: func(v *visit, rep map[string]any) tableRow {
		alias, name := text(rep["alias"]), v.Told(text(rep["name"]))
		at := func(what string) string { return v.path("authentication", "required-actions", alias, what) }
		locked := !v.may(mayFlows...)
		one := tableRow{Cells: []cell{
			{Text: name},
			{Shown: toggleView(toggle{at("enabled"), v.Post(""), rep["enabled"] == true, "console.action.enabled", name, locked})},
			{Shown: toggleView(toggle{at("default"), v.Post(""), rep["defaultAction"] == true, "console.action.default", name, locked || rep["enabled"] != true})},
		}}
		if locked {
			return one
		}
		one.Acts = []link{{Text: "console.step.up", URL: at("up"), Post: true}, {Text: "console.step.down", URL: at("down"), Post: true}}
		if rep["configurable"] == true {
			one.Acts = append([]link{{Text: "console.action.configure", URL: at("config")}}, one.Acts...)
		}
		return one
	},
}

func actionPath(v *visit) string { return "/authentication/required-actions/" + v.value("alias") }

// changeAction turns one of a required action's switches.
func changeAction(name string) func(*visit) error {
	return func(v *visit) error {
		var rep map[string]any
		if err := v.api(http.MethodGet, actionPath(v), nil, &rep); err != nil {
			return err
		}
		rep[name] = v.R.Form.Get("on") != ""
		if err := v.api(http.MethodPut, actionPath(v), rep, nil); err != nil {
			return err
		}
		return v.back(v.path("authentication", "required-actions"), "saved")
	}
}

func moveAction(verb string) func(*visit) error {
	return func(v *visit) error {
		if err := v.api(http.MethodPost, actionPath(v)+"/"+verb, nil, nil); err != nil {
			return err
		}
		return v.back(v.path("authentication", "required-actions"), "saved")
	}
}

// actionConfig are the options of a required action.
var actionConfig = form{
	path: "authentication/required-actions/{alias}/config", menu: "authentication", prefix: "console.config", may: mayFlows,
	load: func(v *visit) (map[string]any, error) {
		var described struct {
			Properties []representation.ConfigProperty `json:"properties"`
		}
		if err := v.api(http.MethodGet, actionPath(v)+"/config-description", nil, &described); err != nil {
			return nil, err
		}
		v.prepared = described.Properties
		var rep map[string]any
		err := v.api(http.MethodGet, actionPath(v)+"/config", nil, &rep)
		return rep, err
	},
	top: func(v *visit, _ map[string]any) top {
		var rep map[string]any
		title := v.R.PathValue("alias")
		if v.api(http.MethodGet, actionPath(v), nil, &rep) == nil {
			title = v.Told(text(rep["name"]))
		}
		return top{Title: title, Crumbs: []link{{Text: "console.authentication.tab.required-actions", URL: v.path("authentication", "required-actions")}}}
	},
	sections: func(v *visit, _ map[string]any) []section {
		list, _ := v.prepared.([]representation.ConfigProperty)
		return []section{{Settings: v.propertySettings("config", list)}}
	},
	save: func(v *visit) string {
		return "/authentication/required-actions/" + url.PathEscape(v.R.PathValue("alias")) + "/config"
	},
}
