package main

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"latchkey/internal/servertest"
	"latchkey/internal/store/storetest"
)

// a link that was used after the backup was taken is dead when the
// backup is restored as documented, and so is its code; people begin again.
func TestRestore(t *testing.T) {
	for name, kind := range map[string]struct {
		database func(testing.TB) string
		copied   func(*testing.T, string) string
	}{
		"sqlite":   {storetest.SQLiteURL, copySQLite},
		"postgres": {storetest.PostgresURL, copyPostgres},
	} {
		t.Run(name, func(t *testing.T) {
			box, relay := servertest.Inbox(t)
			w := newWorld(t, kind.database(t), relay)
			p := w.run()
			b := p.visit()
			waiting := b.Get(authorize()).FormWith("username").Set("username", "ada@example.test").Submit()
			mail := box.Wait("ada@example.test")
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}
			backup := kind.copied(t, w.database)

			p = w.run()
			first := b.Copy().Through(p.visit())
			f := first.Get(mail.Link).Form(0)
			if o := send(first, http.MethodPost, f.Action, f.Values); o.code == "" {
				t.Fatalf("the link does not work: %s", o.end())
			}
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}

			w.database = backup
			if out, err := w.command("admin", "void-links", "--db", backup); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			p = w.run()
			b.Through(p.visit())
			typed := waiting.FormWith("code").Set("code", mail.Code)
			if o := send(b.Copy(), http.MethodPost, typed.Action, typed.Values); o.err != nil || o.code != "" || o.session {
				t.Errorf("the code works after the restore: %s", o.end())
			}
			page := b.Copy().Get(mail.Link)
			for _, form := range page.Forms() {
				o := send(b.Copy(), http.MethodPost, form.Action, url.Values{"session_code": form.Values["session_code"]})
				if o.err != nil || o.code != "" || o.session {
					t.Errorf("the link works after the restore: %s", o.end())
				}
			}
			if page.Status < 400 {
				t.Errorf("%d %s", page.Status, page.Text())
			}
			again := p.visit()
			again.Get(authorize()).FormWith("username").Set("username", "ada@example.test").Submit()
			f = again.Get(box.Wait("ada@example.test").Link).Form(0)
			if o := send(again, http.MethodPost, f.Action, f.Values); o.code == "" {
				t.Errorf("a new mail does not work: %s", o.end())
			}
		})
	}
}

// command runs the program with the world's key.
func (w *world) command(args ...string) (string, error) {
	path, err := built()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(w.t.Context(), path, args...)
	cmd.Env = []string{"LK_MASTER_KEY=" + storetest.MasterKey.Reveal(), "HOME=" + w.t.TempDir()}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// copySQLite copies the file of a server that has stopped.
func copySQLite(t *testing.T, from string) string {
	data, err := os.ReadFile(strings.TrimPrefix(from, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	to := storetest.SQLiteURL(t)
	if err := os.WriteFile(strings.TrimPrefix(to, "sqlite:"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// copyPostgres copies the database of a server that has stopped.
func copyPostgres(t *testing.T, from string) string {
	u, err := url.Parse(from)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	conn, err := pgx.Connect(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	to := storetest.PostgresURL(t)
	other, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	copied := strings.TrimPrefix(other.Path, "/")
	for _, text := range []string{`DROP DATABASE "` + copied + `"`, `CREATE DATABASE "` + copied + `" TEMPLATE "` + name + `"`} {
		if _, err := conn.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	return to
}
