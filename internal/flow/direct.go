package flow

import "latchkey"

// PrepareDirect does the slow work of every step of a login without a browser,
// outside of the transaction that Advance runs in, and gives what each of them
// prepared, by the ids of their executions; tx of the run may be read-only. No
// step has passed yet: one that wants to know who it is about looks into the
// form.
func PrepareDirect(r *Run) (map[string]any, error) {
	out := map[string]any{}
	return out, r.prepareLevel(r.Login.FlowID, 0, out)
}

func (r *Run) prepareLevel(flowID string, depth int, out map[string]any) error {
	f := r.Realm.Flow(flowID)
	if f == nil || depth > maxDepth {
		return nil
	}
	for i := range f.Executions {
		e := &f.Executions[i]
		if e.Requirement == latchkey.Disabled {
			continue
		}
		if e.FlowID != "" && !isForm(e) {
			if err := r.prepareLevel(e.FlowID, depth+1, out); err != nil {
				return err
			}
			continue
		}
		p, ok := r.Registry.Authenticator(e.Authenticator).(Preparer)
		if !ok || len(out) >= maxPrepared {
			continue
		}
		prepared, err := p.Prepare(r.context(e, nil))
		if err != nil {
			return err
		}
		out[e.ID] = prepared
	}
	return nil
}

// maxPrepared bounds the slow work of one request: what lies beyond it fails,
// as a step does that was not prepared.
const maxPrepared = 4
