package page

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"golang.org/x/text/feature/plural"
)

func catalogues(t *testing.T) []*catalogue {
	t.Helper()
	all, err := loadCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 3 {
		t.Fatalf("only %d catalogues were found", len(all))
	}
	return all
}

// every language has every text, with the same placeholders in each of
// the plural forms that the language distinguishes.
func TestCataloguesAreComplete(t *testing.T) {
	all := catalogues(t)
	english := all[0]
	for _, c := range all[1:] {
		for key := range english.entries {
			if _, ok := c.entries[key]; !ok {
				t.Errorf("%s: %s is missing", c.code, key)
			}
		}
		for key := range c.entries {
			if _, ok := english.entries[key]; !ok {
				t.Errorf("%s: %s is not in %s", c.code, key, english.code)
			}
		}
	}
	for _, c := range all {
		for key, e := range c.entries {
			checkEntry(t, c, key, e, english.entries[key])
		}
	}
}

func checkEntry(t *testing.T, c *catalogue, key string, e, english entry) {
	t.Helper()
	if len(english) == 0 {
		return
	}
	if (len(e) > 1) != (len(english) > 1) {
		t.Errorf("%s: %s has plural forms in one language and none in the other", c.code, key)
		return
	}
	for form, text := range e {
		if strings.TrimSpace(text) == "" || text != strings.TrimSpace(text) {
			t.Errorf("%s: %s is empty or has blanks around it", c.code, key)
		}
		got, want := placeholders(text), placeholders(english[plural.Other])
		// A form for one fixed number may say it in words.
		if got != want && !(len(e) > 1 && (form == plural.Zero || form == plural.One || form == plural.Two)) {
			t.Errorf("%s: %s has the placeholders %q, in English %q", c.code, key, got, want)
		}
		if strings.ContainsAny(text, "<>&!") {
			t.Errorf("%s: %s has markup or shouts: %q", c.code, key, text)
		}
	}
	if len(e) == 1 {
		return
	}
	for n := range 120 {
		form := plural.Cardinal.MatchPlural(c.tag, n, 0, 0, 0, 0)
		if _, ok := e[form]; !ok {
			t.Errorf("%s: %s lacks the plural form for %d", c.code, key, n)
			return
		}
	}
}

func placeholders(text string) string {
	found := placeholder.FindAllString(text, -1)
	sort.Strings(found)
	return strings.Join(found, " ")
}

var (
	literal = regexp.MustCompile(`"([a-z][A-Za-z_.-]+)"`)
	// said are the ways to name a text in a template or in code.
	said = regexp.MustCompile(`(?:\bSay\(ctx, |\bSayText\(ctx, |@heading\(|@headingApp\(|@text\(|@small\(|@submit\(|[tT]\.Say\(|@note\("[a-z]+", |@choice\("[a-z]+", |look\{|hint: )"([^"]+)"[,) ]`)
)

// sources reads what people wrote of the packages whose texts are in the
// catalogue.
func sources(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, pattern := range []string{"*.go", "*.templ", "../console/*.go", "../console/*.templ", "../account/*.go", "../account/*.templ",
		"../relyingparty/*.go", "../relyingparty/*.templ"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no files %s: %v", pattern, err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_templ.go") || strings.HasSuffix(f, "_test.go") {
				continue
			}
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(data)
		}
	}
	return b.String()
}

// No text is left over, and no text is named that is not there.
func TestCatalogueIsUsed(t *testing.T) {
	source := sources(t)
	english := catalogues(t)[0]
	used := map[string]bool{"language.name": true}
	for _, m := range literal.FindAllStringSubmatch(source, -1) {
		used[m[1]] = true
	}
	for _, key := range derivedKeys() {
		used[key] = true
		if _, ok := english.entries[key]; !ok {
			t.Errorf("%s is named and is not in the catalogue", key)
		}
	}
	for key := range english.entries {
		if !used[key] && !strings.HasPrefix(key, "console.") { // internal/console looks at its own
			t.Errorf("%s is in the catalogue and nobody says it", key)
		}
	}
	calls := said.FindAllStringSubmatch(source, -1)
	if len(calls) < 100 {
		t.Fatalf("only %d texts were found in the sources", len(calls))
	}
	for _, m := range calls {
		if _, ok := english.entries[m[1]]; !ok && !strings.HasSuffix(m[1], ".") {
			t.Errorf("%s is said and is not in the catalogue", m[1])
		}
	}
}

