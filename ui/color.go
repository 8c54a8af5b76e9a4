package ui

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"
)

// color is one of sRGB, each channel from 0 to 1.
type color struct{ r, g, b float64 }

// parseColor reads #rrggbb.
func parseColor(s string) (color, error) {
	digits, ok := strings.CutPrefix(s, "#")
	raw, err := hex.DecodeString(digits)
	if !ok || err != nil || len(raw) != 3 {
		return color{}, fmt.Errorf("%q is not a colour like #3b5bdb", s)
	}
	return color{float64(raw[0]) / 255, float64(raw[1]) / 255, float64(raw[2]) / 255}, nil
}

func mustColor(s string) color {
	c, err := parseColor(s)
	if err != nil {
		panic(err)
	}
	return c
}

func (c color) digits() string {
	channel := func(v float64) uint8 { return uint8(math.Round(v * 255)) }
	return hex.EncodeToString([]byte{channel(c.r), channel(c.g), channel(c.b)})
}

// String writes #rrggbb.
func (c color) String() string { return "#" + c.digits() }

// mix goes a part of the way from c to another color.
func (c color) mix(to color, part float64) color {
	between := func(a, b float64) float64 { return a + (b-a)*part }
	return color{between(c.r, to.r), between(c.g, to.g), between(c.b, to.b)}
}

// luminance is the relative luminance of WCAG 2.2.
func (c color) luminance() float64 {
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21. It is taken of the
// colors as browsers get them: rounded to eight bits.
func contrast(a, b color) float64 {
	la, lb := mustColor(a.String()).luminance(), mustColor(b.String()).luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// The contrasts that accents are brought to. readable is what WCAG 2.2 AA asks
// of text (success criterion 1.4.3); on dark grounds more is easier on the eye.
const (
	readable     = 4.5
	readableDark = 5.75
)

// The grounds that an accent meets; they are those of latchkey.css.
var (
	black = color{}
	white = color{1, 1, 1}

	lightGrounds = []color{white, mustColor("#f6f7f9")}
	darkGrounds  = []color{mustColor("#17191e"), mustColor("#0e0f12")}
	darkInk      = mustColor("#0e0f12")
)

// palette is an accent on one kind of ground: as text and as a button's ground
// (accent, with ink on it), the button under the pointer (deep), and a faint
// ground for what is selected (tint).
type palette struct {
	accent, ink, deep, tint color
}

// lightPalette darkens the accent until it can be read on light grounds, which
// makes white readable on it as well.
func lightPalette(accent color) palette {
	accent = accent.until(black, lightGrounds, readable)
	return palette{accent: accent, ink: white, deep: accent.mix(black, .16), tint: white.mix(accent, .09)}
}

// darkPalette lightens it until it can be read on dark grounds.
func darkPalette(accent color) palette {
	accent = accent.until(white, darkGrounds, readableDark)
	return palette{accent: accent, ink: darkInk, deep: accent.mix(white, .2), tint: darkGrounds[0].mix(accent, .14)}
}

// until moves c toward a color in small steps until it has the contrast to each ground.
func (c color) until(toward color, grounds []color, ratio float64) color {
	const steps = 100
	for step := range steps {
		moved := c.mix(toward, float64(step)/steps)
		if moved.contrastsWith(grounds, ratio) {
			return moved
		}
	}
	return toward
}

func (c color) contrastsWith(grounds []color, ratio float64) bool {
	for _, ground := range grounds {
		if contrast(c, ground) < ratio {
			return false
		}
	}
	return true
}
