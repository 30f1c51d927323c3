package console

import (
	"net/http"
	"time"

	"github.com/a-h/templ"
)

// clientRevocation is what stands beneath the advanced settings: since when tokens
// count.
type clientRevocation struct {
	Since     time.Time // zero: all do
	RevokeURL string    // empty: the person may not
	ClearURL  string
}

func revocationOfClient(v *visit, rep map[string]any) (templ.Component, error) {
	var r clientRevocation
	if n, ok := rep["notBefore"].(float64); ok && n > 0 {
		r.Since = time.Unix(int64(n), 0)
	}
	if v.may(manageClients...) {
		r.RevokeURL = v.path("clients", v.R.PathValue("id"), "revoke")
		if !r.Since.IsZero() {
			r.ClearURL = v.path("clients", v.R.PathValue("id"), "clear-clientRevocation")
		}
	}
	return revocationView(r, v.Post("")), nil
}

func toAdvanced(v *visit) (address, notice string) {
	return v.path("clients", v.R.PathValue("id"), "advanced"), "saved"
}

var (
	revokeClient = clientAct("revoke", [3]string{"console.client.revoke.heading", "console.client.revoke.text", "console.client.revoke"},
		func(v *visit, at string) error {
			return v.api(http.MethodPut, at, map[string]any{"notBefore": v.Now().Unix()}, nil)
		}, toAdvanced)
	restoreClient = clientAct("clear-clientRevocation", [3]string{}, change(map[string]any{"notBefore": 0}), toAdvanced)
)
