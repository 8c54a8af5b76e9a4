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

// TestAccentHasAStylesheet shows that the name of a stylesheet is all that a
// node needs to serve it, and that nothing else is served.
func TestAccentHasAStylesheet(t *testing.T) {
	url := accentURL(mustColor("#e11d48"))
	served, ok := accentAsset(strings.TrimPrefix(url, assetPath))
	if !ok || !strings.Contains(string(served.body), "--accent:#") {
		t.Fatalf("%s is not served: %s", url, served.body)
	}
	for _, name := range []string{"brand.css", "brand.e11d48.css", "brand.e11d48.000000000000.css", "brand.</style>.css", ""} {
		if _, ok := accentAsset(name); ok {
			t.Errorf("%q is served", name)
		}
	}
}
