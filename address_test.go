package latchkey_test

import (
	"errors"
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"latchkey"
)

// what is one address, and what is not.
func TestParseAddress(t *testing.T) {
	long := strings.Repeat("a", 64)
	label := strings.Repeat("d", 63)
	tests := []struct {
		name, typed string
		fault       latchkey.AddressFault // "": accepted
		want        string                // the envelope, or the normal form that is shown back
	}{
		{"plain", "ada@example.test", "", "ada@example.test"},
		{"upper case", "Ada@Example.TEST", "", "Ada@example.test"},
		{"plus and dots", "a.d+a@example.test", "", "a.d+a@example.test"},
		{"odd but legal", "o'neil/x=y_~{|}`^*&$#?-@example.test", "", "o'neil/x=y_~{|}`^*&$#?-@example.test"},
		{"three labels", "a@b.c.example.test", "", "a@b.c.example.test"},
		{"U-label", "a@exämple.test", "", "a@xn--exmple-cua.test"},
		{"A-label", "a@XN--EXMPLE-CUA.test", "", "a@xn--exmple-cua.test"},
		{"sharp s is kept", "a@straße.test", "", "a@xn--strae-oqa.test"},
		{"both sides beyond ASCII", "用户@例え.jp", "", "用户@xn--r8jz45g.jp"},
		{"longest", long + "@" + label + "." + label + "." + strings.Repeat("d", 58) + ".de", "", long + "@" + label + "." + label + "." + strings.Repeat("d", 58) + ".de"},

		{"nothing", "", latchkey.AddressMissing, ""},
		{"only spaces", "  \t", latchkey.AddressMissing, ""},
		{"two by comma", "a@b.com,c@d.com", latchkey.AddressSeveral, ""},
		{"two by semicolon", "a@b.com;c@d.com", latchkey.AddressSeveral, ""},
		{"JSON array", `["a@b.com","c@d.com"]`, latchkey.AddressSeveral, ""},
		{"group", "group: a@b.com, c@d.com;", latchkey.AddressSeveral, ""},
		{"group of one", "group:a@b.com", latchkey.AddressLocal, ""},
		{"no at", "ada", latchkey.AddressNoAt, ""},
		{"second address behind", "<aaa@bbb.com>ccc@ddd.com", latchkey.AddressNoAt, ""},
		{"quoted at", `"a@x"@b.com`, latchkey.AddressNoAt, ""},
		{"quoted space", `"a b"@b.com`, latchkey.AddressLocal, ""},
		{"name", "Name <a@b.com>", latchkey.AddressLocal, ""},
		{"comment", "a@b.com (comment)", latchkey.AddressDomain, ""},
		{"bracketed", "<a@b.com>", latchkey.AddressLocal, ""},
		{"new line and header", "a@b.com\r\nBcc: c@d.com", latchkey.AddressNoAt, ""},
		{"new line", "a@b.com\nBcc: c", latchkey.AddressDomain, ""},
		{"carriage return", "a\r@b.com", latchkey.AddressLocal, ""},
		{"NUL behind", "a@b.com\x00", latchkey.AddressDomain, ""},
		{"NUL", "a\x00@b.com", latchkey.AddressLocal, ""},
		{"not UTF-8", "a\xff@b.com", latchkey.AddressLocal, ""},
		{"not UTF-8 domain", "a@b\xff.com", latchkey.AddressDomain, ""},
		{"two dots", "a..b@c.com", latchkey.AddressLocal, ""},
		{"dot in front", ".a@c.com", latchkey.AddressLocal, ""},
		{"dot at the end", "a.@c.com", latchkey.AddressLocal, ""},
		{"nothing before", "@c.com", latchkey.AddressLocal, ""},
		{"nothing behind", "a@", latchkey.AddressDomain, ""},
		{"trailing dot", "a@b.com.", latchkey.AddressDomain, ""},
		{"one label", "a@b", latchkey.AddressDomain, ""},
		{"empty label", "a@b..com", latchkey.AddressDomain, ""},
		{"address literal", "a@[127.0.0.1]", latchkey.AddressDomain, ""},
		{"IPv6 literal", "a@[IPv6:::1]", latchkey.AddressDomain, ""},
		{"IP address", "a@127.0.0.1", latchkey.AddressDomain, ""},
		{"underscore in domain", "a@b_c.com", latchkey.AddressDomain, ""},
		{"hyphen in front", "a@-b.com", latchkey.AddressDomain, ""},
		{"space in domain", "a@b c.com", latchkey.AddressDomain, ""},
		{"false A-label", "a@xn--zzzzzzz9999.com", latchkey.AddressDomain, ""},
		{"encoded word", "=?utf-8?q?a=40evil.com=2C?=@b.com", latchkey.AddressLocal, ""},
		{"percent routing", "a%b@c.com", latchkey.AddressLocal, ""},
		{"bang routing", "a!b@c.com", latchkey.AddressLocal, ""},
		{"source route", "@a.com:b@c.com", latchkey.AddressNoAt, ""},
		{"lone mark", "\u0301@b.com", latchkey.AddressLocal, ""},
		{"long local", long + "a@b.com", latchkey.AddressLong, ""},
		{"long whole", long + "@" + label + "." + label + "." + strings.Repeat("d", 59) + ".de", latchkey.AddressLong, ""},
		{"long label", "a@" + label + "d.com", latchkey.AddressDomain, ""},
		{"very long", strings.Repeat("a", 5000) + "@b.com", latchkey.AddressLong, ""},
		{"symbol", "a😀@b.com", latchkey.AddressLocal, ""},

		{"space around", " a@b.com ", latchkey.AddressNotNormal, "a@b.com"},
		{"long s", "user@ſervice.com", latchkey.AddressNotNormal, "user@service.com"},
		{"Kelvin", "a@\u212a.com", latchkey.AddressNotNormal, "a@k.com"},
		{"Kelvin local", "\u212a@b.com", latchkey.AddressNotNormal, "K@b.com"},
		{"ideographic stop", "a@b。com", latchkey.AddressNotNormal, "a@b.com"},
		{"full width", "ａ@b.com", latchkey.AddressNotNormal, "a@b.com"},
		{"full width at", "a＠b.com", latchkey.AddressNotNormal, "a@b.com"},
		{"small at that folds to a second one", "a@evil.com﹫b.com", latchkey.AddressDomain, ""},
		{"zero width space", "a\u200b@b.com", latchkey.AddressNotNormal, "a@b.com"},
		{"zero width in the domain", "a@b\u200b.com", latchkey.AddressNotNormal, "a@b.com"},
		{"bidi override", "a@b.com\u202e", latchkey.AddressNotNormal, "a@b.com"},
		{"soft hyphen", "a\u00ad@b.com", latchkey.AddressNotNormal, "a@b.com"},
		{"Hangul filler", "a\u3164@b.com", latchkey.AddressNotNormal, "a@b.com"},
		{"variation selector", "a\ufe0f@b.com", latchkey.AddressNotNormal, "a@b.com"},
		{"decomposed", "jose\u0301@b.com", latchkey.AddressNotNormal, "jos\u00e9@b.com"},
		{"capital beyond ASCII", "a@EXÄMPLE.test", latchkey.AddressNotNormal, "a@exämple.test"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, err := latchkey.ParseAddress(test.typed)
			if test.fault == "" {
				if err != nil {
					t.Fatalf("ParseAddress(%q): %v", test.typed, err)
				}
				if a.Envelope() != test.want || a.Typed != test.typed {
					t.Errorf("ParseAddress(%q) = %+v, want envelope %q", test.typed, a, test.want)
				}
				return
			}
			if err == nil {
				t.Fatalf("ParseAddress(%q) = %+v, want fault %s", test.typed, a, test.fault)
			}
			var e *latchkey.Error
			if !errors.As(err, &e) || e.Code != latchkey.CodeInvalid || e.Field != "username" || e.Message == "" {
				t.Errorf("the error %#v does not name the field in a sentence", err)
			}
			var fault latchkey.AddressFault
			if errors.As(err, &fault); fault != test.fault {
				t.Errorf("fault %s, want %s", fault, test.fault)
			}
			if normal, _ := latchkey.NormalAddress(test.typed); normal != test.want {
				t.Errorf("NormalAddress(%q) = %q, want %q", test.typed, normal, test.want)
			}
			if test.want != "" && !strings.Contains(e.Message, test.want) {
				t.Errorf("the sentence %q does not show %q", e.Message, test.want)
			}
		})
	}
}

