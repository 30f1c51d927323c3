package page

import "context"

// documentTitle is "Check your email · Acme".
func documentTitle(v *view) string {
	title := v.page.Title(v.texts)
	if name := v.headerName(); name != "" && name != title {
		title += " · " + isolate(name, v.texts.Dir())
	}
	return title
}

// headerName is what stands on top: the realm, or the product where there is
// none.
func (v *view) headerName() string {
	if v.meta.Realm != "" {
		return v.meta.Realm
	}
	return "Latchkey"
}

// module is the page's own module, when it may have it.
func (v *view) module() string {
	if !v.script {
		return ""
	}
	switch s := v.page.(type) {
	case scripted:
		return s.module()
	case Scripted:
		return s.Module()
	}
	return ""
}

// isBroad says that the page is a working desk.
func (v *view) isBroad() bool {
	m := v.menu()
	return m != nil && m.Head != nil
}

func (v *view) isWide() bool {
	w, ok := v.page.(wide)
	return ok && w.Wide()
}

// noteRole makes a note heard at once when something went wrong, and in turn
// when it is only news.
func noteRole(kind string) string {
	if kind == "good" {
		return "status"
	}
	return "alert"
}

// realmName is who speaks: the realm's title.
func realmName(ctx context.Context) string { return from(ctx).headerName() }

func linkLabel(p Error) string {
	if p.LinkLabel != "" {
		return p.LinkLabel
	}
	return "continue"
}

// current marks the entry of a menu that is shown.
func current(is bool) string {
	if is {
		return "page"
	}
	return "false"
}
