package main

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// spacing are characters that belong to the one before them (UAX #29) and take a cell of a
// terminal nevertheless: the marks of half-width katakana, and the vowels of Thai and Lao.
const spacing = "\uFF9E\uFF9F\u0E33\u0EB3"

// cells is how many cells of a terminal a text takes (UAX #11).
func cells(text string) (n int) {
	for g := displaywidth.StringGraphemes(text); g.Next(); {
		n += cellsOf(&g)
	}
	return n
}

func cellsOf(g *displaywidth.Graphemes[string]) int {
	n := g.Width()
	for i, r := range g.Value() {
		if i > 0 && strings.ContainsRune(spacing, r) {
			n++
		}
	}
	return n
}

// cut is as much of a text as fits, with the tail where that is not all; no character is
// parted.
func cut(text string, most int, tail string) string {
	n, fits := 0, 0
	for g := displaywidth.StringGraphemes(text); g.Next(); {
		n += cellsOf(&g)
		if n > most {
			return text[:fits] + tail
		}
		if n <= most-cells(tail) {
			fits += len(g.Value())
		}
	}
	return text
}