// which addresses are one account.
func TestCanonicalAddress(t *testing.T) {
	tests := []struct{ address, canonical, folded string }{
		{"Ada@Example.TEST", "ada@example.test", "ada@example.test"},
		{"A.d.a+News@Example.test", "a.d.a+news@example.test", "ada@example.test"},
		{"+a@example.test", "+a@example.test", "+a@example.test"},
		{"a@exämple.test", "a@xn--exmple-cua.test", "a@xn--exmple-cua.test"},
		{"a@EXÄMPLE.test", "a@xn--exmple-cua.test", "a@xn--exmple-cua.test"},
		{"JOSÉ@b.com", "josÉ@b.com", "josÉ@b.com"}, // ASCII case only
		{"jose\u0301@b.com", "jos\u00e9@b.com", "jos\u00e9@b.com"},
		{"user@ſervice.com", "user@service.com", "user@service.com"},
		{"H\u0331@b.com", "\u1e96@b.com", "\u1e96@b.com"},
		{"service-account-x", "service-account-x", "service-account-x"},
		{"a@not a domain", "a@not a domain", "a@not a domain"},
		{"", "", ""},
	}
	for _, test := range tests {
		if got := latchkey.CanonicalAddress(test.address); got != test.canonical {
			t.Errorf("CanonicalAddress(%q) = %q, want %q", test.address, got, test.canonical)
		}
		if got := latchkey.FoldedAddress(test.address); got != test.folded {
			t.Errorf("FoldedAddress(%q) = %q, want %q", test.address, got, test.folded)
		}
	}
}

