package flow

import (
	"latchkey"
)

// Enter puts a login into the flow of the entry, where that exists, with
// nothing of what happened in it but the name that was typed: from the sign-in
// to the registration, to the reset of a password, and back. It is false when
// the login cannot be taken there any more: it has mailed, or its flow is
// through. Then it is to be begun again.
func Enter(snap *latchkey.Snapshot, l *latchkey.Login, entry latchkey.Entry) bool {
	f := snap.EntryFlow(snap.ClientByID(l.ClientID), entry)
	if f == nil || l.Mail.Sent > 0 || !l.Mail.ProvenAt.IsZero() || l.Action != "" || l.Through {
		return false
	}
	if l.Entry == entry {
		return true
	}
	typed := l.Note(NoteAttempted)
	*l = latchkey.Login{
		RealmID: l.RealmID, ID: l.ID, BrowserHash: l.BrowserHash, TabID: l.TabID, ClientID: l.ClientID, Step: l.Step,
		CreatedAt: l.CreatedAt, ExpiresAt: l.ExpiresAt, SeenAt: l.SeenAt, NumberTries: l.NumberTries, CodeTries: l.CodeTries,
		Request: l.Request, Answer: l.Answer, FlowID: f.ID, Entry: entry, RememberMe: l.RememberMe, Locale: l.Locale, From: l.From,
	}
	if entry == latchkey.EntryReset {
		l.SetNote(NoteAttempted, typed)
	}
	return true
}

// NoteAttempted is the name that the person typed into a form of this login.
// Unlike notes of one execution it is for those that come after it: a name
// that is nobody's goes on like any other, so that it cannot be told from one
// that is somebody's. It proves nothing.
const NoteAttempted = "attempted_username"

// signIn goes on in the flow that signs people in, when that of a registration
// or a reset is through: second factors, levels and conditions are met there
// as always. What was proven takes the place of its first factor; of a person
// who is only known by their mailbox (Identified) that of its mailed link.
func (r *Run) signIn(proven bool) (verdict, Result, error) {
	f := r.Realm.BrowserFlow(r.Realm.ClientByID(r.Login.ClientID))
	if f == nil {
		return pending, Result{Kind: Failed, Code: "flow_not_found"}, nil
	}
	r.Login.Entry, r.Login.FlowID, r.Login.Current, r.Login.Chosen = latchkey.EntrySignIn, f.ID, "", ""
	if proven {
		PassFirstFactor(r.Realm, r.Login, r.Now)
	} else {
		passMail(r.Realm, r.Login, r.Now)
	}
	return r.level(f.ID, 0)
}

// isForm says whether the execution is the page of a form-flow: one step, whose
// sub-flow are the parts of its page.
func isForm(e *latchkey.Execution) bool { return e.FlowID != "" && e.Authenticator != "" }

// parts are the enabled executions of a form-flow.
func (r *Run) parts(flowID string) []Part {
	f := r.Realm.Flow(flowID)
	if f == nil {
		return nil
	}
	var out []Part
	for i := range f.Executions {
		if e := &f.Executions[i]; e.Requirement != latchkey.Disabled {
			out = append(out, Part{Execution: e, Action: r.Registry.FormAction(e.Authenticator)})
		}
	}
	return out
}

// ForPart is the context of one part of the page.
func (c *Context) ForPart(p Part) *Context {
	part := *c
	part.Execution, part.Config, part.Parts = p.Execution, map[string]string{}, nil
	if cfg := c.Realm.Config(p.Execution.ConfigID); cfg != nil {
		part.Config = cfg.Config
	}
	prepared, _ := c.Prepared.(map[string]any)
	part.Prepared = prepared[p.Execution.ID]
	return &part
}
