package ident

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxName bounds the names that people give themselves and their devices, in characters.
const (
	MaxName       = 200
	MaxDeviceName = 64
)

// Text says why a text cannot be a name or another line that is shown: it is not
// UTF-8, or holds NUL, a control character, one that reorders text (bidirectional
// override, by which a name can disguise itself) or the mark of a character that
// was lost in another encoding. Joiners and variation selectors pass: scripts and
// emoji need them. The error does not quote the text.
func Text(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("it is not UTF-8; convert the text to UTF-8 first")
	}
	for _, r := range text {
		switch {
		case r == utf8.RuneError:
			return fmt.Errorf("it holds U+FFFD, which stands for a character that was lost; convert the text to UTF-8 first")
		case !isText(r):
			return fmt.Errorf("it holds U+%04X, a control character", r)
		}
	}
	return nil
}

// Clean returns a typed line as it is kept and shown: in normalization form C,
// on one line, without surrounding or repeated space and without what [Text]
// refuses.
func Clean(typed string) string {
	text := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError || !isText(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(typed, ""))
	return norm.NFC.String(strings.Join(strings.Fields(text), " "))
}

// Cut returns no more than the first characters of a text.
func Cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return strings.TrimSpace(string([]rune(text)[:most]))
}

// isText reports whether a character may stand in a line of text.
func isText(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	switch {
	case r == nonJoiner, r == joiner:
		return true
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point):
		return false
	}
	return true
}

// unseen reports whether a character shows nothing, or nothing but space.
func unseen(r rune) bool {
	return unicode.IsSpace(r) || isInvisible(r) || r == utf8.RuneError || unicode.In(r, unicode.Zs, unicode.Noncharacter_Code_Point)
}

// plainSpace maps the space separators to U+0020.
func plainSpace(r rune) rune {
	if unicode.Is(unicode.Zs, r) {
		return ' '
	}
	return r
}
