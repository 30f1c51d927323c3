package console

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"latchkey/internal/page"
)

// importExportRows are the pages of this part.
func importExportRows() []row {
	return slices.Concat(
		[]row{{method: http.MethodGet, path: "import-export", handle: func(v *visit) error { return v.to("import-export", "export") }},
			{method: http.MethodGet, path: "import-export/export", handle: showExport},
			{method: http.MethodGet, path: "import-export/download", handle: download}},
		partialImport.rows())
}

func exchangeTop(v *visit, current string) top {
	t := top{Title: "console.import-export", Intro: "console." + current + ".intro"}
	for _, name := range []string{"export", "import"} {
		t.Tabs = append(t.Tabs, tab{"console." + name, v.path("import-export", name), name == current})
	}
	return t
}

// exportSettings are what a partial export may hold besides the settings.
var exportSettings = []setting{
	{At: "exportGroupsAndRoles", Kind: kindFlag, Fallback: "true"},
	{At: "exportClients", Kind: kindFlag, Fallback: "true"},
}

// showExport asks what the file shall hold. The form is sent by GET: it changes
// nothing, and its answer is a file.
func showExport(v *visit) error {
	if !v.may(mayManageRealm...) {
		return errClosed
	}
	p := formPage{Frame: v.frame("import-export"), Top: exchangeTop(v, "export"), Button: "console.export.download"}
	out := shownSection{}
	for _, s := range exportSettings {
		one := s.show(nil)
		one.Label = "console.export." + s.At
		out.Settings = append(out.Settings, one)
	}
	p.Sections = []shownSection{out}
	return v.write(http.StatusOK, exportPage{p, v.path("import-export", "download")})
}

