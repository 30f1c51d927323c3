package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Pages and a program's resources share their addresses; who asks for JSON, by
// Accept or by Content-Type, gets the program's, and everybody else the page.
func TestPrograms(t *testing.T) {
	json := func(s string) Handler {
		return func(w http.ResponseWriter, _ *http.Request) error { return WriteJSON(w, http.StatusOK, s) }
	}
	h := Mount([]Route{
		{Pattern: "GET /account/{rest...}", Class: ClassPage, Handler: text("page")},
		{Pattern: "POST /account/{$}", Class: ClassPage, Handler: text("posted")},
		{Pattern: "OPTIONS /account/{$}", Class: ClassJSON, Handler: json("asked")},
		{Pattern: "GET /account", Class: ClassJSON, Programs: true, Handler: json("mine")},
		{Pattern: "GET /account/{$}", Class: ClassJSON, Programs: true, Handler: json("mine")},
		{Pattern: "POST /account/{$}", Class: ClassJSON, Programs: true, Handler: json("changed")},
		{Pattern: "DELETE /account/sessions", Class: ClassJSON, Programs: true, Handler: json("ended")},
	}, Manners{Site: site(t, here), Errors: pages{}, Now: clock(), Log: slog.New(slog.DiscardHandler)})
	const accept, content, cross = "Accept", "Content-Type", "Sec-Fetch-Site"
	for _, c := range []struct {
		method, path string
		headers      [][2]string
		status       int
		body, allow  string
	}{
		{"GET", "/account/", nil, 200, "page", ""},
		{"GET", "/account/", [][2]string{{accept, "text/html,*/*;q=0.8"}}, 200, "page", ""},
		{"GET", "/account/", [][2]string{{accept, "application/json, text/plain, */*"}}, 200, "\"mine\"\n", ""},
		{"GET", "/account/", [][2]string{{accept, "*/*"}, {content, "application/json"}}, 200, "\"mine\"\n", ""},
		{"GET", "/account", [][2]string{{accept, "application/json"}}, 200, "\"mine\"\n", ""},
		{"POST", "/account/", [][2]string{{content, "application/json; charset=utf-8"}, {cross, "cross-site"}}, 200, "\"changed\"\n", ""},
		{"POST", "/account/", [][2]string{{content, "application/x-www-form-urlencoded"}}, 200, "posted", ""},
		{"POST", "/account/", [][2]string{{content, "text/plain"}, {cross, "cross-site"}}, 403, "", ""},
		{"OPTIONS", "/account/", [][2]string{{accept, "*/*"}}, 200, "\"asked\"\n", ""},
		{"DELETE", "/account/sessions", [][2]string{{accept, "application/json"}}, 200, "\"ended\"\n", ""},
		{"DELETE", "/account/sessions", nil, 405, "", "GET, HEAD"},
		{"PUT", "/account/sessions", [][2]string{{accept, "application/json"}}, 405, "", "GET, HEAD, DELETE"},
		{"GET", "/account/sessions", [][2]string{{accept, "application/json"}}, 200, "page", ""},
	} {
		r := httptest.NewRequest(c.method, here+c.path, nil)
		for _, kv := range c.headers {
			r.Header.Set(kv[0], kv[1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || (c.body != "" && w.Body.String() != c.body) || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s %v: %d %q Allow %q", c.method, c.path, c.headers, w.Code, w.Body, w.Header().Get("Allow"))
		}
	}
}
