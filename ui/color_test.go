package ui

import (
	"strings"
	"testing"
)

// TestAccentCanBeRead tries a grid over all colours: on every ground that the
// style puts it on, and under the ink that the style puts on it, an accent has
// the contrast of WCAG 2.2 AA.
func TestAccentCanBeRead(t *testing.T) {
	check := func(accent color, on string, a, b color) {
		t.Helper()
		if got := contrast(a, b); got < readable {
			t.Errorf("accent %s: %s has a contrast of %.2f: want %.1f", accent, on, got, readable)
		}
	}
	const steps = 8
	for i := range (steps + 1) * (steps + 1) * (steps + 1) {
		n := steps + 1
		accent := color{float64(i/n/n) / steps, float64(i/n%n) / steps, float64(i%n) / steps}
		for name, kind := range map[string]struct {
			palette palette
			grounds []color
			ink     color
		}{
			"light": {lightPalette(accent), lightGrounds, mustColor("#16181d")},
			"dark":  {darkPalette(accent), darkGrounds, mustColor("#ecedf1")},
		} {
			for _, ground := range kind.grounds {
				check(accent, name+" text", kind.palette.accent, ground)
			}
			check(accent, name+" button", kind.palette.ink, kind.palette.accent)
			check(accent, name+" button under the pointer", kind.palette.ink, kind.palette.deep)
			check(accent, name+" ink on the tint", kind.ink, kind.palette.tint)
		}
	}
}

// TestAccentStandsInThePage shows the colours as the page has them: nothing but
// declarations, whatever the brand or client was configured with.
func TestAccentStandsInThePage(t *testing.T) {
	style := string(accentStyle(mustColor("#e11d48")))
	if !strings.Contains(style, "--accent:#") || strings.ContainsAny(style, "<>") || strings.Count(style, "{") != strings.Count(style, "}") {
		t.Errorf("style %q", style)
	}
	for _, value := range []string{"red", "#e11d4", "#e11d48;}</style>", ""} {
		if c, err := parseColor(value); err == nil {
			t.Errorf("%q is the colour %v", value, c)
		}
	}
}
