package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// AccentAttribute is the realm attribute with the realm's own colour, as
// "#rrggbb". Any colour may be given: it is darkened for paper and lightened
// for night until it can be read (4.5:1).
const AccentAttribute = "latchkey.accent"

// The grounds of the stylesheet that an accent must be legible on, and the
// inks that stand on it.
var (
	lightGround = rgb{0xfb, 0xfa, 0xf8}
	darkGround  = rgb{0x1e, 0x20, 0x24}
)

const minContrast = 4.5

type rgb [3]uint8

func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// parseColour reads "#rrggbb" or "rrggbb", nothing else.
func parseColour(text string) (rgb, bool) {
	text = strings.TrimPrefix(text, "#")
	n, err := strconv.ParseUint(text, 16, 32)
	if err != nil || len(text) != 6 {
		return rgb{}, false
	}
	return rgb{uint8(n >> 16), uint8(n >> 8), uint8(n)}, true
}

// IsColour says whether the text is a colour that a realm can have as its accent.
func IsColour(text string) bool { _, ok := parseColour(text); return ok }

// luminance is WCAG 2's relative luminance.
func (c rgb) luminance() float64 {
	var l [3]float64
	for i, v := range c {
		s := float64(v) / 255
		if s <= 0.04045 {
			l[i] = s / 12.92
		} else {
			l[i] = math.Pow((s+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
}

// contrast is WCAG 2's contrast ratio, 1 to 21.
func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	if x < y {
		x, y = y, x
	}
	return (x + 0.05) / (y + 0.05)
}

// towards mixes c with other until it can be read on the ground.
func (c rgb) towards(other, ground rgb) rgb {
	mixed := c
	for step := 1; contrast(mixed, ground) < minContrast && step <= 50; step++ {
		share := float64(step) / 50
		for i := range mixed {
			mixed[i] = uint8(math.Round(float64(c[i])*(1-share) + float64(other[i])*share))
		}
	}
	return mixed
}

// accentSheet makes the stylesheet accent-rrggbb.css.
func accentSheet(name string) ([]byte, bool) {
	hex, ok := strings.CutPrefix(name, "accent-")
	hex, isCSS := strings.CutSuffix(hex, ".css")
	colour, valid := parseColour(hex)
	if !ok || !isCSS || !valid || strings.HasPrefix(hex, "#") {
		return nil, false
	}
	light := colour.towards(rgb{0, 0, 0}, lightGround)
	dark := colour.towards(rgb{255, 255, 255}, darkGround)
	return fmt.Appendf(nil, ":root{--accent:%s;--accent-ink:#fff}@media (prefers-color-scheme:dark){:root{--accent:%s;--accent-ink:#101114}}\n", light, dark), true
}

// accentName is the name of the stylesheet for a realm's colour; empty when
// the realm has none, or none that can be read.
func accentName(colour string) string {
	c, ok := parseColour(colour)
	if !ok {
		return ""
	}
	return "accent-" + c.String()[1:] + ".css"
}