// derivedKeys are the keys that are put together where they are used.
func derivedKeys() []string {
	keys := append([]string{}, fieldErrors...)
	for _, name := range errorPages {
		keys = append(keys, "error.page."+name+".heading", "error.page."+name+".text")
	}
	for _, name := range []string{"magic", "no-account", "verify", "api", "actions", "update-email", "address-taken", "email-changed",
		"otp-added", "credential-removed", "password-changed", "account-deleted", "register", "has-account", "reset", "test"} {
		keys = append(keys, "mail."+name+".subject", "mail."+name+".asked")
	}
	for _, name := range []string{"no-account", "address-taken", "test"} {
		keys = append(keys, "mail."+name+".next")
	}
	for _, name := range []string{"update-email", "address-taken", "email-changed", "test"} {
		keys = append(keys, "mail."+name+".not-you")
	}
	for _, kind := range []string{"otp", "webauthn", "webauthn-passwordless", "recovery-authn-codes"} {
		keys = append(keys, "credential."+kind)
	}
	keys = append(keys, "otp.setup.type.totp", "otp.setup.type.hotp")
	for _, name := range []string{"magic", "verify", "update-email", "email-changed", "register", "has-account", "reset", "actions"} {
		keys = append(keys, "mail."+name+".link", "mail."+name+".button")
	}
	for _, name := range []string{"username", "email", "firstName", "lastName"} {
		keys = append(keys, "profile."+name) // Keycloak's "${username}" and so on
	}
	for _, scope := range []string{"profile", "email", "address", "phone", "offlineAccess", "roles", "organization", "samlRoleList"} {
		keys = append(keys, "profile."+scope+"ScopeConsentText") // of Keycloak's built-in client scopes
	}
	for _, provider := range []string{"auth-username-form", "auth-password-form", "auth-username-password-form", "ext-magic-form", "auth-otp-form"} {
		keys = append(keys, "way."+provider)
	}
	for _, client := range []string{"account", "account-console", "admin-cli", "broker", "realm-management", "security-admin-console"} {
		keys = append(keys, "client_"+client) // the names of Keycloak's built-in clients
	}
	for key := range catalogueOf("role") { // the descriptions of Keycloak's built-in roles
		keys = append(keys, key)
	}
	return keys
}

// catalogueOf is what one of the English files says.
func catalogueOf(part string) (all map[string]any) {
	data, err := catalogueFiles.ReadFile("catalogue/" + part + ".en.json")
	if err != nil || json.Unmarshal(data, &all) != nil {
		panic(part)
	}
	return all
}

func TestPlurals(t *testing.T) {
	all := catalogues(t)
	say := func(code string, n int) string {
		for _, c := range all {
			if c.code == code {
				return (&Texts{lang: c, fallback: all[0]}).Say("time.minutes-ago", n)
			}
		}
		t.Fatalf("no catalogue %s", code)
		return ""
	}
	for _, c := range []struct {
		code string
		n    int
		want string
	}{
		{"en", 1, "1 minute ago"}, {"en", 2, "2 minutes ago"}, {"en", 0, "0 minutes ago"},
		{"de", 1, "vor 1 Minute"}, {"de", 7, "vor 7 Minuten"},
		{"ar", 1, "قبل دقيقة واحدة"}, {"ar", 2, "قبل دقيقتين"}, {"ar", 5, "قبل 5 دقائق"}, {"ar", 11, "قبل 11 دقيقة"},
	} {
		if got := say(c.code, c.n); got != c.want {
			t.Errorf("%s %d: %q, want %q", c.code, c.n, got, c.want)
		}
	}
}

func TestParseCatalogueRefuses(t *testing.T) {
	for name, data := range map[string]string{
		"not JSON":       `{`,
		"a number":       `{"a": 1}`,
		"a strange form": `{"a": {"some": "x", "other": "y"}}`,
		"no other form":  `{"a": {"one": "x"}}`,
	} {
		if _, err := parseCatalogue("en", []byte(data)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := parseCatalogue("not a language!", []byte(`{}`)); err == nil {
		t.Error("a strange language was taken")
	}
}
