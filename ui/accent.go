package ui

import (
	"fmt"
	"html/template"
)

// The colours of a brand or client stand in the page, in a style element with
// the page's nonce: they are fewer bytes than a request for them.

// accentStyle is a pure function of the accent.
func accentStyle(accent color) template.CSS {
	light, dark := lightPalette(accent), darkPalette(accent)
	return template.CSS(fmt.Sprintf(":root{%s}@media screen and (prefers-color-scheme:dark){:root{%s}}", light, dark))
}

// String writes the palette as the properties that latchkey.css uses.
func (p palette) String() string {
	return fmt.Sprintf("--accent:%s;--accent-ink:%s;--accent-deep:%s;--accent-tint:%s", p.accent, p.ink, p.deep, p.tint)
}
