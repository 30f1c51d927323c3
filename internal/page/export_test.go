package page

// Contrast gives the tests of the package's outside WCAG's contrast ratio of
// two colours; 0 when one is no colour.
func Contrast(a, b string) float64 {
	x, ok1 := parseColour(a)
	y, ok2 := parseColour(b)
	if !ok1 || !ok2 {
		return 0
	}
	return contrast(x, y)
}
