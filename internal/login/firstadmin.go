package login

import (
	"net/http"
	"net/url"
	"strings"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/event"
	"latchkey/internal/flow"
	"latchkey/internal/page"
	"latchkey/internal/store"
	"latchkey/internal/user"
	"latchkey/internal/web"
)

// beginFirstAdmin finds the first administrator's link of the request. A nil
// visit means that it was answered.
func (d *Door) beginFirstAdmin(w http.ResponseWriter, r *http.Request) (*linkVisit, error) {
	v, err := d.begin(w, r)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	sec, ok := d.Site.Cookie(r, cookieLink+id, v.snap.Realm.Name)
	if !ok {
		return nil, d.linkPage(v, http.StatusBadRequest, page.CookieMissing{})
	}
	lv := &linkVisit{visit: v}
	err = d.DB.View(r.Context(), func(tx *store.Tx) error {
		if err := d.findPerson(tx, v); err != nil {
			return err
		}
		t, err := tx.ActionToken(v.snap.Realm.ID, id)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			return nil
		}
		if err == nil && t.Kind == latchkey.TokenFirstAdmin && actiontoken.Matches(t, latchkey.Secret(sec)) &&
			t.RedeemedAt.IsZero() && tx.Now().Before(t.ExpiresAt) {
			lv.facts = linkFacts{Token: t, Now: tx.Now(), Session: v.session}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if lv.facts.Token == nil || v.snap.Realm.Name != latchkey.MasterRealm {
		return nil, d.linkPage(v, http.StatusGone, page.FirstAdminUsed{})
	}
	return lv, nil
}

// showFirstAdmin asks for the address of the first administrator.
func (d *Door) showFirstAdmin(w http.ResponseWriter, r *http.Request) error {
	v, err := d.beginFirstAdmin(w, r)
	if v == nil || err != nil {
		return err
	}
	return d.firstAdminForm(v, nil)
}

func (d *Door) firstAdminForm(v *linkVisit, errs []page.FieldError) error {
	status := http.StatusOK
	if len(errs) > 0 {
		status = http.StatusBadRequest
	}
	return d.linkPage(v.visit, status, page.FirstAdmin{
		Form:    page.Form{Action: d.url(v.snap, "first-admin/"+url.PathEscape(v.facts.Token.ID), nil), SessionCode: d.linkCode(v)},
		Address: v.form.Get("email"), Errors: errs,
	})
}

// submitFirstAdmin makes the administrator of realm master and signs them in
// no default account, no default password).
func (d *Door) submitFirstAdmin(w http.ResponseWriter, r *http.Request) error {
	v, err := d.beginFirstAdmin(w, r)
	if v == nil || err != nil {
		return err
	}
	if !equal([]byte(v.form.Get("session_code")), []byte(d.linkCode(v))) {
		return web.Redirect(w, r, d.url(v.snap, "first-admin/"+r.PathValue("id"), nil))
	}
	address, err := latchkey.ParseAddress(v.form.Get("email"))
	if err != nil {
		return d.firstAdminForm(v, fieldErrors([]flow.FieldError{flow.AddressError("email", v.form.Get("email"), err)}))
	}
	client := v.snap.ClientByClientID(latchkey.ClientAdminConsole)
	admin := v.snap.RoleNamed("", latchkey.RoleAdmin)
	if client == nil || admin == nil {
		return latchkey.Errorf(latchkey.CodeInternal, "realm master lacks %s or the role %s", latchkey.ClientAdminConsole, latchkey.RoleAdmin)
	}
	t := &turn{visit: v.visit}
	t.open = func(tx *store.Tx) (*latchkey.Login, answer, error) {
		ok, err := tx.RedeemActionToken(v.snap.Realm.ID, v.facts.Token.ID)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			return nil, func() error { return d.linkPage(v.visit, http.StatusGone, page.FirstAdminUsed{}) }, nil
		}
		user, err := d.makeAdmin(tx, v, address.Typed, admin.ID)
		if err != nil {
			return nil, nil, err
		}
		d.ownBrowser(v.visit)
		l := d.openedBy(tx, v.visit, client, latchkey.AuthorizationRequest{ClientID: latchkey.ClientAdminConsole})
		l.UserID, l.Answer = user.ID, latchkey.AnswerStart
		return l, nil, nil
	}
	return d.take(t)
}

// makeAdmin finds or makes the account and gives it the realm role admin.
func (d *Door) makeAdmin(tx *store.Tx, v *linkVisit, address, roleID string) (*latchkey.User, error) {
	realmID := v.snap.Realm.ID
	admin, err := tx.UserByEmail(realmID, address)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		e := d.event(v.visit, latchkey.EventRegister)
		e.Details = map[string]string{"register_method": "first-admin"}
		admin = user.Blank(tx, v.snap, address)
		err = user.Register(tx, v.snap, admin, e)
	}
	if err != nil {
		return nil, err
	}
	err = event.RecordAdmin(tx, &latchkey.AdminEvent{RealmID: realmID, AuthRealmID: realmID, AuthUserID: admin.ID,
		AuthIPAddress: v.browser.IP, OperationType: "CREATE", ResourceType: "REALM_ROLE_MAPPING",
		ResourcePath: strings.Join([]string{"users", admin.ID, "role-mappings", "realm"}, "/")})
	if err != nil {
		return nil, err
	}
	return admin, tx.AddUserRole(realmID, admin.ID, roleID)
}