// a long domain costs no more than a long text: mapping it would take
// many seconds for a whole form.
func TestCanonicalAddressOfLongDomains(t *testing.T) {
	var domain strings.Builder
	for r := rune(0x4E00); r < 0xD7A4; r++ { // all different: the worst case
		if unicode.IsLetter(r) {
			domain.WriteRune(r)
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		latchkey.CanonicalAddress("a@" + domain.String() + ".com")
	}()
	select {
	case <-done: // within milliseconds
	case <-time.After(3 * time.Second):
		t.Fatal("the domain was mapped")
	}
	checkAddress(t, "a@"+domain.String()+".com")
	hangul := strings.Repeat(strings.Repeat("\u1112\u1161\u11ab", 50)+".", 4) + "com" // shorter once it is composed
	checkAddress(t, "a@"+hangul)
}

// what a stranger's browser is shown.
func TestMaskAddress(t *testing.T) {
	for address, want := range map[string]string{
		"ada@example.test": "a•••@example.test",
		"a@example.test":   "a•••@example.test",
		"e\u0301a@b.test":  "e\u0301•••@b.test",
		"用户@例え.jp":         "用•••@例え.jp",
		"@b.test":          "•••@b.test",
		"\xff@b.test":      "•••@b.test",
		"ada":              "•••",
		"":                 "•••",
	} {
		if got := latchkey.MaskAddress(address); got != want {
			t.Errorf("MaskAddress(%q) = %q, want %q", address, got, want)
		}
	}
}

// checkAddress holds what is true of any text, accepted or not.
func checkAddress(t interface{ Fatalf(string, ...any) }, typed string) {
	canonical, folded := latchkey.CanonicalAddress(typed), latchkey.FoldedAddress(typed)
	if again := latchkey.CanonicalAddress(canonical); again != canonical {
		t.Fatalf("canonical of %q is %q, and of that %q", typed, canonical, again)
	}
	if again := latchkey.FoldedAddress(folded); again != folded {
		t.Fatalf("folded of %q is %q, and of that %q", typed, folded, again)
	}
	if got := latchkey.FoldedAddress(canonical); got != folded {
		t.Fatalf("folded of %q is %q, and by way of its canonical form %q", typed, folded, got)
	}
	latchkey.MaskAddress(typed)
	a, err := latchkey.ParseAddress(typed)
	if err != nil {
		if normal, ok := latchkey.NormalAddress(typed); ok {
			if _, err := latchkey.ParseAddress(normal); err != nil {
				t.Fatalf("the normal form %q of %q is refused: %v", normal, typed, err)
			}
		}
		return
	}
	if a.Canonical() != canonical {
		t.Fatalf("%q parses to canonical %q, CanonicalAddress gives %q", typed, a.Canonical(), canonical)
	}
	envelope := a.Envelope()
	if !utf8.ValidString(envelope) || strings.ContainsFunc(envelope, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		t.Fatalf("envelope %q of %q", envelope, typed)
	}
	parsed, err := mail.ParseAddress("<" + envelope + ">")
	if err != nil || parsed.Address != envelope || parsed.Name != "" {
		t.Fatalf("envelope %q of %q does not come back from an RFC 5322 parser: %v, %v", envelope, typed, parsed, err)
	}
	again, err := latchkey.ParseAddress(envelope)
	if err != nil || again.Envelope() != envelope {
		t.Fatalf("envelope %q of %q is not itself an address: %v", envelope, typed, err)
	}
	if len(envelope) > 254 || strings.ContainsAny(envelope, "<>(),;:\\\"[]%!") {
		t.Fatalf("envelope %q of %q", envelope, typed)
	}
}

func genAddress() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{"a", "A", "b", "K", "\u212a", "ſ", ".", "..", "+", "-", "@", "@", "example", "com", "TEST", "ä", "a\u0308",
		"H\u0331", "ß", "。", "ａ", "\u200b", "\u202e", "xn--exmple-cua", "xn--", "用", "й", "ı", "İ", "\u3164", " ", "%", "\x00", "\xff", "\n", ",", "=?", "1", "\u05d0", "\u0661"})
	return rapid.Map(rapid.SliceOfN(piece, 0, 12), func(p []string) string { return strings.Join(p, "") })
}

