package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/event"
	"latchkey/internal/outbox"
	"latchkey/internal/store"
	"latchkey/internal/user"
)

// How long a link made by the API lives.
const (
	defaultLinkLife = 24 * time.Hour
	maxLinkLife     = 30 * 24 * time.Hour
)

// linkRequest is the body of POST /realms/{realm}/magic-link, with the
// extension's fields. Unknown fields are ignored, as there.
type linkRequest struct {
	Email               string `json:"email"`
	Username            string `json:"username"`
	ClientID            string `json:"client_id"`
	RedirectURI         string `json:"redirect_uri"`
	ExpirationSeconds   *int64 `json:"expiration_seconds"`
	ForceCreate         bool   `json:"force_create"`
	UpdateProfile       bool   `json:"update_profile"`
	UpdatePassword      bool   `json:"update_password"`
	SendEmail           bool   `json:"send_email"`
	Scope               string `json:"scope"`
	Nonce               string `json:"nonce"`
	State               string `json:"state"`
	CodeChallenge       string `json:"code_challenge"`
	CodeChallengeMethod string `json:"code_challenge_method"`
	ResponseMode        string `json:"response_mode"`
	RememberMe          bool   `json:"remember_me"`
	// Reusable is off here unless it is asked for; the extension's default is
	// on (docs/keycloak.md).
	Reusable bool `json:"reusable"`
}

// linkAnswer is the answer, with the extension's fields.
type linkAnswer struct {
	UserID string `json:"user_id"`
	Link   string `json:"link"`
	Sent   bool   `json:"sent"`
}

func (d *Door) linkRoutes() []route {
	return []route{
		{method: "POST", path: "/realms/{realm}/magic-link", anybody: true, asks: mayManageUsers, act: d.magicLink,
			summary: "Make a sign-in link for a user", body: linkRequest{}, gives: linkAnswer{}},
	}
}

// magicLink makes a link that signs a user in to a client: a bearer link, to
// be handed out with the care that a password gets (SECURITY.md). Every one is
// an admin event.
func (d *Door) magicLink(c *call) error {
	var body linkRequest
	if err := c.read(&body); err != nil {
		return err
	}
	if !c.may(mayManageUsers...) {
		return answerError(http.StatusForbidden, "magic link requires manage-users")
	}
	life, client, err := d.checkLink(c.snap, &body)
	if err != nil {
		return err
	}
	m := making{call: c, body: body, client: client, life: life}
	if err := c.update(m.make); err != nil {
		return err
	}
	return c.answer(m.answer)
}

// checkLink checks what needs no database, in the extension's order.
func (d *Door) checkLink(snap *latchkey.Snapshot, b *linkRequest) (time.Duration, *latchkey.Client, error) {
	client := snap.ClientByClientID(b.ClientID)
	if client == nil || !client.Enabled {
		return 0, nil, answerError(http.StatusNotFound, "Client with ID "+orNull(b.ClientID)+" not found.")
	}
	if !client.StandardFlowEnabled || client.BearerOnly {
		return 0, nil, answerError(http.StatusBadRequest, "Client with ID "+b.ClientID+" does not sign people in: its standard flow is off.")
	}
	if b.RedirectURI == "" {
		return 0, nil, answerError(http.StatusBadRequest, "redirect_uri is missing: give one that the client has registered.")
	}
	if !client.AllowsRedirect(b.RedirectURI, d.Site.URL("")) {
		return 0, nil, answerError(http.StatusBadRequest, "redirectUri "+b.RedirectURI+" disallowed by client.")
	}
	life := defaultLinkLife
	if s := b.ExpirationSeconds; s != nil {
		if *s <= 0 || *s > int64(maxLinkLife/time.Second) {
			return 0, nil, answerError(http.StatusBadRequest, "expiration_seconds is a number from 1 to 2592000 (30 days).")
		}
		life = time.Duration(*s) * time.Second
	}
	switch {
	case b.CodeChallengeMethod != "" && b.CodeChallengeMethod != "S256":
		return 0, nil, answerError(http.StatusBadRequest, "code_challenge_method is S256.")
	case b.CodeChallenge != "" && !challenge(b.CodeChallenge):
		return 0, nil, answerError(http.StatusBadRequest, "code_challenge is 43 characters of base64url (RFC 7636 4.2).")
	}
	switch b.ResponseMode {
	case "", "query", "fragment", "form_post":
	default:
		return 0, nil, answerError(http.StatusBadRequest, "response_mode is query, fragment or form_post.")
	}
	return life, client, nil
}

func challenge(s string) bool {
	return len(s) == 43 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return s
}

// making is one link being made.
type making struct {
	*call
	body   linkRequest
	client *latchkey.Client
	life   time.Duration
	answer linkAnswer
}

// make finds or makes the user, issues the link, mails it when that is asked
// for, and records it.
func (m *making) make(tx *store.Tx) error {
	user, err := m.user(tx)
	if err != nil {
		return err
	}
	if err := m.call.mayBecome(tx, user); err != nil {
		return err
	}
	handed, sec, err := m.issue(tx, user, "")
	if err != nil {
		return err
	}
	key := actiontoken.Key(handed, sec).Reveal()
	m.answer = linkAnswer{
		UserID: user.ID, Sent: m.body.SendEmail && user.Email != "" && m.door.Prober.Sends(m.snap.Realm),
		Link: m.door.Site.RealmURL(m.snap.Realm.Name, "login-actions/action-token") + "?key=" + url.QueryEscape(key),
	}
	if m.answer.Sent {
		if err := m.mail(tx, user); err != nil {
			return err
		}
	}
	return m.record(tx, user)
}

