package account

import (
	"latchkey/internal/relyingparty"
	"net/http"
	"net/url"
	"time"

	"latchkey/internal/page"
	"latchkey/internal/representation"
)

// SigningIn is the page of sign-in methods.
type SigningIn struct {
	Frame
	Form   page.Form // that names a credential
	Kinds  []Kind
	Errors []page.FieldError // Field is the credential's id
	Typed  string            // what was typed for the one that is wrong
}

// Kind is a kind of sign-in method, with the person's own.
type Kind struct {
	Type        string // "password", "otp", ...
	Credentials []Credential
	AddURL      string // begins to set one up; empty when there is nothing to add
}

// Credential is one of the person's own.
type Credential struct {
	ID, Label string
	CreatedAt time.Time
	ChangeURL string // begins to change it
	RemoveURL string // begins to take it away
}

func (c *Console) signingIn(v *visit) error {
	return v.show(pathSigningIn, func() (page.Page, error) { return v.askSigningIn() })
}

func (v *visit) askSigningIn() (p SigningIn, err error) {
	var list []representation.CredentialContainer
	if err := v.Call(http.MethodGet, "/credentials", nil, &list); err != nil {
		return p, err
	}
	p = SigningIn{Frame: v.frame(pathSigningIn), Form: v.form(pathSigningIn)}
	for _, one := range list {
		k := Kind{Type: one.Type}
		if one.CreateAction != "" {
			k.AddURL = v.beginURL(one.CreateAction)
		}
		for _, m := range one.Metadata {
			k.Credentials = append(k.Credentials, v.credential(one, m.Credential))
		}
		p.Kinds = append(p.Kinds, k)
	}
	return p, nil
}

func (v *visit) credential(kind representation.CredentialContainer, r representation.Credential) Credential {
	one := Credential{ID: representation.Value(r.ID), Label: representation.Value(r.UserLabel), CreatedAt: representation.FromMillis(r.CreatedDate)}
	if kind.UpdateAction != "" {
		one.ChangeURL = v.beginURL(kind.UpdateAction)
	}
	if kind.Removeable {
		one.RemoveURL = v.beginURL("delete_credential:" + one.ID)
	}
	return one
}

// nameCredential gives a credential the name that was typed.
func (c *Console) nameCredential(v *visit) error {
	id, label := v.R.Form.Get("credential"), v.R.Form.Get("label")
	err := v.Call(http.MethodPut, "/credentials/"+url.PathEscape(id)+"/label", label, nil)
	if relyingparty.Status(err) == http.StatusBadRequest {
		p, err := v.askSigningIn()
		if err != nil {
			return err
		}
		p.Errors, p.Typed = []page.FieldError{{Field: id, Message: "account.label.wrong"}}, label
		return v.write(http.StatusBadRequest, p)
	}
	if err != nil {
		return err
	}
	return v.back(pathSigningIn, "named")
}
