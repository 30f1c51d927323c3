package servertest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Title is the document's title.
func (p *Page) Title() string { return textOf(p.find("title")) }

// Heading is the first heading.
func (p *Page) Heading() string { return textOf(p.find("h1")) }

// Text is what people can read of the page's body, with single blanks.
func (p *Page) Text() string { return textOf(p.find("body")) }

// Has says whether people can read the words on the page.
func (p *Page) Has(words string) bool {
	return strings.Contains(p.Text(), strings.Join(strings.Fields(words), " "))
}

// Links gives the addresses of the page's links, whole.
func (p *Page) Links() []string {
	var out []string
	for _, a := range p.all("a") {
		if href := attr(a, "href"); href != "" {
			out = append(out, p.resolve(href))
		}
	}
	return out
}

// Link gives the address of the link with the words; empty when there is none.
func (p *Page) Link(words string) string {
	for _, a := range p.all("a") {
		if strings.Contains(textOf(a), words) {
			return p.resolve(attr(a, "href"))
		}
	}
	return ""
}

// Click follows the link with the words.
func (p *Page) Click(words string) *Page {
	p.b.t.Helper()
	link := p.Link(words)
	if link == "" {
		p.b.t.Fatalf("the page %q has no link %q:\n%s", p.Title(), words, p.Text())
	}
	p.b.at = p.URL
	return p.b.Do(http.MethodGet, link, nil)
}

// Reload opens the page's address again.
func (p *Page) Reload() *Page {
	p.b.t.Helper()
	return p.b.Do(http.MethodGet, p.URL.String(), nil)
}

// Forms gives every form of the page.
func (p *Page) Forms() []*Form {
	var out []*Form
	for _, n := range p.all("form") {
		out = append(out, newForm(p, n))
	}
	return out
}

// Form gives the nth form, from 0.
func (p *Page) Form(n int) *Form {
	p.b.t.Helper()
	forms := p.Forms()
	if n >= len(forms) {
		p.b.t.Fatalf("the page %q has %d forms, not %d:\n%s", p.Title(), len(forms), n+1, p.Text())
	}
	return forms[n]
}

// FormWith gives the form that has a field, or a button, of that name.
func (p *Page) FormWith(name string) *Form {
	p.b.t.Helper()
	for _, f := range p.Forms() {
		if f.fields[name] {
			return f
		}
	}
	p.b.t.Fatalf("the page %q has no form with %s:\n%s", p.Title(), name, p.Text())
	return nil
}

// Error is what the page says is wrong with the field; empty when nothing is.
func (p *Page) Error(field string) string {
	for _, n := range p.all("p") {
		if attr(n, "id") == field+"-error" {
			return textOf(n)
		}
	}
	return ""
}

// Press presses the button with the words.
func (p *Page) Press(words string) *Page {
	p.b.t.Helper()
	for _, f := range p.Forms() {
		for _, button := range f.buttons {
			if strings.Contains(button.words, words) {
				return f.press(button)
			}
		}
	}
	p.b.t.Fatalf("the page %q has no button %q:\n%s", p.Title(), words, p.Text())
	return nil
}

// Form is a form of a page, being filled in.
type Form struct {
	Action string // whole
	Method string
	Values url.Values

	page    *Page
	fields  map[string]bool
	buttons []button
	parts   bool // it is sent as multipart/form-data
}

// button is a button of a form, with what it sends.
type button struct{ words, name, value, action string }

func newForm(p *Page, n *html.Node) *Form {
	f := &Form{Method: strings.ToUpper(attr(n, "method")), Action: p.resolve(attr(n, "action")),
		Values: url.Values{}, page: p, fields: map[string]bool{}, parts: attr(n, "enctype") == "multipart/form-data"}
	if f.Method == "" {
		f.Method = http.MethodGet
	}
	walk(n, func(c *html.Node) {
		name := attr(c, "name")
		switch c.Data {
		case "input":
			f.input(c, name)
		case "textarea":
			f.field(name, written(c))
		case "select":
			f.field(name, chosen(c))
		case "button":
			f.fields[name] = true
			f.buttons = append(f.buttons, button{textOf(c), name, attr(c, "value"), attr(c, "formaction")})
		}
	})
	return f
}

