package ui

import (
	"fmt"
	"strings"
)

// The colours of a brand or client reach a page as a stylesheet of its own,
// since the policy allows no style inside a page. It is a pure function of the
// accent, which its name holds: any node can serve what another one named.

const accentPrefix = "brand."

// accentURL is the address of an accent's stylesheet: the colour, and the hash
// of what is served, so that a browser may keep it for ever.
func accentURL(accent color) string {
	return assetPath + accentPrefix + accent.digits() + "." + contentHash(accentStyle(accent)) + ".css"
}

// accentAsset makes the stylesheet of a name, if it is one.
func accentAsset(name string) (asset, bool) {
	digits, _, _ := strings.Cut(strings.TrimPrefix(name, accentPrefix), ".")
	accent, err := parseColor("#" + digits)
	if err != nil || assetPath+name != accentURL(accent) {
		return asset{}, false
	}
	return asset{body: accentStyle(accent), contentType: "text/css; charset=utf-8"}, true
}

func accentStyle(accent color) []byte {
	light, dark := lightPalette(accent), darkPalette(accent)
	return fmt.Appendf(nil, ":root{%s}\n@media screen and (prefers-color-scheme:dark){:root{%s}}\n", light, dark)
}

// String writes the palette as the properties that latchkey.css uses.
func (p palette) String() string {
	return fmt.Sprintf("--accent:%s;--accent-ink:%s;--accent-deep:%s;--accent-tint:%s", p.accent, p.ink, p.deep, p.tint)
}
