package console

import "slices"

// realmTabs are the tabs of the realm's settings, by the last part of their
// addresses.
var realmTabs = []string{"general", "email"}

func realmSettingRows() []row {
	return slices.Concat(
		[]row{{method: "GET", path: "realm-settings", handle: func(v *visit) error { return v.to("realm-settings", "general") }}},
		realmForm("general", general).rows(),
	)
}

// realmForm is a tab of the realm's settings: a form over the realm itself.
func realmForm(tab string, sections func(*visit, map[string]any) []section) form {
	return form{
		path: "realm-settings/" + tab, menu: "realm-settings", prefix: "console.realm",
		api:      func(*visit) string { return "" },
		may:      []string{"manage-realm"},
		sections: sections,
		top:      func(v *visit, _ map[string]any) top { return realmTop(v, tab) },
	}
}

// realmTop is what stands above every tab of the realm's settings.
func realmTop(v *visit, current string) top {
	t := top{Title: "console.realm-settings", Intro: "console.realm-settings." + current}
	for _, name := range realmTabs {
		t.Tabs = append(t.Tabs, tab{"console.realm-settings.tab." + name, v.path("realm-settings", name), name == current})
	}
	return t
}

func general(*visit, map[string]any) []section {
	return []section{{Settings: []setting{
		{At: "realm", Kind: kindText, Required: true, LTR: true},
		{At: "displayName", Kind: kindText},
		{At: "enabled", Kind: kindFlag},
	}}}
}
