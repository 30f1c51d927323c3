package event

import (
	"log/slog"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// Record writes the event down. It fills in id, realm and time, stores the
// event when the realm keeps events of that type, and logs one line once the
// transaction is committed. Events of the mail's life are always stored: an
// operator must be able to say what became of a mail.
func Record(tx *store.Tx, realm *latchkey.Realm, e latchkey.Event) error {
	e.ID, e.RealmID, e.Time = secret.NewID(), realm.ID, tx.Now()
	line := attributes(tx, realm.Name, &e)
	tx.AfterCommit(func() { slog.Default().LogAttrs(tx.Context(), level(e), "event", line...) })
	if !kept(realm, e.Type) {
		return nil
	}
	return tx.CreateEvent(&e)
}

// RecordAdmin writes down what an administrator did, and logs it (see
// [LogAdmin]). It fills in id and time; whether the realm keeps admin events,
// and with their representation, is the caller's to ask, because the
// representation costs work to make.
func RecordAdmin(tx *store.Tx, e *latchkey.AdminEvent) error {
	e.ID, e.Time = secret.NewID(), tx.Now()
	LogAdmin(tx, e)
	return tx.CreateAdminEvent(e)
}

// LogAdmin logs one line of what an administrator did, once the transaction is
// committed.
func LogAdmin(tx *store.Tx, e *latchkey.AdminEvent) {
	line := []slog.Attr{
		slog.String("realm_id", e.RealmID), slog.String("operation", e.OperationType),
		slog.String("resource", e.ResourceType), slog.String("path", e.ResourcePath),
		slog.String("by_realm", e.AuthRealmID), slog.String("by_user", e.AuthUserID), slog.String("ip", e.AuthIPAddress),
	}
	if e.Error != "" {
		line = append(line, slog.String("error", e.Error))
	}
	tx.AfterCommit(func() { slog.Default().LogAttrs(tx.Context(), slog.LevelInfo, "admin event", line...) })
}

// mailLife are the types that are stored whatever the realm is set to.
var mailLife = []string{"MAIL_", "LINK_", "CODE_REFUSED"}

func kept(realm *latchkey.Realm, t latchkey.EventType) bool {
	for _, prefix := range mailLife {
		if strings.HasPrefix(string(t), prefix) {
			return true
		}
	}
	return realm.EventsEnabled && (len(realm.EnabledEventTypes) == 0 || slices.Contains(realm.EnabledEventTypes, string(t)))
}

// level is a warning for what an operator, or a developer who wonders why no
// mail came, should see.
func level(e latchkey.Event) slog.Level {
	limited := e.Type == latchkey.EventMailWithheld && strings.HasPrefix(e.Details["reason"], "limit")
	if e.Error != "" || limited {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
