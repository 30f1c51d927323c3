package event

import (
	"encoding/hex"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/store"
)

// attributes are the event as a log line. Details that are, or hold, an
// address become a short keyed hash.
func attributes(tx *store.Tx, realm string, e *latchkey.Event) []slog.Attr {
	line := []slog.Attr{slog.String("type", string(e.Type)), slog.String("realm", realm)}
	add := func(key, value string) {
		if value != "" {
			line = append(line, slog.String(key, hide(tx, e.RealmID, value)))
		}
	}
	add("client", e.ClientID)
	add("user", e.UserID)
	add("session", e.SessionID)
	add("ip", e.IPAddress)
	add("error", e.Error)
	for _, key := range slices.Sorted(maps.Keys(e.Details)) {
		add("detail_"+key, e.Details[key])
	}
	return line
}

// hide puts a keyed hash in the place of a text with an address in it: lines
// about the same address can be found, the address cannot be read.
func hide(tx *store.Tx, realmID, value string) string {
	if !strings.Contains(value, "@") {
		return value
	}
	mac := tx.Keyring().MAC("address", realmID, latchkey.CanonicalAddress(value))
	return "address:" + hex.EncodeToString(mac[:6])
}
