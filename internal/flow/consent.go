package flow

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// StepConsent is the step that asks a person for their consent. It comes after
// the required actions and is none of the realm's.
const StepConsent = "CONSENT"

// The note with the ids of what the open page asks for, and the fields of its
// buttons, as Keycloak's page has them.
const (
	noteConsent = StepConsent + ".asked"
	keyAccept   = "accept"
	keyDecline  = "cancel"
)

// Unconsented gives the ids of what the request asks for that the user has not
// said yes to: client scopes that are shown on the consent page, and
// the client itself where it has a text of its own. missing is also true when
// the client needs a consent and there is none at all. With again, everything
// that would be asked is given, consented or not.
func Unconsented(tx *store.Tx, snap *latchkey.Snapshot, client *latchkey.Client, l *latchkey.Login, again bool) (ids []string, missing bool, err error) {
	held, err := tx.Holdings(snap.Realm.ID, l.UserID)
	if err != nil {
		return nil, false, err
	}
	given, err := tx.Consent(snap.Realm.ID, l.UserID, client.ID)
	none := latchkey.ErrorCode(err) == latchkey.CodeNotFound
	if err != nil && !none {
		return nil, false, err
	}
	for _, id := range shown(snap, client, l.Request.Scope, held.RoleIDs()) {
		if again || none || !slices.Contains(given.Scopes, id) {
			ids = append(ids, id)
		}
	}
	return ids, again || none || len(ids) > 0, nil
}

// shown lists what the consent page would show of a request, in its order
// (gui.order, then the name).
func shown(snap *latchkey.Snapshot, client *latchkey.Client, requested string, roles []string) []string {
	scope, _ := token.ResolveScope(snap, client, requested)
	var list []*latchkey.ClientScope
	for _, s := range scope.For(snap, roles).Scopes {
		if s.Attributes["display.on.consent.screen"] != "false" {
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b *latchkey.ClientScope) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), strings.Compare(a.Name, b.Name))
	})
	var ids []string
	if client.Attribute("display.on.consent.screen") == "true" {
		ids = append(ids, client.ID)
	}
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}

// order is where a client scope stands on the page; those without a number
// come last.
func order(s *latchkey.ClientScope) int {
	n, err := strconv.Atoi(s.Attributes["gui.order"])
	if err != nil {
		return int(^uint(0) >> 1)
	}
	return n
}

// consent asks the person for what the application may have, where it has to
// be asked: by the client's setting, or because the request wants it
// (prompt=consent). A login that no application waits for gives nothing.
func (r *Run) consent() (Result, error) {
	l, client := r.Login, r.Realm.ClientByID(r.Login.ClientID)
	again := l.Request.Prompts("consent")
	if client == nil || l.Answer != latchkey.AnswerCode || l.Consent != "" || (!client.ConsentRequired && !again) {
		return Result{Kind: Done}, nil
	}
	ids, missing, err := Unconsented(r.Tx, r.Realm, client, l, again)
	switch {
	case err != nil:
		return Result{}, err
	case !missing:
		l.Consent = "persistent_consent"
		return Result{Kind: Done}, nil
	case r.passive():
		return Result{Kind: NeedsPage, Code: "consent_required"}, nil
	}
	l.Action = StepConsent
	l.SetNote(noteConsent, strings.Join(ids, " "))
	user, err := (&Context{Login: l, Tx: r.Tx}).User()
	if err != nil || user == nil {
		return Result{Kind: Failed, Code: "user_not_found"}, err
	}
	screen := Consent{Account: cmp.Or(user.Email, user.Username)}
	for _, id := range ids {
		screen.Items = append(screen.Items, consentText(r.Realm, id))
	}
	return Result{Kind: Show, Screen: screen, Step: StepConsent}, nil
}

// consentText is what the page says of a client scope, or of the client: its
// own text, else its name.
func consentText(snap *latchkey.Snapshot, id string) string {
	if s := snap.Scope(id); s != nil {
		return cmp.Or(s.Attributes["consent.screen.text"], s.Name)
	}
	if c := snap.ClientByID(id); c != nil {
		return cmp.Or(c.Attribute("consent.screen.text"), c.Title())
	}
	return id
}

// submitConsent takes the person's answer. A yes is for what their page showed.
func (r *Run) submitConsent() (Result, error) {
	if res, err := r.mayGoOn(); err != nil || res.Kind != 0 {
		return res, err
	}
	switch {
	case r.Submit.Form.Has(keyDecline):
		return Result{Kind: Denied, Code: "access_denied", Step: StepConsent}, nil
	case !r.Submit.Form.Has(keyAccept):
		return Result{}, nil // the page is shown again
	}
	client := r.Realm.ClientByID(r.Login.ClientID)
	if client == nil {
		return Result{Kind: Failed, Code: "client_not_found"}, nil
	}
	ids := strings.Fields(r.Login.Note(noteConsent))
	if err := session.GrantConsent(r.Tx, r.Realm, r.Login.UserID, client, ids); err != nil {
		return Result{}, err
	}
	r.Login.Action, r.Login.Consent = "", "consent_granted"
	r.Login.SetNote(noteConsent, "")
	return Result{}, nil
}
