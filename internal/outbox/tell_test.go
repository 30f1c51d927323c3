package outbox

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// What did not work is a warning with the realm's name and the relay's words,
// without an address.
func TestTell(t *testing.T) {
	db, _ := storetest.SQLite(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, db, latchkey.Relay{Host: "127.0.0.1", Port: port})
	var log bytes.Buffer
	h.worker.Log = slog.New(slog.NewJSONHandler(&log, nil))
	h.queue("ada@example.test", nil)
	h.round(h.worker)
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, &log)
	}
	if line["level"] != "WARN" || line["realm"] != "acme" || line["outcome"] != OutcomeUnreachable || line["reply"] != "connect: connection refused" ||
		line["state"] != string(latchkey.MessageQueued) || line["again_in"] == nil || !strings.HasSuffix(line["duration"].(string), "s") {
		t.Errorf("line %v", line)
	}

	log.Reset()
	d := &decision{facts: Facts{Message: &latchkey.Message{ID: "m"}, Realm: h.realm}}
	h.worker.tell(t.Context(), d, result{state: latchkey.MessageFailed, attempts: []latchkey.DeliveryAttempt{
		{Relay: "r:25", Outcome: OutcomeRefused, Reply: "RCPT: 550 5.1.1 <ada@example.test>: no such user", Duration: 1234 * time.Millisecond}}})
	if got := log.String(); strings.Contains(got, "example.test") || !strings.Contains(got, `550 5.1.1 <[address]>: no such user`) || !strings.Contains(got, `"1.2s"`) {
		t.Errorf("log %s", got)
	}
}

// A realm without smtpServer says so once a mail, and the mail waits.
func TestTellNoServer(t *testing.T) {
	db, _ := storetest.SQLite(t)
	h := newHouse(t, db)
	realm, client := h.newRealm("bare")
	realm.SMTP = latchkey.SMTP{}
	h.update(func(tx *store.Tx) error { return tx.UpdateRealm(realm) })
	var log bytes.Buffer
	h.worker.Log = slog.New(slog.NewTextHandler(&log, nil))
	m := h.queueIn(realm, client, "ada@example.test", nil)
	for range 3 {
		h.round(h.worker)
		h.clock.Advance(time.Minute)
	}
	if got := log.String(); strings.Count(got, "realm bare cannot send mail") != 1 || strings.Count(got, "\n") != 1 || !strings.Contains(got, "Set smtpServer") {
		t.Errorf("log %s", got)
	}
	if r := h.status(m); r.Message.State != latchkey.MessageQueued || r.Message.Reason != reasonNoServer || r.Message.Attempts != 3 {
		t.Errorf("%+v", r.Message)
	}
}
