package flow

import (
	"latchkey"
)

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
	out, err := action.Action(r.actionContext(alias, r.Submit))
	if err != nil {
		return Result{}, err
	}
	if out.Kind == Success {
		return Result{}, r.actionDone(alias)
	}
	return r.actionResult(out, true), nil
}

// actionDone takes the action off the user.
func (r *Run) actionDone(alias string) error {
	user, err := r.Tx.LockUser(r.Login.RealmID, r.Login.UserID)
	if err != nil {
		return err
	}
	r.Login.Action = ""
	if !user.HasRequiredAction(alias) {
		return nil
	}
	user.RemoveRequiredAction(alias)
	return r.Tx.UpdateUser(user)
}

func (r *Run) actionResult(out Outcome, submitted bool) Result {
	alias := r.Login.Action
	switch {
	case out.Kind == Cancelled:
		return Result{Kind: Denied, Code: "access_denied", Step: alias}
	case out.Kind == Restart:
		return Result{Kind: Restarted, Step: alias}
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
