package mailbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/browsertest"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

const sample = "From: \"Acme\" <login@acme.example>\r\nTo: ada@example.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n" +
	"X-Entity-Ref-ID: 42\r\nContent-Type: multipart/alternative;\r\n boundary=\"b\"\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"Open https://id.test/a?key=3Dx.y. Or (https://id.test/text).\r\n.leading dot\r\nGr=C3=BC=C3=9Fe\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"<style>p { color: teal }</style><p>Open <a href=3D\"https://id.test/a?key=3Dx.y&amp;z=3D1\">this</a> <a href=3D\"javascript:alert(1)\">not this</a>" +
	"<script>document.title =3D 'ran'</script></p>\r\n--b--\r\n"

func quiet(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// serve runs a mailbox with its SMTP server; send hands it a mail.
func serve(t testing.TB, dir string) (b *Mailbox, send func(to, raw string) error) {
	t.Helper()
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	b = New(Options{Dir: dir, Log: quiet(t), Now: func() time.Time { return at }})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- b.Serve(l) }()
	t.Cleanup(func() {
		_ = b.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return b, func(to, raw string) error {
		return smtp.SendMail(l.Addr().String(), nil, "bounces@acme.example", strings.Split(to, ","), []byte(raw))
	}
}

func mustSend(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A mail as a mail program would show it.
func TestReceive(t *testing.T) {
	b, send := serve(t, "")
	mustSend(t, send("ada@example.test", sample))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	m, err := b.Wait(ctx, func(m Mail) bool { return m.To == "ada@example.test" })
	if err != nil {
		t.Fatal(err)
	}
	if m.Subject != "Grüße" || m.From != `"Acme" <login@acme.example>` || m.EnvelopeFrom != "bounces@acme.example" || m.Header("x-entity-ref-id") != "42" || m.Size != len(m.Raw) {
		t.Errorf("%+v", m)
	}
	if m.Text != "Open https://id.test/a?key=x.y. Or (https://id.test/text).\n.leading dot\nGrüße" && m.Text != "Open https://id.test/a?key=x.y. Or (https://id.test/text).\n.leading dot\nGrüße\n" {
		t.Errorf("text %q", m.Text)
	}
	if !strings.HasPrefix(m.HTML, "<style>") || string(m.Raw) != sample {
		t.Errorf("html %q raw %q", m.HTML, m.Raw)
	}
	if want := []string{"https://id.test/a?key=x.y&z=1", "https://id.test/a?key=x.y", "https://id.test/text"}; !slices.Equal(m.Links, want) {
		t.Errorf("links %q", m.Links)
	}
}

// Wait gives what comes later, and ends with its context.
func TestWait(t *testing.T) {
	b, send := serve(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	got := make(chan Mail)
	go func() {
		m, _ := b.Wait(ctx, func(m Mail) bool { return m.To == "b@example.test" })
		got <- m
	}()
	mustSend(t, send("a@example.test", sample))
	mustSend(t, send("b@example.test", sample))
	if m := <-got; m.To != "b@example.test" {
		t.Errorf("%+v", m)
	}
	over, end := context.WithCancel(t.Context())
	end()
	if _, err := b.Wait(over, func(Mail) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Stopping and starting loses nothing; what was thrown away stays away.
func TestRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mail")
	b, send := serve(t, dir)
	for i := range 3 {
		mustSend(t, send(fmt.Sprintf("p%d@example.test", i), sample))
	}
	before := b.Messages()
	if err := os.WriteFile(filepath.Join(dir, "junk.mail"), []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, _ := serve(t, dir)
	after := again.Messages()
	if len(before) != 3 || len(after) != 3 {
		t.Fatalf("%d before, %d after", len(before), len(after))
	}
	for i := range before {
		x, y := before[i], after[i]
		if x.ID != y.ID || !x.Time.Equal(y.Time) || x.To != y.To || x.From != y.From || string(x.Raw) != string(y.Raw) || x.EnvelopeFrom != y.EnvelopeFrom || !slices.Equal(x.Links, y.Links) {
			t.Errorf("%+v became %+v", x, y)
		}
	}
	info, err := os.Stat(filepath.Join(dir, before[0].ID+extension))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v: the files hold live links", info, err)
	}
	again.Clear()
	third, _ := serve(t, dir)
	if n := len(third.Messages()); n != 0 {
		t.Errorf("%d mails after Clear", n)
	}
	if _, err := os.Stat(filepath.Join(dir, "notes.txt")); err != nil {
		t.Error("a file of somebody else's is gone")
	}
}

// A mail that cannot be kept is refused for now, so that its sender keeps it.
func TestDiskFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b, send := serve(t, filepath.Join(file, "mail"))
	if err := send("ada@example.test", sample); err == nil || !strings.Contains(err.Error(), "452") || len(b.Messages()) != 0 {
		t.Errorf("%v, %d mails", err, len(b.Messages()))
	}
}

// the newest 500 mails and 64 MiB, and none above a MiB.
func TestBounds(t *testing.T) {
	dir := t.TempDir()
	b, send := serve(t, dir)
	for i := range maxMails + 20 {
		mustSend(t, b.receive("x@y.test", []string{fmt.Sprintf("p%d@example.test", i)}, []byte("Subject: x\r\n\r\n")))
	}
	mails := b.Messages()
	files, err := os.ReadDir(dir)
	if len(mails) != maxMails || mails[0].To != "p20@example.test" || len(files) != maxMails || err != nil {
		t.Errorf("%d mails, the oldest to %s, %d files", len(mails), mails[0].To, len(files))
	}
	big := "Subject: x\r\n\r\n" + strings.Repeat(strings.Repeat("x", 998)+"\r\n", 1000)
	for range maxAllBytes/len(big) + 5 {
		mustSend(t, b.receive("x@y.test", []string{"big@example.test"}, []byte(big)))
	}
	if b.bytes > maxAllBytes {
		t.Errorf("%d bytes", b.bytes)
	}
	if err := send("ada@example.test", "Subject: x\r\n\r\n"+strings.Repeat(strings.Repeat("x", 998)+"\r\n", 1100)); err == nil || !strings.Contains(err.Error(), "552") {
		t.Errorf("a mail above the limit: %v", err)
	}
}

func get(t testing.TB, h http.Handler, method, target string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost:8025"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAPI(t *testing.T) {
	b, send := serve(t, "")
	h := b.Handler()
	if w := get(t, h, "GET", "/api/messages", nil); strings.TrimSpace(w.Body.String()) != "[]" {
		t.Errorf("%q", w.Body)
	}
	mustSend(t, send("ada@example.test", sample))
	mustSend(t, send("bob@example.test,eve@example.test", "Subject: second\r\n\r\nhello\r\n"))
	w := get(t, h, "GET", "/api/messages", nil)
	var list []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Header().Get("Content-Type") != "application/json" {
		t.Fatal(err, w.Header())
	}
	if len(list) != 2 || list[0]["to"] != "bob@example.test, eve@example.test" || list[1]["subject"] != "Grüße" || list[1]["size"] != float64(len(sample)) || list[0]["links"] == nil {
		t.Errorf("%v", list)
	}
	id := list[1]["id"].(string)
	if w := get(t, h, "GET", "/api/messages/"+id, nil); w.Code != 200 || !strings.Contains(w.Body.String(), `"https://id.test/a?key=x.y&z=1"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := get(t, h, "GET", "/messages/"+id+"/raw", nil); w.Body.String() != sample || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("%v %q", w.Header(), w.Body)
	}
	for _, path := range []string{"/api/messages/none", "/messages/none", "/messages/none/raw", "/messages/none/html", "/messages/" + list[0]["id"].(string) + "/html", "/assets/none", "/assets/..%2fdoc.go", "/none"} {
		if w := get(t, h, "GET", path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := get(t, h, "DELETE", "/api/messages", nil); w.Code != http.StatusNoContent || len(b.Messages()) != 0 {
		t.Errorf("%d, %d mails", w.Code, len(b.Messages()))
	}
}

// A stranger's page reads nothing by DNS rebinding and clears nothing.
func TestStrangers(t *testing.T) {
	b, send := serve(t, "")
	mustSend(t, send("ada@example.test", sample))
	h := b.Handler()
	for host, want := range map[string]int{"localhost": 200, "localhost:8025": 200, "127.0.0.1:8025": 200, "[::1]:8025": 200, "[::1]": 200, "mail.localhost:80": 200, "LOCALHOST": 200,
		"evil.test": 421, "evil.test:8025": 421, "127.0.0.1.evil.test": 421, "localhost.evil.test": 421, "192.168.0.1": 421, "": 421, "0.0.0.0": 421} {
		for _, path := range []string{"/", "/api/messages", "/events?x", "/messages/" + b.Messages()[0].ID + "/html"} {
			if path == "/events?x" && want == 200 {
				continue
			}
			w := get(t, h, "GET", path, func(r *http.Request) { r.Host = host })
			if w.Code != want || want != 200 && strings.Contains(w.Body.String(), "key=") {
				t.Errorf("%q %s: %d", host, path, w.Code)
			}
		}
	}
	cross := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	for _, act := range []string{"POST /clear", "DELETE /api/messages"} {
		method, path, _ := strings.Cut(act, " ")
		if w := get(t, h, method, path, cross); w.Code != http.StatusForbidden || len(b.Messages()) != 1 {
			t.Errorf("%s: %d", act, w.Code)
		}
	}
	if w := get(t, h, "POST", "/clear", nil); w.Code != http.StatusSeeOther || len(b.Messages()) != 0 {
		t.Errorf("%d", w.Code)
	}
}

// strict policies; a mail's own text is text.
func TestPages(t *testing.T) {
	b, send := serve(t, "")
	h := b.Handler()
	if w := get(t, h, "GET", "/", nil); w.Code != 200 || !strings.Contains(w.Body.String(), "No mail yet") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	mustSend(t, send("ada@example.test", strings.Replace(sample, "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "<script>alert(1)</script>", 1)))
	id := b.Messages()[0].ID
	for _, path := range []string{"/", "/messages/" + id, "/messages/" + id + "?view=text", "/messages/" + id + "?view=source", "/messages/" + id + "?view=junk"} {
		w := get(t, h, "GET", path, nil)
		body := w.Body.String()
		if w.Code != 200 || strings.Contains(body, "<script>") || strings.Contains(body, "style=") || !strings.Contains(body, "&lt;script&gt;alert(1)&lt;/script&gt;") || strings.Contains(body, "href=\"javascript") {
			t.Errorf("%s: %d %s", path, w.Code, body)
		}
		csp := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; style-src 'self'; script-src 'self'") || strings.Contains(csp, "unsafe") || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, w.Header())
		}
	}
	w := get(t, h, "GET", "/messages/"+id+"/html", nil)
	csp := w.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(csp, "sandbox allow-popups allow-popups-to-escape-sandbox; script-src 'none'; connect-src 'none'; img-src data:;") || !strings.Contains(csp, "style-src-elem 'sha256-") || !strings.Contains(csp, "frame-ancestors 'self'") {
		t.Errorf("%q", csp)
	}
	if !strings.HasPrefix(w.Body.String(), `<!DOCTYPE html><meta charset="utf-8"><base target="_blank">`) || w.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%s", w.Body)
	}
}

// Whatever comes, it becomes a mail with bounded parts.
func TestJunk(t *testing.T) {
	deep := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", 500)
	many := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 500)
	for name, raw := range map[string]string{"empty": "", "no header": "hello", "NULs": "\x00\x00\r\n\r\n\x00", "deep": deep, "many": many,
		"bad charset": "Content-Type: text/plain; charset=klingon\r\n\r\nhi\xff", "bad encoding": "Content-Transfer-Encoding: rot13\r\n\r\nhi", "bad base64": "Content-Transfer-Encoding: base64\r\n\r\n!!!!",
		"long header": "Subject: " + strings.Repeat("x", 70<<10) + "\r\n\r\nhi"} {
		m := parse([]byte(raw))
		if len(m.Text) > maxBodyBytes+3 || len(m.Subject) > maxSubject || m.Size != len(raw) {
			t.Errorf("%s: %d bytes of text", name, len(m.Text))
		}
	}
	if m := parse([]byte("Content-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdfe")); m.Text != "Grüße" {
		t.Errorf("%q", m.Text)
	}
	if m := parse([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment\r\nContent-Type: text/plain\r\n\r\nfile\r\n--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n--b--\r\n")); m.Text != "text" {
		t.Errorf("an attachment is no text: %q", m.Text)
	}
}

// junk never panics, and never becomes more than it may.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("Subject: =?utf-8?b?////?=\r\nContent-Type: text/html\r\n\r\n<a href=http://x><a href='https://\r\ny'><style>x"))
	f.Add([]byte("Content-Type: multipart/alternative; boundary=\"\"\r\n\r\n----\r\n\r\n"))
	f.Add([]byte("Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/x; boundary=b\r\n\r\n--b--"))
	f.Add([]byte(": \r\n \r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := parse(raw)
		if len(m.Text) > 3*maxBodyBytes || len(m.HTML) > 3*maxBodyBytes || len(m.Subject) > maxSubject || len(m.From) > maxSubject || len(m.Links) > maxLinks {
			t.Fatalf("%d %d %d %d", len(m.Text), len(m.HTML), len(m.Subject), len(m.Links))
		}
		for _, l := range m.Links {
			if !strings.HasPrefix(l, "http://") && !strings.HasPrefix(l, "https://") {
				t.Errorf("link %q", l)
			}
		}
		if _, err := json.Marshal(m); err != nil {
			t.Error(err)
		}
		if p := mailPolicy(m.HTML); strings.ContainsAny(p, "\r\n") || strings.Count(p, ";") != 14 {
			t.Errorf("policy %q", p)
		}
	})
}
