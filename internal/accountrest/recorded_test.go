package accountrest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/store"
)

// recorded is a request to a running Keycloak, with its answer.
type recorded struct {
	Request struct {
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"request"`
	Response struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    any               `json:"body"`
	} `json:"response"`
}

// differs are members of the recorded answers that are not the same here, each
// with the reason (docs/keycloak.md).
var differs = map[string]string{
	"account-account.json .userProfileMetadata.attributes[1].annotations": "empty ones are left out",
	"account-sessions-devices.json [0].sessions[0].current":               "the recorded first session is another one",
	"account-account.json .attributes":                                    "the realm speaks several languages",
	"account-account.json .userProfileMetadata.attributes[1].readOnly":    "an address is changed by proof of the new one (R-038)",
	"account-applications.json [0].rootUrl":                               "the recorded client has none",
	"account-applications.json [0].baseUrl":                               "the recorded client has none",
	"account-applications.json [0].effectiveUrl":                          "the recorded client has none",
	"account-applications.json [0].clientName":                            "the recorded client has none",
	"account-sessions-devices.json [0].sessions[0].browser":               "the recorded client was no browser",
	"account-sessions-devices.json [0].sessions[0].clients[0].clientName": "the recorded client has none",
}

// The answers to the recorded requests have Keycloak's status, the headers
// that clients read, and the same members with the same kinds of values.
func TestRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/recorded/*.json")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d recorded answers: %v", len(files), err)
	}
	w := newWorld(t)
	w.s.Update(func(tx *store.Tx) error {
		u, err := tx.LockUser(w.rp.Client.RealmID, w.user().ID)
		if err != nil {
			return err
		}
		u.FirstName, u.LastName = "S", "L"
		return tx.UpdateUser(u)
	})
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var rec recorded
			if err := json.Unmarshal(data, &rec); err != nil {
				t.Fatal(err)
			}
			resp, body := w.replay(&rec, !strings.Contains(name, "no-token"))
			if resp.StatusCode != rec.Response.Status {
				t.Errorf("status %d, recorded %d: %s", resp.StatusCode, rec.Response.Status, body)
			}
			for _, h := range []string{"Content-Type", "Cache-Control", "Referrer-Policy", "X-Content-Type-Options"} {
				want, _, _ := strings.Cut(rec.Response.Headers[h], ";")
				if got := resp.Header.Get(h); want != "" && got != want {
					t.Errorf("%s: %q, recorded %q", h, got, want)
				}
			}
			var got any
			if len(body) > 0 {
				if err := json.Unmarshal(body, &got); err != nil {
					t.Fatalf("%v: %s", err, body)
				}
			}
			compare(t, name, "", got, rec.Response.Body)
		})
	}
}

// replay sends the recorded request to the demo realm, with ada for the
// recorded person.
func (w *world) replay(rec *recorded, signedIn bool) (*http.Response, []byte) {
	w.t.Helper()
	path := strings.Replace(rec.Request.Path, "/realms/bench/", "/realms/demo/", 1)
	content := strings.ReplaceAll(string(rec.Request.Body), "single@example.test", ada)
	r, err := http.NewRequestWithContext(w.t.Context(), rec.Request.Method, w.s.Base+path, strings.NewReader(content))
	if err != nil {
		w.t.Fatal(err)
	}
	for k, v := range rec.Request.Headers {
		r.Header.Set(k, v)
	}
	if signedIn {
		r.Header.Set("Authorization", "Bearer "+w.tokens.AccessToken)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp, body
}

// compare holds the shape of an answer against the recorded one: members,
// kinds, and the values that say the same for everybody. Of lists, the first
// entries are compared.
func compare(t *testing.T, name, path string, got, want any) {
	t.Helper()
	if differs[name+" "+path] != "" {
		return
	}
	switch want := want.(type) {
	case map[string]any:
		have, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s: %v, recorded an object", path, got)
			return
		}
		for k := range have {
			if _, ok := want[k]; !ok && differs[name+" "+path+"."+k] == "" {
				t.Errorf("%s.%s is not in the recorded answer", path, k)
			}
		}
		for k, v := range want {
			if _, ok := have[k]; !ok && differs[name+" "+path+"."+k] == "" {
				t.Errorf("%s.%s is missing", path, k)
			}
			if have[k] == nil {
				continue
			}
			compare(t, name, path+"."+k, have[k], v)
		}
	case []any:
		have, ok := got.([]any)
		if !ok || (len(have) == 0) != (len(want) == 0) {
			t.Errorf("%s: %v, recorded %v", path, got, want)
			return
		}
		for i := range min(len(have), len(want)) {
			compare(t, name, fmt.Sprintf("%s[%d]", path, i), have[i], want[i])
		}
	default:
		if fmt.Sprintf("%T", got) != fmt.Sprintf("%T", want) {
			t.Errorf("%s: %v, recorded %v", path, got, want)
		}
		if key := path[strings.LastIndexByte(path, '.')+1:]; slices.Contains(constant, key) && got != want {
			t.Errorf("%s: %v, recorded %v", path, got, want)
		}
	}
}

// constant are members whose values are the same for everybody.
var constant = []string{"type", "category", "displayName", "helptext", "iconCssClass", "createAction", "removeable", "osVersion", "device",
	"mobile", "field", "errorMessage", "error", "readOnly", "multivalued", "inUse", "offlineAccess", "userConsentRequired"}
