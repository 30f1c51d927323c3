package console

import (
	"net/http"
	"net/url"
	"slices"

	"latchkey/internal/page"
)

func userCredentialRows() []row {
	return slices.Concat(userCredentials.rows(), labelCredential.rows(), setPassword.rows(), userEmail.rows(), credentialActRows())
}

// userCredentials is what a user signs in with, the preferred ones first.
var userCredentials = list{
	path: "users/{id}/credentials", menu: "users",
	columns: []string{"console.credential.type", "console.credential.userLabel", "console.created-at"},
	empty:   [2]string{"console.credential.none", "console.credential.none.help"},
	top: userTab("credentials",
		link{Text: "console.credential.set-password", URL: "credentials/set-password"},
		link{Text: "console.user.send-email", URL: "credentials/send-email"},
		link{Text: "console.user.send-verify", URL: "send-verify-email", Post: true}),
	things: func(v *visit) (list []map[string]any, err error) {
		err = v.api(http.MethodGet, "/users/"+userID(v)+"/credentials", nil, &list)
		for i, one := range list {
			one["first"], one["last"] = i == 0, i == len(list)-1
		}
		return list, err
	},
	row: func(v *visit, rep map[string]any) tableRow {
		out := tableRow{Cells: []cell{{Text: credentialName(rep), Say: true}, {Text: text(rep["userLabel"])}, since(rep["createdDate"])}}
		if !v.may(mayManageUsers...) {
			return out
		}
		at := func(act string) string { return userPath(v, "credentials", text(rep["id"]), act) }
		if rep["first"] != true {
			out.Acts = append(out.Acts, link{Text: "console.move-up", URL: at("up"), Post: true})
		}
		if rep["last"] != true {
			out.Acts = append(out.Acts, link{Text: "console.move-down", URL: at("down"), Post: true})
		}
		out.Acts = append(out.Acts, link{Text: "console.credential.label", URL: at("label")}, link{Text: sayDelete, URL: at("delete"), Bad: true})
		return out
	},
}

// credentialName is the key of what a kind of credential is called.
func credentialName(rep map[string]any) string {
	switch kind := text(rep["type"]); kind {
	case "password":
		return "console.credential.password"
	case "otp":
		return "console.credential.otp"
	case "webauthn":
		return "console.credential.webauthn"
	case "webauthn-passwordless":
		return "console.credential.passkey"
	case "recovery-authn-codes":
		return "console.credential.recovery"
	default:
		return kind
	}
}

// credentials gives the user's, in their order, and which of them the page is
// about; -1 when it is gone.
func (v *visit) credentials() (list []map[string]any, at int, err error) {
	err = v.api(http.MethodGet, "/users/"+userID(v)+"/credentials", nil, &list)
	at = slices.IndexFunc(list, func(one map[string]any) bool { return one["id"] == v.R.PathValue("credential") })
	return list, at, err
}

// credentialAPI is the credential of the page's path.
func credentialAPI(v *visit) string {
	return "/users/" + userID(v) + "/credentials/" + v.value("credential")
}

// labelCredential names a credential.
var labelCredential = form{
	path: "users/{id}/credentials/{credential}/label", menu: "users", prefix: "console.credential", may: mayManageUsers,
	top: func(v *visit, _ map[string]any) top {
		return below(userTop(v, "credentials"), "console.credential.label", "")
	},
	load: func(v *visit) (map[string]any, error) {
		list, at, err := v.credentials()
		if err != nil || at < 0 {
			return map[string]any{}, err
		}
		return list[at], nil
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{{At: "userLabel", Kind: kindText}}}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		return sent{address: userPath(v, "credentials"), notice: "saved"}, v.api(http.MethodPut, credentialAPI(v)+"/userLabel", text(rep["userLabel"]), nil)
	},
}

// setPassword gives a user a password.
var setPassword = form{
	path: "users/{id}/credentials/set-password", menu: "users", prefix: "console.credential", may: mayManageUsers,
	button: "console.credential.set-password", blame: "value",
	top: func(v *visit, _ map[string]any) top {
		return below(userTop(v, "credentials"), "console.credential.set-password", "console.credential.set-password.intro")
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{
			{At: "value", Kind: kindSecret, Required: true}, {At: "confirmation", Kind: kindSecret, Required: true},
			{At: "temporary", Kind: kindFlag, Fallback: "true"},
		}}}
	},
	before: func(_ *visit, rep map[string]any) *page.FieldError {
		if rep["value"] != rep["confirmation"] {
			return &page.FieldError{Field: "confirmation", Message: "error.password.mismatch"}
		}
		delete(rep, "confirmation")
		rep["type"] = "password"
		return nil
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		return sent{address: userPath(v, "credentials"), notice: "saved"}, v.api(http.MethodPut, "/users/"+userID(v)+"/reset-password", rep, nil)
	},
}

