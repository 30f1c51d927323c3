package flow

import (
	"latchkey"
)

// putAsked puts the required actions on the user that steps of the flow asked
// for, now that it is through.
func (r *Run) putAsked() error {
	asked := r.Login.Asked
	if len(asked) == 0 {
		return nil
	}
	r.Login.Asked = nil
	user, err := r.Tx.LockUser(r.Login.RealmID, r.Login.UserID)
	if err != nil {
		return err
	}
	for _, alias := range asked {
		user.AddRequiredAction(alias)
	}
	return r.Tx.UpdateUser(user)
}

// requiredActions runs what is asked of the user after the flow, in the
// realm's order, until a page is to be shown or nothing is left.
func (r *Run) requiredActions() (Result, error) {
	if err := r.evaluateActions(); err != nil {
		return Result{}, err
	}
	user, err := (&Context{Login: r.Login, Tx: r.Tx}).User()
	if err != nil || user == nil {
		return Result{Kind: Failed, Code: "user_not_found"}, err
	}
	for _, ra := range r.Realm.RequiredActions {
		if !ra.Enabled || !user.HasRequiredAction(ra.Alias) {
			continue
		}
		if r.passive() || r.direct() {
			return Result{Kind: NeedsPage, Step: ra.Alias}, nil
		}
		action := r.Registry.RequiredAction(ra.Alias)
		if action == nil {
			return Result{Kind: Failed, Code: CodeNotBuilt, Step: ra.Alias}, nil
		}
		r.Login.Action = ra.Alias
		out, err := action.Challenge(r.actionContext(ra.Alias, nil))
		if err != nil {
			return Result{}, err
		}
		if out.Kind == Success {
			if err := r.actionDone(ra.Alias); err != nil {
				return Result{}, err
			}
			return r.requiredActions()
		}
		return r.actionResult(out, false), nil
	}
	r.Login.Action = ""
	return Result{Kind: Done}, nil
}

// evaluateActions lets every action of the realm look whether it is needed.
func (r *Run) evaluateActions() error {
	for _, ra := range r.Realm.RequiredActions {
		action := r.Registry.RequiredAction(ra.Alias)
		if !ra.Enabled || action == nil {
			continue
		}
		c := r.actionContext(ra.Alias, nil)
		needed, err := action.Evaluate(c)
		if err != nil {
			return err
		}
		user, err := c.User()
		if err != nil {
			return err
		}
		if !needed || user == nil || user.HasRequiredAction(ra.Alias) {
			continue
		}
		if user, err = r.Tx.LockUser(user.RealmID, user.ID); err != nil {
			return err
		}
		user.AddRequiredAction(ra.Alias)
		if err := r.Tx.UpdateUser(user); err != nil {
			return err
		}
	}
	return nil
}

// submitAction hands the form to the required action whose page is open. A
// zero result means that the run goes on.
func (r *Run) submitAction() (Result, error) {
	alias := r.Login.Action
	action := r.Registry.RequiredAction(alias)
	if action == nil {
		return Result{Kind: Failed, Code: CodeNotBuilt, Step: alias}, nil
	}
	// Since its page was shown the user may have been deleted or switched off:
	// then nothing is taken from them. What an action changes of a user is not
	// to be changed by somebody else meanwhile.
	if _, err := r.Tx.LockUser(r.Login.RealmID, r.Login.UserID); err != nil && latchkey.ErrorCode(err) != latchkey.CodeNotFound {
		return Result{}, err
	}
	if res, err := r.mayGoOn(); err != nil || res.Kind != 0 {
		return res, err
	}
	initiated, err := r.initiated()
	if err != nil {
		return Result{}, err
	}
	if initiated && r.Submit.Form.Has(keyCancel) {
		r.Login.Action, r.Login.ActionStatus = "", ActionCancelled
		return Result{}, nil
	}
	out, err := action.Action(r.actionContext(alias, r.Submit))
	if err != nil {
		return Result{}, err
	}
	if initiated && out.Kind == Cancelled {
		r.Login.Action, r.Login.ActionStatus = "", ActionCancelled
		return Result{}, nil
	}
	if out.Kind == Success {
		return Result{}, r.actionDone(alias)
	}
	res := r.actionResult(out, true)
	res.Initiated = initiated
	return res, nil
}

// actionDone takes the action off the user.
func (r *Run) actionDone(alias string) error {
	user, err := r.Tx.LockUser(r.Login.RealmID, r.Login.UserID)
	if err != nil && latchkey.ErrorCode(err) != latchkey.CodeNotFound {
		return err
	}
	r.Login.Action = ""
	if alias == r.Login.Request.Action {
		r.Login.ActionStatus = ActionSuccess
	}
	if user == nil {
		return nil // the action was to go
	}
	if !user.HasRequiredAction(alias) {
		return nil
	}
	user.RemoveRequiredAction(alias)
	return r.Tx.UpdateUser(user)
}

// The values of Login.ActionStatus, as applications are told them.
const (
	ActionSuccess   = "success"
	ActionCancelled = "cancelled"
	ActionError     = "error"
)

// keyCancel is the field of a form that gives an action up which the
// application asked for.
const keyCancel = "cancel-aia"

// initiatedAction runs the action that the application asked for (kc_action),
// whether it waits for the user or not. One that there is none of does not
// keep anybody out: the answer says so.
func (r *Run) initiatedAction() (Result, error) {
	alias := r.Login.Request.Action
	if alias == "" || r.Login.ActionStatus != "" {
		return Result{Kind: Done}, nil
	}
	ra, action := r.Realm.RequiredAction(alias), r.Registry.RequiredAction(alias)
	if ra == nil || !ra.Enabled || action == nil {
		r.Login.ActionStatus = ActionError
		return Result{Kind: Done}, nil
	}
	if r.passive() {
		return Result{Kind: NeedsPage}, nil
	}
	r.Login.Action = alias
	out, err := action.Challenge(r.actionContext(alias, nil))
	switch {
	case err != nil:
		return Result{}, err
	case out.Kind == Success:
		return Result{Kind: Done}, r.actionDone(alias)
	case out.Screen == nil:
		r.Login.Action, r.Login.ActionStatus = "", ActionError
		return Result{Kind: Done}, nil
	}
	res := r.actionResult(out, false)
	res.Initiated = true
	return res, nil
}

// initiated says whether the open action is there because the application
// asked for it alone: then the person may give it up.
func (r *Run) initiated() (bool, error) {
	if r.Login.Action == "" || r.Login.Action != r.Login.Request.Action || r.Login.ActionStatus != "" {
		return false, nil
	}
	user, err := (&Context{Login: r.Login, Tx: r.Tx}).User()
	return user != nil && !user.HasRequiredAction(r.Login.Action), err
}

func (r *Run) actionResult(out Outcome, submitted bool) Result {
	alias := r.Login.Action
	switch {
	case out.Kind == Cancelled:
		return Result{Kind: Denied, Code: "access_denied", Step: alias}
	case out.Kind == Restart:
		return Result{Kind: Restarted, Step: alias}
	case out.Kind == Finished:
		return Result{Kind: Over, Screen: out.Screen, Step: alias}
	case out.Screen == nil:
		return Result{Kind: Failed, Code: out.Code, Step: alias}
	}
	return Result{Kind: Show, Screen: out.Screen, Step: alias, Refused: submitted && out.Kind == Failure, Code: out.Code}
}

func (r *Run) actionContext(alias string, s *Submission) *Context {
	c := r.context(nil, s)
	if ra := r.Realm.RequiredAction(alias); ra != nil && ra.Config != nil {
		c.Config = ra.Config
	}
	return c
}
