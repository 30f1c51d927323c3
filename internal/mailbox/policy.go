package mailbox

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"golang.org/x/net/html"
)

// maxSheets is how many style elements of a mail are let through.
const maxSheets = 20

// mailPolicy is what a mail's HTML may do: be looked at. Its links open in a
// tab of their own, outside of the sandbox. Mails are styled by attributes,
// which no directive here is about, and by style elements, which are allowed
// by their hash; everything that loads, runs or posts is shut one by one,
// because a default-src would shut the attributes, too.
func mailPolicy(mail string) string {
	policy := "sandbox allow-popups allow-popups-to-escape-sandbox; script-src 'none'; connect-src 'none'; img-src data:; font-src 'none'; " +
		"media-src 'none'; object-src 'none'; child-src 'none'; frame-src 'none'; worker-src 'none'; manifest-src 'none'; " +
		"form-action 'none'; base-uri 'none'; frame-ancestors 'self'; style-src-elem"
	sheets := styleSheets(mail)
	if len(sheets) == 0 {
		return policy + " 'none'"
	}
	for _, s := range sheets {
		sum := sha256.Sum256([]byte(s))
		policy += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return policy
}

// styleSheets gives the texts of a mail's style elements as a browser has them.
func styleSheets(mail string) []string {
	var out []string
	t := html.NewTokenizer(strings.NewReader(mail))
	for t.Next() != html.ErrorToken && len(out) < maxSheets {
		if tok := t.Token(); tok.Type != html.StartTagToken || tok.Data != "style" {
			continue
		}
		if t.Next() == html.TextToken {
			text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(t.Raw()))
			out = append(out, text)
		}
	}
	return out
}
