//go:build screenshots

package browsertest_test

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"latchkey/internal/browsertest"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
)

// mostPicture is how large a picture of the documents may be, in bytes.
const mostPicture = 170_000

// TestPictures takes the pictures that README and docs/start.md show, of a
// server at the addresses that `latchkey dev` listens on by default. `make
// screenshots` runs it; it is no test.
func TestPictures(t *testing.T) {
	dir := os.Getenv("LK_SHOTS")
	if dir == "" {
		t.Fatal("LK_SHOTS does not name the folder for the pictures")
	}
	s := servertest.Start(t, servertest.With(func(c *server.Config) {
		c.Listen, c.Dev.Demo, c.Dev.Mailbox = "127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8025"
	}))
	b := browsertest.New(t)
	p := b.Open(s.LocalURL("demo"))
	p.Size(640, 600)
	p.Follow("main a.button")
	keep(t, p, dir, "sign-in")
	p.Type("#username", ada)
	p.Follow("main button.main")
	p.See("Check your email")
	keep(t, p, dir, "waiting")
	mail := s.Mail.Wait(ada)
	box := b.Open(s.LocalURL("mailbox"))
	box.Size(900, 830)
	box.See("Live")
	keep(t, box, dir, "mailbox")
	o := browsertest.New(t).Open(mail.Link)
	o.Size(640, 600)
	o.See("Someone wants to sign in")
	keep(t, o, dir, "elsewhere")
	p.Goto(mail.Link)
	p.See("You are signed in")
	keep(t, p, dir, "demo")
}

// TestConsolePictures takes those of docs/console.md and docs/flows.md: the
// screens of the story.
func TestConsolePictures(t *testing.T) {
	dir := os.Getenv("LK_SHOTS")
	if dir == "" {
		t.Fatal("LK_SHOTS does not name the folder for the pictures")
	}
	d := newDesk(t)
	d.p.Size(1120, 760)
	playStory(d, mouse{d.p}, func(name string) { keep(t, d.p, dir, "console-"+name) })
}

// keep takes a picture of the page as it stands, without a focus that blinks,
// and keeps it as name.png.
func keep(t *testing.T, p *browsertest.Page, dir, name string) {
	t.Helper()
	browsertest.Eval[*string](p, "(document.activeElement.blur(), null)")
	picture, err := png.Decode(bytes.NewReader(p.Picture("docs/" + name)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	if out.Len() > mostPicture {
		t.Errorf("%s takes %d bytes", name, out.Len())
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
