package ident

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Code returns a one-time or recovery code as it was meant, whatever way an app
// shows or a keyboard types it: digits of any script and width become ASCII,
// letters capitals, and spaces, dashes, line ends and characters that show
// nothing go ("123 456", "１２３‑４５６", "١٢٣٤٥٦"). It is total; what the code
// must look like is for whoever takes it.
func Code(typed string) string {
	text := plainDigits(norm.NFKC.String(dropInvisible(strings.ToValidUTF8(typed, "\ufffd"))))
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) || isInvisible(r) {
			return -1
		}
		return r
	}, text))
}

// plainDigits makes ASCII of the decimal digits of every script.
func plainDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII && unicode.Is(unicode.Nd, r) {
			return '0' + digitValue(r)
		}
		return r
	}, text)
}

// digitValue is the value of a decimal digit: the digits of a script are ten in
// a row, of which the first is zero.
func digitValue(r rune) rune {
	for _, row := range unicode.Nd.R16 {
		if lo := rune(row.Lo); lo <= r && r <= rune(row.Hi) {
			return (r - lo) % 10
		}
	}
	for _, row := range unicode.Nd.R32 {
		if lo := rune(row.Lo); lo <= r && r <= rune(row.Hi) {
			return (r - lo) % 10
		}
	}
	return 0
}
