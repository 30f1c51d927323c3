package outbox

import (
	"context"
	"strconv"
	"time"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/store"
)

// MarkFor is how long no mail goes to a mailbox that a relay said does not
// exist.
const MarkFor = 24 * time.Hour

// record writes down what became of a claim, in one short transaction. An
// operator or the end of a user may have withheld the mail while it was on its
// way, and only a hand-over overrules that: for it the row is what was claimed,
// for everything else it is read again.
func (w *Worker) record(ctx context.Context, d *decision, r result) error {
	m := d.facts.Message
	err := w.DB.Update(ctx, func(tx *store.Tx) error {
		row, err := claimed(tx, m, r)
		if err != nil {
			return err
		}
		if err := number(tx, row, r.attempts); err != nil {
			return err
		}
		if row.State != latchkey.MessageQueued && r.state != latchkey.MessageHandedOver {
			return nil
		}
		row.State, row.Reason = r.state, r.reason
		row.Recipient, row.UserID, row.MessageID = m.Recipient, m.UserID, m.MessageID
		row.ClaimedUntil = time.Time{}
		if r.round {
			row.Attempts++
		}
		if r.state == latchkey.MessageQueued {
			row.NextAttemptAt = r.again
			return tx.UpdateMessage(row)
		}
		row.Secret = ""
		if r.state == latchkey.MessageHandedOver {
			row.HandedOverAt = tx.Now()
			switch m.Kind { // the row keeps the kind that was asked for
			case latchkey.MailNoAccount:
				row.Reason = ReasonNoAccount
			case latchkey.MailAddressTaken:
				row.Reason = ReasonAddressTaken
			}
		}
		if err := tx.UpdateMessage(row); err != nil {
			return err
		}
		if r.mark != "" {
			if err := tx.MarkAddress(m.RealmID, d.key, r.mark, tx.Now().Add(MarkFor)); err != nil {
				return err
			}
		}
		return event.Record(tx, d.facts.Realm, occurrence(row, d, r))
	})
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil // deleted with its realm
	}
	return err
}

// claimed is the row of a mail whose outcome is written down.
func claimed(tx *store.Tx, m *latchkey.Message, r result) (*latchkey.Message, error) {
	if r.state != latchkey.MessageHandedOver {
		return tx.Message(m.RealmID, m.ID)
	}
	row := *m
	return &row, nil
}

// number stores the attempts behind those that are there.
func number(tx *store.Tx, row *latchkey.Message, attempts []latchkey.DeliveryAttempt) error {
	if len(attempts) == 0 {
		return nil
	}
	n := 0
	if row.Attempts > 0 {
		before, err := tx.Attempts(row.RealmID, row.ID)
		if err != nil {
			return err
		}
		n = len(before)
	}
	for i, a := range attempts {
		a.RealmID, a.MessageID, a.Number = row.RealmID, row.ID, n+i+1
		if err := tx.RecordAttempt(&a); err != nil {
			return err
		}
	}
	return nil
}

// occurrence is the event of a mail's final state. The relay's words stay in
// the attempts: they may hold an address.
func occurrence(m *latchkey.Message, d *decision, r result) latchkey.Event {
	e := latchkey.Event{UserID: m.UserID, IPAddress: m.From.IP, Details: details(m)}
	e.Details["kind"] = string(d.facts.Message.Kind)
	if d.facts.Client != nil {
		e.ClientID = d.facts.Client.ClientID
	}
	switch m.State {
	case latchkey.MessageHandedOver:
		e.Type = latchkey.EventMailHandedOver
		e.Details["relay"] = r.attempts[len(r.attempts)-1].Relay
	case latchkey.MessageWithheld:
		e.Type = latchkey.EventMailWithheld
		e.Details["reason"] = m.Reason
	default:
		e.Type = latchkey.EventMailFailed
		e.Error = string(m.State)
		if len(r.attempts) > 0 {
			last := r.attempts[len(r.attempts)-1]
			e.Details["relay"], e.Details["outcome"] = last.Relay, last.Outcome
		} else {
			e.Details["reason"] = m.Reason
		}
	}
	e.Details["attempts"] = strconv.Itoa(m.Attempts)
	return e
}

// details name a mail in an event without saying what is in it.
func details(m *latchkey.Message) map[string]string {
	d := map[string]string{"mail": m.ID, "kind": string(m.Kind)}
	if m.LoginID != "" {
		d["login"] = m.LoginID
	}
	return d
}
