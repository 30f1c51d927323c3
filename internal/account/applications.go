package account

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/page"
	"latchkey/internal/representation"
	"latchkey/internal/web"
)

// Applications is the page of applications and consents.
type Applications struct {
	Frame
	Applications []Application
}

// Application is one that has to do with the person.
type Application struct {
	Name, Description string
	URL               string // opens it; empty when it has no page
	InUse, Offline    bool
	AgreedAt          time.Time // zero: nothing was agreed to
	Agreed            []string  // to what, in words
	RevokeURL         string    // leads to the question whether to take it back
	PolicyURL         string
	TermsURL          string
}

func (c *Console) applications(v *visit) error {
	ask := v.R.URL.Query().Get("revoke")
	return v.show(pathApplications, func() (page.Page, error) {
		var list []representation.AccountClient
		if err := v.Call(http.MethodGet, "/applications", nil, &list); err != nil {
			return nil, err
		}
		for _, r := range list {
			if ask != "" && r.ClientID == ask {
				return Confirm{Frame: v.frame(pathApplications), Heading: "account.revoke.heading", Text: "account.revoke.text",
					Args: []any{page.Clean(cmp.Or(r.ClientName, r.ClientID))}, Form: v.form(pathApplications), Yes: "account.revoke",
					Fields: []page.FormPostField{{Name: "client", Value: r.ClientID}}, NoURL: v.URL(pathApplications)}, nil
			}
		}
		p := Applications{Frame: v.frame(pathApplications)}
		for _, r := range list {
			p.Applications = append(p.Applications, v.applicationOf(r))
		}
		return p, nil
	})
}

func (v *visit) applicationOf(r representation.AccountClient) Application {
	a := Application{Name: page.Clean(cmp.Or(r.ClientName, r.ClientID)), Description: page.Clean(r.Description), InUse: r.InUse, Offline: r.OfflineAccess,
		URL: opened(r.EffectiveURL), PolicyURL: opened(r.PolicyURI), TermsURL: opened(r.TosURI)}
	if strings.HasPrefix(a.Description, "${") {
		a.Description = ""
	}
	if r.Consent != nil {
		a.AgreedAt = representation.FromMillis(&r.Consent.LastUpdatedDate)
		for _, s := range r.Consent.GrantedScopes {
			a.Agreed = append(a.Agreed, cmp.Or(s.DisplayText, s.Name))
		}
	}
	if r.Consent != nil || r.OfflineAccess {
		a.RevokeURL = v.URL(pathApplications) + "?revoke=" + url.QueryEscape(r.ClientID)
	}
	return a
}

// opened gives web addresses, and nothing for what a browser would run.
func opened(address string) string {
	if u, err := url.Parse(address); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return ""
	}
	return address
}

// revoke is the person's yes.
func (c *Console) revoke(v *visit) error {
	if err := v.Call(http.MethodDelete, "/applications/"+url.PathEscape(v.R.Form.Get("client"))+"/consent", nil, nil); err != nil {
		return err
	}
	return v.back(pathApplications, "revoked")
}

func (v *visit) seeOther(path string) error {
	return web.Redirect(v.W, v.R, v.URL(path))
}
