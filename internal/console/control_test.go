package console_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"latchkey/internal/servertest"
)

// control is one field of a form, as its page has it.
type control struct {
	name, kind, value string // kind: an input's type, "textarea" or "select"
	required, numeric bool
	locked            bool
	options           []string // of a choice, or suggested
}

// sheet is a page's form that is watched: settings that are saved, or what
// something is made of.
type sheet struct {
	*servertest.Form
	controls []control
	button   string
	bad      bool // it destroys
}

// sheetOf finds the page's sheet; nil when it has none that can be sent.
func sheetOf(p *servertest.Page) *sheet {
	doc, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		return nil
	}
	at := -1
	var out *sheet
	lists := map[string][]string{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "form":
			at++
			if _, watched := attribute(n, "data-watch"); watched && out == nil {
				out = &sheet{Form: p.Forms()[at]}
				out.read(n)
			}
		case "datalist":
			id, _ := attribute(n, "id")
			lists[id] = optionsOf(n)
		}
	}
	if out == nil || out.button == "" {
		return nil
	}
	for i, c := range out.controls {
		if list := lists[c.name+"-list"]; list != nil {
			out.controls[i].options = list
		}
	}
	return out
}

func (s *sheet) read(form *html.Node) {
	for n := range form.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		name, _ := attribute(n, "name")
		c := control{name: name, kind: n.Data}
		_, c.required = attribute(n, "required")
		_, readonly := attribute(n, "readonly")
		_, disabled := attribute(n, "disabled")
		c.locked = readonly || disabled
		switch n.Data {
		case "input":
			c.kind, _ = attribute(n, "type")
			c.value, _ = attribute(n, "value")
			mode, _ := attribute(n, "inputmode")
			c.numeric = mode == "numeric"
		case "select":
			c.options = optionsOf(n)
		case "textarea":
		case "button":
			if s.button == "" {
				s.button = strings.TrimSpace(words(n))
				class, _ := attribute(n, "class")
				s.bad = slices.Contains(strings.Fields(class), "bad")
			}
			continue
		default:
			continue
		}
		if name != "" && c.kind != "hidden" {
			s.controls = append(s.controls, c)
		}
	}
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func optionsOf(n *html.Node) (list []string) {
	for o := range n.Descendants() {
		if o.Type == html.ElementNode && o.Data == "option" {
			value, _ := attribute(o, "value")
			list = append(list, value)
		}
	}
	return list
}

func words(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// token is what is typed for the nth thing that is made; no token is part of
// another.
func token(n int) string { return fmt.Sprintf("made-%03d", n) }

// good gives a value for a field of the form for an address that is empty, by
// what it is called; ok is false for those that are left as they are.
func (w *world) good(address string, c control, n int) (value string, ok bool) {
	name := strings.ToLower(c.name)
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name, part) })
	}
	switch {
	case c.locked, c.kind == "checkbox", c.kind == "radio", c.kind == "select", c.kind == "file":
		return "", false
	case name == "file" && strings.HasSuffix(address, "/keys/import"):
		return w.certificate(), true
	case name == "file":
		return `{"roles":{"realm":[{"name":"` + token(n) + `"}]}}`, true
	case c.numeric:
		return "7", true
	case len(c.options) > 0:
		return c.options[0], true
	case c.kind == "password":
		return "a long enough secret", true
	case c.kind == "email", has("email"):
		return token(n) + "@example.test", true
	case name == "fromurl":
		return w.s.Base + "/realms/demo/.well-known/openid-configuration", true
	case name == "config/claims": // a map
		return token(n) + "=" + token(n), true
	case has("privatekey"):
		return w.privateKey(), true
	case has("certificate"):
		return "", true
	case name == "redirect_uri":
		return w.s.Base + "/realms/demo/account/", true
	case name == "client_id":
		return "account", true
	case has("annotations"):
		return "a=" + token(n), true
	case has("/scopes"):
		return "email", true
	case has("url", "uri", "issuer", "origins"):
		return "https://" + token(n) + ".example.test", true
	}
	return token(n), true
}

// privateKey makes one that can be imported.
func (w *world) privateKey() string {
	w.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
}

// certificate makes one that can be imported.
func (w *world) certificate() string {
	w.t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	made := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: w.s.Clock.Now(), NotAfter: w.s.Clock.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, made, made, public, private)
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

// fill types something good into every field that is empty, and chooses the
// first where several can be chosen.
func (w *world) fill(s *sheet, n int) {
	named := false
	for _, c := range s.controls {
		now := s.Values.Get(c.name)
		if !named && c.required && c.kind == "text" && !c.locked && !c.numeric && len(c.options) == 0 {
			named, now = true, "" // it is called by something that is found again
		}
		if c.kind == "checkbox" && c.value != "on" && now == "" && !c.locked {
			s.Values.Set(c.name, c.value)
		}
		if now != "" {
			continue
		}
		if value, ok := w.good(s.Action, c, n); ok {
			s.Values.Set(c.name, value)
		}
	}
}
