package page

import (
	"regexp"
	"strings"
	"testing"
)

// tokens reads the custom properties of the stylesheet for one scheme.
func tokens(t *testing.T, css string, dark bool) map[string]rgb {
	t.Helper()
	light, night, ok := strings.Cut(css, "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("the stylesheet has no dark scheme")
	}
	text := light
	if dark {
		text = night
	}
	block := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindStringSubmatch(text)
	if block == nil {
		t.Fatal("the stylesheet has no tokens")
	}
	found := map[string]rgb{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(block[1], -1) {
		c, ok := parseColour(m[2])
		if !ok {
			t.Fatalf("%s is no colour", m[2])
		}
		found[m[1]] = c
	}
	if len(found) < 11 {
		t.Fatalf("only %d tokens were found", len(found))
	}
	return found
}

// WCAG 2.2 AA: 1.4.3 for every text on every ground that it stands on, 1.4.11
// for the edges of fields and buttons and for the focus ring. R-176.
func TestTokensContrast(t *testing.T) {
	css := string(loadResources().files["latchkey.css"])
	for name, dark := range map[string]bool{"light": false, "dark": true} {
		c := tokens(t, css, dark)
		for _, ground := range []string{"paper", "raised"} {
			for _, ink := range []string{"ink", "soft", "faint", "accent", "warn", "bad", "good"} {
				if r := contrast(c[ink], c[ground]); r < 4.5 {
					t.Errorf("%s: %s on %s is %.2f:1, want 4.5", name, ink, ground, r)
				}
			}
			for _, edge := range []string{"edge", "accent", "bad"} {
				if r := contrast(c[edge], c[ground]); r < 3 {
					t.Errorf("%s: %s against %s is %.2f:1, want 3", name, edge, ground, r)
				}
			}
		}
		if r := contrast(c["accent-ink"], c["accent"]); r < 4.5 {
			t.Errorf("%s: the ink of a button is %.2f:1, want 4.5", name, r)
		}
	}
}

// Whatever colour a realm chooses can be read, on both grounds of both
// schemes, and so can what stands on it.
func TestAccentContrast(t *testing.T) {
	css := string(loadResources().files["latchkey.css"])
	day, night := tokens(t, css, false), tokens(t, css, true)
	if day["paper"] != lightGround || night["raised"] != darkGround {
		t.Fatal("accent.go and the stylesheet differ about the grounds")
	}
	pair := regexp.MustCompile(`--accent:(#[0-9a-f]{6});--accent-ink:(#[0-9a-f]{3,6})`)
	for _, hex := range []string{"000000", "ffffff", "ffb000", "0b5d4e", "ff0000", "00ff00", "0000ff", "777777", "123456", "fedcba"} {
		sheet, ok := accentSheet("accent-" + hex + ".css")
		if !ok {
			t.Fatalf("%s was refused", hex)
		}
		found := pair.FindAllStringSubmatch(string(sheet), -1)
		if len(found) != 2 {
			t.Fatalf("%s: %s", hex, sheet)
		}
		for i, grounds := range []map[string]rgb{day, night} {
			accent, _ := parseColour(found[i][1])
			ink, ok := parseColour(strings.Replace(found[i][2], "#fff", "#ffffff", 1))
			if !ok {
				t.Fatalf("%s: the ink %s", hex, found[i][2])
			}
			for _, ground := range []string{"paper", "raised"} {
				if r := contrast(accent, grounds[ground]); r < 4.5 {
					t.Errorf("%s becomes %s, %.2f:1 on %s", hex, accent, r, ground)
				}
			}
			if r := contrast(ink, accent); r < 4.5 {
				t.Errorf("%s: ink on it is %.2f:1", hex, r)
			}
		}
	}
}

func FuzzAccentSheet(f *testing.F) {
	for _, seed := range []string{"accent-0b5d4e.css", "accent-#b5d4e.css", "accent-}body{.css", "accent-+12345.css", "accent-0B5D4E.css"} {
		f.Add(seed)
	}
	shape := regexp.MustCompile(`^:root\{--accent:#[0-9a-f]{6};--accent-ink:#fff\}@media \(prefers-color-scheme:dark\)\{:root\{--accent:#[0-9a-f]{6};--accent-ink:#101114\}\}\n$`)
	f.Fuzz(func(t *testing.T, name string) {
		sheet, ok := accentSheet(name)
		if ok != regexp.MustCompile(`^accent-[0-9a-fA-F]{6}\.css$`).MatchString(name) {
			t.Errorf("accentSheet(%q) = %v", name, ok)
		}
		if ok && !shape.Match(sheet) {
			t.Errorf("accentSheet(%q) = %s", name, sheet)
		}
	})
}

func TestContrastFormula(t *testing.T) {
	if r := contrast(rgb{}, rgb{255, 255, 255}); r < 20.99 || r > 21.01 {
		t.Errorf("black on white is %.2f", r)
	}
	// WebAIM's well-known border case.
	if r := contrast(rgb{0x76, 0x76, 0x76}, rgb{255, 255, 255}); r < 4.5 || r > 4.6 {
		t.Errorf("#767676 on white is %.2f", r)
	}
}
