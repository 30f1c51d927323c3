package console

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"latchkey/internal/representation"
)

func flowConfigRows() []row {
	return slices.Concat(stepConfig.rows(), removeConfig.rows())
}

// stepOf finds the step of the page.
func (v *visit) stepOf() (*flowTree, *execution, error) {
	f, err := v.flow()
	if err != nil {
		return nil, nil, err
	}
	t, err := v.tree(f)
	if err != nil {
		return nil, nil, err
	}
	return t, t.find(v.R.PathValue("execution")), nil
}

// stepConfig is the form of a step's options, made from its provider's
// description of them.
var stepConfig = form{
	path: "authentication/flows/{id}/executions/{execution}/config", menu: "authentication", prefix: "console.config", may: mayFlows, blame: "alias",
	load: func(v *visit) (map[string]any, error) {
		t, e, err := v.stepOf()
		if err != nil || e == nil {
			return nil, err
		}
		var described struct {
			Help       string                          `json:"helpText"`
			Properties []representation.ConfigProperty `json:"properties"`
		}
		if err := v.api(http.MethodGet, "/authentication/config-description/"+url.PathEscape(e.Provider), nil, &described); err != nil {
			return nil, err
		}
		rep := map[string]any{"config": map[string]any{}}
		if e.ConfigID != "" {
			if err := v.api(http.MethodGet, "/authentication/config/"+url.PathEscape(e.ConfigID), nil, &rep); err != nil {
				return nil, err
			}
		}
		v.prepared = configOf{t, e, v.Told(described.Help), described.Properties}
		return rep, nil
	},
	top: func(v *visit, _ map[string]any) top {
		c, _ := v.prepared.(configOf)
		h := top{Title: c.step.Name, Intro: c.help, Crumbs: flowCrumbs(v, link{Text: c.tree.Alias, URL: v.path("authentication", "flows", c.tree.ID)})}
		if c.step.ConfigID != "" && v.may(mayFlows...) {
			h.Acts = []link{{Text: "console.config.remove", URL: v.path("authentication", "flows", c.tree.ID, "executions", c.step.ID, "remove-config"), Bad: true}}
		}
		return h
	},
	sections: func(v *visit, _ map[string]any) []section {
		c, _ := v.prepared.(configOf)
		alias := setting{At: "alias", Kind: kindText, Required: true, Fallback: c.tree.Alias + " " + c.step.Name}
		return []section{{Settings: append([]setting{alias}, v.propertySettings("config", c.properties)...)}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		c, _ := v.prepared.(configOf)
		back := v.path("authentication", "flows", c.tree.ID) + "#step-" + url.PathEscape(c.step.ID)
		if c.step.ConfigID == "" {
			_, err := v.create("/authentication/executions/"+url.PathEscape(c.step.ID)+"/config", rep)
			return sent{address: back, notice: "saved"}, err
		}
		return sent{address: back, notice: "saved"}, v.api(http.MethodPut, "/authentication/config/"+url.PathEscape(c.step.ConfigID), rep, nil)
	},
	beneath: func(v *visit, _ map[string]any) (templ.Component, error) {
		c, _ := v.prepared.(configOf)
		if len(c.step.warnings) == 0 {
			return nil, nil
		}
		return warningList(c.step.warnings), nil
	},
}

// configOf is what the page of a step's options is about.
type configOf struct {
	tree       *flowTree
	step       *execution
	help       string
	properties []representation.ConfigProperty
}

var removeConfig = act{
	path: "authentication/flows/{id}/executions/{execution}/remove-config", menu: "authentication",
	ask: [3]string{"console.config.remove.heading", "console.config.remove.text", "console.config.remove"},
	thing: func(v *visit) (string, error) {
		_, e, err := v.stepOf()
		if err != nil || e == nil {
			return "", err
		}
		return e.Name, nil
	},
	do: func(v *visit) (string, string, error) {
		back := v.path("authentication", "flows", v.R.PathValue("id"))
		_, e, err := v.stepOf()
		if err != nil || e == nil || e.ConfigID == "" {
			return back, "done", err
		}
		return back, "deleted", v.api(http.MethodDelete, "/authentication/config/"+url.PathEscape(e.ConfigID), nil, nil)
	},
	no: func(v *visit) string { return v.path("authentication", "flows", v.R.PathValue("id")) },
}