// download answers with the file.
func download(v *visit) error {
	q := url.Values{}
	for _, s := range exportSettings {
		q.Set(s.At, strconv.FormatBool(v.query.Get(s.At) != ""))
	}
	var raw json.RawMessage
	if err := v.api(http.MethodPost, "/partial-export?"+q.Encode(), nil, &raw); err != nil {
		return err
	}
	whole, err := json.MarshalIndent(raw, "", "  ")
	if err != nil {
		return err
	}
	h := v.W.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="`+v.of+`-realm.json"`) // names of realms need no quoting
	h.Set("Cache-Control", "no-store")
	_, err = v.W.Write(append(whole, '\n'))
	return err
}

// importKinds are what a partial import takes, by the names of the file's
// members; roles are those of the realm and of clients.
var importKinds = []string{"users", "groups", "clients", "identityProviders", "realmRoles", "clientRoles"}

// partialImport takes parts of a file into the realm.
var partialImport = form{
	path: "import-export/import", menu: "import-export", prefix: "console.import", may: mayManageRealm, button: "console.import.run", body: uploadBody, blame: "file", file: "file",
	top: func(v *visit, _ map[string]any) top { return exchangeTop(v, "import") },
	sections: func(*visit, map[string]any) []section {
		all := ""
		for i, kind := range importKinds {
			if i > 0 {
				all += ","
			}
			all += kind
		}
		return []section{{Settings: []setting{
			{At: "file", Kind: kindFile, Required: true},
			{At: "what", Kind: kindChecks, Options: choices("console.import.what.", importKinds...), Fallback: all, Required: true},
			{At: "ifResourceExists", Kind: kindChoice, Options: choices("console.import.ifResourceExists.", "FAIL", "SKIP", "OVERWRITE")},
		}}}
	},
	before: func(_ *visit, rep map[string]any) *page.FieldError {
		_, fault := jsonFile("file", text(rep["file"]))
		return fault
	},
	acts: []formAct{{name: "look", label: "console.import.look", do: func(_ *visit, rep map[string]any) (note, error) {
		file, _ := jsonFile("file", text(rep["file"])) // which was looked at before
		holds := held(file)
		return note{"good", "console.import.holds", []any{len(holds["users"]), len(holds["groups"]), len(holds["clients"]), len(holds["identityProviders"]),
			len(holds["realmRoles"]), len(holds["clientRoles"])}}, nil
	}}},
	send: runImport,
}

// held are the things of a file by their kinds; roles of clients one by one.
func held(file map[string]any) map[string][]any {
	out := map[string][]any{}
	for _, kind := range importKinds[:4] {
		out[kind], _ = file[kind].([]any)
	}
	roles, _ := file["roles"].(map[string]any)
	out["realmRoles"], _ = roles["realm"].([]any)
	of, _ := roles["client"].(map[string]any)
	for _, list := range of {
		all, _ := list.([]any)
		out["clientRoles"] = append(out["clientRoles"], all...)
	}
	return out
}

// chosenOf leaves of a file what was chosen.
func chosenOf(file map[string]any, what []string) map[string]any {
	out := map[string]any{}
	for _, kind := range importKinds[:4] {
		if slices.Contains(what, kind) && file[kind] != nil {
			out[kind] = file[kind]
		}
	}
	roles, _ := file["roles"].(map[string]any)
	taken := map[string]any{}
	for kind, member := range map[string]string{"realmRoles": "realm", "clientRoles": "client"} {
		if slices.Contains(what, kind) && roles[member] != nil {
			taken[member] = roles[member]
		}
	}
	if len(taken) > 0 {
		out["roles"] = taken
	}
	if mappers := file["identityProviderMappers"]; out["identityProviders"] != nil && mappers != nil {
		out["identityProviderMappers"] = mappers
	}
	return out
}

// The words of the API's answer to a partial import.
var (
	importedKinds = []string{"CLIENT", "CLIENT_ROLE", "REALM_ROLE", "IDP", "GROUP", "USER"}
	importActions = []string{"ADDED", "SKIPPED", "OVERWRITTEN"}
)

// said is the key of one of the API's words; a word that is not known is said as
// it is.
func said(prefix, word string, known []string) string {
	if slices.Contains(known, word) {
		return prefix + word
	}
	return word
}

// imported is what became of a thing.
type imported struct {
	Action string `json:"action"`
	Kind   string `json:"resourceType"`
	Name   string `json:"resourceName"`
}

// mostImported bounds how many things of an import are shown.
const mostImported = 100

// runImport imports, and shows what became of each thing.
func runImport(v *visit, rep map[string]any) (sent, error) {
	file, _ := jsonFile("file", text(rep["file"])) // which was looked at before
	chosen := chosenOf(file, texts(rep["what"], ""))
	chosen["ifResourceExists"] = rep["ifResourceExists"]
	var done struct {
		Results []imported `json:"results"`
	}
	if err := v.api(http.MethodPost, "/partialImport", chosen, &done); err != nil {
		return sent{}, err
	}
	p := listPage{Frame: v.frame("import-export"), Top: exchangeTop(v, "import"), Empty: [2]string{"console.import.nothing", ""},
		Table: table{Label: "console.import.results", Columns: []string{"console.import.name", "console.import.kind", "console.import.action"}}}
	p.Top.Intro = "console.import.results"
	// What was not added first: of many, not all are shown.
	slices.SortStableFunc(done.Results, func(a, b imported) int {
		return cmp.Compare(bit(a.Action == importActions[0]), bit(b.Action == importActions[0]))
	})
	counts := map[string]int{}
	for _, r := range done.Results {
		counts[r.Action]++
	}
	p.Beneath = importSums(counts, len(done.Results)-mostImported)
	for _, r := range done.Results[:min(len(done.Results), mostImported)] {
		p.Table.Rows = append(p.Table.Rows, tableRow{Cells: []cell{{Text: r.Name}, {Text: said("console.import.kind.", r.Kind, importedKinds), Say: true},
			{Text: said("console.import.action.", r.Action, importActions), Say: true}}})
	}
	return sent{page: p}, nil
}

// exportPage asks what the file shall hold.
type exportPage struct {
	formPage
	Action string
}

// Render writes the page's main part.
func (p exportPage) Render(ctx context.Context, w io.Writer) error {
	return exportView(p).Render(ctx, w)
}