// canonical and folded forms are fixed points, and whatever is
// accepted is exactly one recipient.
func TestAddressProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkAddress(t, genAddress().Draw(t, "typed")) })
	rapid.Check(t, func(t *rapid.T) {
		local := rapid.StringMatching(`[a-zA-Z0-9+_-]{1,8}(\.[a-zA-Z0-9+_-]{1,8}){0,2}`).Draw(t, "local")
		domain := rapid.StringMatching(`[a-zA-Z0-9]{1,8}(\.[a-zA-Z0-9]{1,8}){0,2}\.[a-zA-Z]{2,5}`).Draw(t, "domain")
		if _, err := latchkey.ParseAddress(local + "@" + domain); err != nil {
			t.Fatalf("refused %s@%s: %v", local, domain, err)
		}
	})
}

// two accepted addresses are one account exactly when they are one
// recipient, but for the case of ASCII letters in the local part.
func TestAddressesEqualWhenDelivered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, errA := latchkey.ParseAddress(genAddress().Draw(t, "a"))
		b, errB := latchkey.ParseAddress(genAddress().Draw(t, "b"))
		if errA != nil || errB != nil {
			return
		}
		delivered := strings.ToUpper(a.Envelope()) == strings.ToUpper(b.Envelope())
		if same := a.Canonical() == b.Canonical(); same && !delivered {
			t.Fatalf("%q and %q are one account and two recipients", a.Typed, b.Typed)
		}
	})
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"ada@example.test", "Name <a@b.com>", `"a@x"@b.com`, "=?utf-8?q?a=40evil.com=2C?=@b.com", "a@[127.0.0.1]",
		"user@ſervice.com", "a@\u212a.com", "a@b。com", "a\u200b@b.com", "a@b.com\u202e", "用户@例え.jp", "H\u0331@xn--exmple-cua.test", "a@b.com\r\nBcc: c@d.com", "ß@straße.de", "a@xn--a.com"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) { checkAddress(t, typed) })
}