func (f *Form) input(c *html.Node, name string) {
	switch attr(c, "type") {
	case "submit":
		f.fields[name] = true
		f.buttons = append(f.buttons, button{attr(c, "value"), name, attr(c, "value"), attr(c, "formaction")})
	case "checkbox", "radio":
		f.fields[name] = true
		if hasAttr(c, "checked") {
			value := attr(c, "value")
			if value == "" {
				value = "on"
			}
			f.Values.Add(name, value)
		}
	default:
		f.field(name, attr(c, "value"))
	}
}

func (f *Form) field(name, value string) {
	if name != "" {
		f.fields[name] = true
		f.Values.Set(name, value)
	}
}

// written is what stands in a field of several lines, as it is.
func written(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(c.Data)
	}
	return b.String()
}

func chosen(n *html.Node) string {
	value, first := "", true
	walk(n, func(c *html.Node) {
		if c.Data == "option" && (first || hasAttr(c, "selected")) {
			value, first = attr(c, "value"), false
		}
	})
	return value
}

// Has says whether the form has a button with these words, or with this name or
// name=value.
func (f *Form) Has(words string) bool {
	return slices.ContainsFunc(f.buttons, func(b button) bool { return b.is(words) })
}

// HasButton says whether the form can be sent by a button.
func (f *Form) HasButton() bool { return len(f.buttons) > 0 }

func (b button) is(words string) bool {
	return strings.Contains(b.words, words) || b.name == words || b.name+"="+b.value == words
}

// Fields are the names of the form's fields, in order.
func (f *Form) Fields() []string {
	names := slices.Sorted(maps.Keys(f.fields))
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// Set fills in a field, which the form must have.
func (f *Form) Set(name, value string) *Form {
	f.page.b.t.Helper()
	if !f.fields[name] {
		f.page.b.t.Fatalf("the form on %q has no field %s: %v", f.page.Title(), name, f.fields)
	}
	f.Values.Set(name, value)
	return f
}

// Submit sends the form as Enter does: with its first button.
func (f *Form) Submit() *Page {
	f.page.b.t.Helper()
	if len(f.buttons) > 0 {
		return f.press(f.buttons[0])
	}
	return f.press(button{})
}

// Press sends the form with the button that has these words, or this name or
// name=value.
func (f *Form) Press(words string) *Page {
	f.page.b.t.Helper()
	for _, b := range f.buttons {
		if b.is(words) {
			return f.press(b)
		}
	}
	f.page.b.t.Fatalf("the form on %q has no button %q", f.page.Title(), words)
	return nil
}

func (f *Form) press(b button) *Page {
	f.page.b.t.Helper()
	values := url.Values{}
	for k, v := range f.Values {
		values[k] = slices.Clone(v)
	}
	if b.name != "" {
		values.Set(b.name, b.value)
	}
	action := f.Action
	if b.action != "" {
		action = f.page.resolve(b.action)
	}
	f.page.b.at = f.page.URL
	if f.parts {
		return f.page.b.Do(f.Method, action, values, "Content-Type: "+multipart)
	}
	return f.page.b.Do(f.Method, action, values)
}

func (p *Page) resolve(ref string) string {
	u, err := p.URL.Parse(ref)
	if err != nil {
		return ref
	}
	return u.String()
}

func (p *Page) find(tag string) *html.Node {
	if list := p.all(tag); len(list) > 0 {
		return list[0]
	}
	return nil
}

func (p *Page) all(tag string) []*html.Node {
	var out []*html.Node
	walk(p.doc, func(n *html.Node) {
		if n.Data == tag {
			out = append(out, n)
		}
	})
	return out
}

// walk visits every element.
func walk(n *html.Node, visit func(*html.Node)) {
	if n == nil {
		return
	}
	if n.Type == html.ElementNode {
		visit(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, visit)
	}
}

// textOf is the text below a node that people can see, with single blanks.
func textOf(n *html.Node) string {
	var b strings.Builder
	var collect func(*html.Node)
	collect = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style" || n.Data == "template" || hasAttr(n, "hidden")) {
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			collect(c)
		}
		if n.Type == html.ElementNode && !inline[n.Data] {
			b.WriteByte(' ')
		}
	}
	if n != nil {
		collect(n)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// inline are elements whose text runs on into what follows.
var inline = map[string]bool{"a": true, "b": true, "bdi": true, "code": true, "em": true, "i": true, "small": true, "span": true, "strong": true, "time": true}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}
