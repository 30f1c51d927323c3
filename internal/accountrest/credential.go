package accountrest

import (
	"cmp"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/user"
	"latchkey/internal/web"
)

// freshness is how long ago a person may have proved themselves when they take
// a way to sign in from their account.
const freshness = 5 * time.Minute

// kind is a type of credential that a person may have, with Keycloak's words
// for it. Actions are aliases of required actions, which a sign-in with
// kc_action runs.
type kind struct {
	shape representation.CredentialContainer
	// several says that a person may have more than one.
	several bool
}

var kinds = []kind{
	{shape: representation.CredentialContainer{Type: latchkey.CredentialPassword, Category: "basic-authentication", DisplayName: "password-display-name",
		Helptext: "password-help-text", IconCSSClass: "kcAuthenticatorPasswordClass", CreateAction: latchkey.ActionUpdatePassword}},
	{shape: representation.CredentialContainer{Type: latchkey.CredentialOTP, Category: "two-factor", DisplayName: "otp-display-name",
		Helptext: "otp-help-text", IconCSSClass: "kcAuthenticatorOTPClass", CreateAction: latchkey.ActionConfigureOTP, Removeable: true}, several: true},
}

// credentials lists the kinds of credentials that the realm has, with the
// person's own. A kind that nobody can set up and the person does not have is
// left out. The parameter type narrows to one; user-credentials=false leaves
// the person's out.
func (d *Door) credentials(c *call) error {
	query, err := web.Query(c.r)
	if err != nil {
		return err
	}
	var own []*latchkey.Credential
	err = c.view(func(tx *store.Tx, b *token.Bearer) error {
		own, err = tx.Credentials(c.snap.Realm.ID, b.User.ID)
		return err
	})
	if err != nil {
		return err
	}
	out := []representation.CredentialContainer{}
	for _, k := range kinds {
		if t := query.Get("type"); t != "" && t != k.shape.Type {
			continue
		}
		r := k.of(c.snap, own)
		if r.CreateAction == "" && len(r.Metadata) == 0 {
			continue
		}
		if query.Get("user-credentials") == "false" {
			r.Metadata = nil
		}
		out = append(out, r)
	}
	return c.answer(out)
}

// of shows the kind with the person's credentials of it, without what they are
// made of.
func (k kind) of(snap *latchkey.Snapshot, own []*latchkey.Credential) representation.CredentialContainer {
	r := k.shape
	r.Metadata = []representation.CredentialMetadata{}
	for _, one := range own {
		if one.Type == r.Type {
			shown := representation.CredentialOf(one)
			shown.CredentialData = nil
			r.Metadata = append(r.Metadata, representation.CredentialMetadata{Credential: shown})
		}
	}
	if a := snap.RequiredAction(r.CreateAction); a == nil || !a.Enabled {
		r.CreateAction = ""
	}
	if len(r.Metadata) > 0 && !k.several {
		r.CreateAction, r.UpdateAction = "", r.CreateAction
	}
	return r
}

func kindOf(credentialType string) *kind {
	for i := range kinds {
		if kinds[i].shape.Type == credentialType {
			return &kinds[i]
		}
	}
	return nil
}

// own finds the person's credential of the request's path.
func (c *call) own(tx *store.Tx, user *latchkey.User) (*latchkey.Credential, error) {
	list, err := tx.Credentials(c.snap.Realm.ID, user.ID)
	for _, one := range list {
		if one.ID == c.r.PathValue("id") {
			return one, nil
		}
	}
	return nil, cmp.Or(err, answerError(http.StatusNotFound, "Credential not found"))
}

// maxLabel is how many characters the name of a credential has.
const maxLabel = 255

// labelCredential names a credential: the body is a JSON text.
func (d *Door) labelCredential(c *call) error {
	var label string
	if err := web.ReadJSON(c.r, &label); err != nil {
		return cannotParse()
	}
	label = strings.TrimSpace(label)
	if label == "" || utf8.RuneCountInString(label) > maxLabel || strings.ContainsFunc(label, unicode.IsControl) {
		return latchkey.Invalid("userLabel", "A name has 1 to %d characters on one line.", maxLabel)
	}
	err := c.update(func(tx *store.Tx, b *token.Bearer) error {
		one, err := c.own(tx, b.User)
		if err != nil {
			return err
		}
		one.UserLabel = label
		if err := tx.UpdateCredential(one); err != nil {
			return err
		}
		return c.record(tx, b, latchkey.EventUpdateCredential, "", detailsOf(one))
	})
	if err != nil {
		return err
	}
	return c.done()
}

// deleteCredential takes a credential away and tells the person by mail, when
// they proved themselves a moment ago; else the way is a sign-in with kc_action=delete_credential.
func (d *Door) deleteCredential(c *call) error {
	err := c.update(func(tx *store.Tx, b *token.Bearer) error {
		one, err := c.own(tx, b.User)
		if err != nil {
			return err
		}
		if k := kindOf(one.Type); k == nil || !k.shape.Removeable {
			return answerError(http.StatusBadRequest, "Credential type "+one.Type+" cannot be removed")
		}
		if b.Session == nil || tx.Now().Sub(b.Session.AuthTime) > freshness {
			return answerError(http.StatusForbidden, "This needs a fresh sign-in: begin one with kc_action=delete_credential:"+one.ID)
		}
		return user.RemoveCredential(tx, c.snap, b.User, one, c.act(b))
	})
	if err != nil {
		return err
	}
	return c.done()
}

// act is the request as notices and events of accounts tell it.
func (c *call) act(b *token.Bearer) user.Act {
	from := latchkey.Browser{Name: b.Session.Browser, OS: b.Session.OS, IP: c.door.Site.ClientIP(c.r)}
	return user.Act{Client: c.snap.ClientByClientID(c.claims.ClientID), From: from, SessionID: b.Session.ID}
}

func detailsOf(one *latchkey.Credential) map[string]string {
	return map[string]string{"credential_type": one.Type, "credential_id": one.ID}
}
