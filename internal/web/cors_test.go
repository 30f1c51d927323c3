package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// scripts of the registered origins may read, others may not, and where
// anybody may, nobody may with a person's credentials.
func TestAllowOrigin(t *testing.T) {
	const shop = "https://shop.example"
	for name, c := range map[string]struct {
		origin  string
		origins []string
		allowed string
		secrets bool
	}{
		"registered":  {shop, []string{"https://a.example", shop}, shop, true},
		"other":       {"https://evil.example", []string{shop}, "", false},
		"longer":      {shop + ".evil.example", []string{shop}, "", false},
		"opaque":      {"null", []string{"null", "*"}, "", false},
		"none":        {"", []string{"*"}, "", false},
		"any":         {shop, []string{"*"}, "*", false},
		"any and own": {shop, []string{"*", shop}, shop, true},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		ok := AllowOrigin(w, r, c.origins)
		AllowOrigin(w, r, nil) // an answer that is made in two places varies once
		h := w.Header()
		if got := h.Get("Access-Control-Allow-Origin"); got != c.allowed || ok != (c.allowed != "") {
			t.Errorf("%s: %q %v", name, got, ok)
		}
		if got := h.Get("Access-Control-Allow-Credentials") == "true"; got != c.secrets {
			t.Errorf("%s: with credentials: %v", name, got)
		}
		if v := h.Values("Vary"); len(v) != 1 || v[0] != "Origin" {
			t.Errorf("%s: Vary is %q", name, v)
		}
	}
}

func TestPreflight(t *testing.T) {
	for origin, want := range map[string]string{"https://shop.example": "GET, OPTIONS", "https://evil.example": ""} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodOptions, "/", nil)
		r.Header.Set("Origin", origin)
		Preflight(w, r, []string{"https://shop.example"}, "GET, OPTIONS")
		if got := w.Header().Get("Access-Control-Allow-Methods"); w.Code != http.StatusOK || got != want {
			t.Errorf("%s: %d %q", origin, w.Code, got)
		}
	}
}
