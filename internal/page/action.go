package page

import (
	"context"
	"regexp"
	"strings"
)

// termsText is the operator's text in paragraphs, which empty lines part. A
// text that is "${key}" is the catalogue's; a key that it lacks is no text
// that anybody could agree to.
func termsText(ctx context.Context, text string) (paragraphs []string) {
	if key, ok := catalogueKey(strings.TrimSpace(text)); ok {
		if text = ""; from(ctx).texts.Has(key) {
			text = SayText(ctx, key)
		}
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for _, one := range blankLines.Split(text, -1) {
		if one = strings.TrimSpace(visible(one)); one != "" {
			paragraphs = append(paragraphs, one)
		}
	}
	return paragraphs
}

var blankLines = regexp.MustCompile(`\n[ \t]*\n`)
