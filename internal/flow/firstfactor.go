package flow

import (
	"time"

	"latchkey"
)

// PassFirstFactor marks as passed what asks a person of the login's flow for
// a name and a first proof: the mailed link where the flow has one, else its
// name and password forms. A link that was made by the API, or for the first
// administrator, takes that place; conditions, second factors and required
// actions are met as always.
func PassFirstFactor(snap *latchkey.Snapshot, l *latchkey.Login, now time.Time) {
	if !passMail(snap, l, now) {
		passSteps(snap, l, now, latchkey.AuthUsernamePasswordForm, latchkey.AuthUsernameForm, latchkey.AuthPasswordForm)
	}
}

// passMail marks as passed what asks for the proof of a mailbox, and says
// whether the flow has such a step.
func passMail(snap *latchkey.Snapshot, l *latchkey.Login, now time.Time) bool {
	return passSteps(snap, l, now, latchkey.AuthMagicLink)
}

func passSteps(snap *latchkey.Snapshot, l *latchkey.Login, now time.Time, providers ...string) (found bool) {
	for _, provider := range providers {
		for _, e := range executionsOf(snap, l.FlowID, provider, 0) {
			if l.Executions == nil {
				l.Executions = map[string]latchkey.ExecutionStatus{}
			}
			if l.PassedAt == nil {
				l.PassedAt = map[string]time.Time{}
			}
			l.Executions[e.ID], l.PassedAt[e.ID] = latchkey.StatusSuccess, now
			found = true
		}
	}
	return found
}

// executionsOf lists the enabled executions of a provider in a flow and its
// sub-flows.
func executionsOf(snap *latchkey.Snapshot, flowID, provider string, depth int) []*latchkey.Execution {
	f := snap.Flow(flowID)
	if f == nil || depth > maxDepth {
		return nil
	}
	var out []*latchkey.Execution
	for i := range f.Executions {
		e := &f.Executions[i]
		switch {
		case e.Requirement == latchkey.Disabled:
		case e.FlowID != "":
			out = append(out, executionsOf(snap, e.FlowID, provider, depth+1)...)
		case e.Authenticator == provider:
			out = append(out, e)
		}
	}
	return out
}