// userEmail mails a user a link to required actions.
var userEmail = form{
	path: "users/{id}/credentials/send-email", menu: "users", prefix: "console.send-email", may: mayManageUsers,
	button: "console.send",
	blames: []blame{{"redirect", "redirect_uri", "console.error.redirect"}, {"Client doesn't exist", "client_id", "console.error.no-client"},
		{"lient", "client_id", ""}},
	top: func(v *visit, _ map[string]any) top {
		return below(userTop(v, "credentials"), "console.user.send-email", "console.send-email.intro")
	},
	load: func(v *visit) (map[string]any, error) {
		realm, err := v.thing("")
		if err != nil {
			realm = map[string]any{} // who may not read the realm leaves the lifetime to it
		}
		return map[string]any{"lifespan": realm["actionTokenGeneratedByAdminLifespan"]}, nil
	},
	sections: func(v *visit, _ map[string]any) []section {
		return []section{{Settings: []setting{
			{At: "actions", Kind: kindChecks, Options: v.requiredActions(nil), Required: true},
			{At: "lifespan", Kind: kindDuration, Least: 1, Most: 30 * 86400},
			{At: "client_id", Kind: kindText, LTR: true, Options: v.clientNames()}, {At: "redirect_uri", Kind: kindText, LTR: true},
		}}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		q := url.Values{}
		for _, name := range []string{"lifespan", "client_id", "redirect_uri"} {
			if value := text(rep[name]); value != "" {
				q.Set(name, value)
			}
		}
		err := v.api(http.MethodPut, "/users/"+userID(v)+"/execute-actions-email?"+q.Encode(), rep["actions"], nil)
		return sent{address: userPath(v, "credentials"), notice: "mailed"}, err
	},
}

func credentialActRows() []row {
	back := func(v *visit) string { return userPath(v, "credentials") }
	move := func(by int) func(*visit) (string, string, error) {
		return func(v *visit) (string, string, error) { return back(v), "saved", v.moveCredential(by) }
	}
	return slices.Concat(
		act{path: "users/{id}/credentials/{credential}/up", menu: "users", do: move(-1), no: back}.rows(),
		act{path: "users/{id}/credentials/{credential}/down", menu: "users", do: move(1), no: back}.rows(),
		act{path: "users/{id}/credentials/{credential}/delete", menu: "users", no: back,
			ask: [3]string{"console.credential.delete.heading", "console.credential.delete.text", sayDelete},
			thing: func(v *visit) (string, error) {
				list, at, err := v.credentials()
				if err != nil || at < 0 {
					return "", err
				}
				name := credentialName(list[at])
				if texts := v.Kit.Texts(v.Lang()); texts.Has(name) {
					name = texts.Say(name)
				}
				if label := text(list[at]["userLabel"]); label != "" {
					name += " (" + label + ")"
				}
				return name, nil
			},
			do: func(v *visit) (string, string, error) {
				return back(v), "deleted", v.api(http.MethodDelete, credentialAPI(v), nil, nil)
			}}.rows(),
		act{path: "users/{id}/send-verify-email", menu: "users", no: back,
			do: func(v *visit) (string, string, error) {
				return back(v), "mailed", v.api(http.MethodPut, "/users/"+userID(v)+"/send-verify-email", nil, nil)
			}}.rows(),
	)
}

// moveCredential puts the credential one place up or down.
func (v *visit) moveCredential(by int) error {
	list, at, err := v.credentials()
	to := at + by
	if err != nil || at < 0 || to < 0 || to >= len(list) {
		return err
	}
	how := "/moveToFirst"
	switch {
	case by > 0:
		how = "/moveAfter/" + url.PathEscape(text(list[to]["id"]))
	case to > 0:
		how = "/moveAfter/" + url.PathEscape(text(list[to-1]["id"]))
	}
	return v.api(http.MethodPost, credentialAPI(v)+how, nil, nil)
}
