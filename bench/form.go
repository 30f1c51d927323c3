package main

import (
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// form is a form of a page: where it goes, and what its fields hold.
type form struct {
	action string
	values url.Values
	names  map[string]bool
}

func findForm(page string, fields map[string]string) (*form, error) {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil, err
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" || !strings.EqualFold(attribute(n, "method"), "post") {
			continue
		}
		f := readForm(n)
		fits := true
		for name := range fields {
			fits = fits && f.names[name]
		}
		if fits {
			return f, nil
		}
	}
	return nil, fmt.Errorf("the page has no form with %v: %.400s", fields, page)
}

func readForm(n *html.Node) *form {
	f := &form{action: attribute(n, "action"), values: url.Values{}, names: map[string]bool{}}
	pressed := false
	for d := range n.Descendants() {
		if d.Type != html.ElementNode {
			continue
		}
		name := attribute(d, "name")
		first := d.Data == "button" && !pressed // the one that Enter presses, named or not
		pressed = pressed || first
		if name == "" {
			continue
		}
		f.names[name] = true
		switch {
		case d.Data == "input" && attribute(d, "type") == "hidden":
			f.values.Set(name, attribute(d, "value"))
		case first:
			f.values.Set(name, attribute(d, "value"))
		}
	}
	return f
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