// issue makes one link; address is where it is mailed to, empty for one that
// is handed out.
func (m *making) issue(tx *store.Tx, user *latchkey.User, address string) (*latchkey.ActionToken, latchkey.Secret, error) {
	t := &latchkey.ActionToken{
		RealmID: m.snap.Realm.ID, Kind: latchkey.TokenAPILink, UserID: user.ID, ClientID: m.client.ID, Address: address,
		ExpiresAt: tx.Now().Add(m.life), Reusable: m.body.Reusable, RememberMe: m.body.RememberMe && m.snap.Realm.RememberMe,
		Request: m.request(),
	}
	sec, err := actiontoken.Issue(tx, t)
	return t, sec, err
}

// mail promises a mail with a link of its own: who opens that one has the
// mailbox, which the caller, who holds the answer's link, need not have.
func (m *making) mail(tx *store.Tx, user *latchkey.User) error {
	t, sec, err := m.issue(tx, user, user.Email)
	if err != nil {
		return err
	}
	return outbox.Queue(tx, m.snap.Realm, &latchkey.Message{
		RealmID: m.snap.Realm.ID, Kind: latchkey.MailAPILink, State: latchkey.MessageQueued, Address: user.Email,
		TokenID: t.ID, Secret: sec, ExpiresAt: t.ExpiresAt, UserID: user.ID, ClientID: m.client.ID,
	})
}

// request is the authorization request that the link answers.
func (m *making) request() *latchkey.AuthorizationRequest {
	b := m.body
	req := &latchkey.AuthorizationRequest{
		ClientID: m.client.ClientID, RedirectURI: b.RedirectURI, ResponseType: "code", ResponseMode: b.ResponseMode,
		Scope: b.Scope, State: b.State, Nonce: b.Nonce, CodeChallenge: b.CodeChallenge,
	}
	if b.CodeChallenge != "" {
		req.CodeChallengeMethod = "S256"
	}
	if req.Scope == "" {
		req.Scope = "openid"
	}
	return req
}

// user finds the user by username or address, or makes one: unproven and
// without a credential, so inert until its mailbox is proven.
func (m *making) user(tx *store.Tx) (*latchkey.User, error) {
	name, realmID := m.body.Username, m.snap.Realm.ID
	find := tx.UserByUsername
	if name == "" {
		name, find = m.body.Email, tx.UserByEmail
	}
	if name != "" {
		u, err := find(realmID, name)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound && m.body.Username == "" {
			u, err = tx.UserByUsername(realmID, name)
		}
		if err == nil && !u.Enabled {
			return nil, answerError(http.StatusBadRequest, "User is disabled.")
		}
		if latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			return u, err
		}
	}
	if m.body.Username != "" || !m.body.ForceCreate || name == "" {
		return nil, answerError(http.StatusNotFound, "User with email/username "+orNull(name)+" not found, and forceCreate is off.")
	}
	address, err := latchkey.ParseAddress(m.body.Email)
	if err != nil {
		return nil, answerError(http.StatusBadRequest, addressSentence(err))
	}
	u := user.Blank(tx, m.snap, address.Typed)
	if err := user.Create(tx, m.snap, u); err != nil {
		return nil, err
	}
	if m.body.UpdateProfile {
		u.AddRequiredAction(latchkey.ActionUpdateProfile)
	}
	if m.body.UpdatePassword {
		u.AddRequiredAction(latchkey.ActionUpdatePassword)
	}
	e := latchkey.Event{Type: latchkey.EventRegister, UserID: u.ID, ClientID: m.client.ClientID, IPAddress: m.caller.ip,
		Details: map[string]string{"register_method": "magic", "username": u.Username, "email": u.Email}}
	if err := event.Record(tx, m.snap.Realm, e); err != nil {
		return nil, err
	}
	return u, tx.UpdateUser(u)
}

// addressSentence says what is wrong with the field email.
func addressSentence(err error) string {
	var e *latchkey.Error
	if errors.As(err, &e) {
		return "email is no address that mail can be sent to: " + e.Message
	}
	return "email is no address that mail can be sent to."
}

// record writes the admin event; the link itself is in no event.
func (m *making) record(tx *store.Tx, u *latchkey.User) error {
	facts, err := json.Marshal(map[string]any{
		"client_id": m.client.ClientID, "redirect_uri": m.body.RedirectURI, "expiration_seconds": int64(m.life / time.Second),
		"reusable": m.body.Reusable, "sent": m.answer.Sent, "force_create": m.body.ForceCreate,
	})
	if err != nil {
		return err
	}
	return event.RecordAdmin(tx, &latchkey.AdminEvent{
		RealmID: m.snap.Realm.ID, AuthRealmID: m.caller.realm.Realm.ID, AuthClientID: m.caller.claims.ClientID,
		AuthUserID: m.caller.userID, AuthIPAddress: m.caller.ip, OperationType: "ACTION", ResourceType: "USER",
		ResourcePath: "users/" + u.ID + "/magic-link", Representation: string(facts),
	})
}
