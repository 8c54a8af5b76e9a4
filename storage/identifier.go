package storage

import "strings"

// CanonicalIdentifier is the form in which e-mail addresses and usernames are
// unique, found and counted: two spellings of one person's name are one, so
// that no limit is dodged and no second account squats on a first (requirement
// TH1). Case, surrounding space and the full-width forms of ASCII are folded;
// what stands before the @ is otherwise the mail provider's own affair.
func CanonicalIdentifier(identifier string) string {
	return strings.ToLower(strings.Map(foldWidth, strings.TrimSpace(identifier)))
}

// foldWidth maps the full-width forms of ASCII (U+FF01 to U+FF5E) to ASCII and
// drops characters that show nothing.
func foldWidth(r rune) rune {
	switch {
	case '！' <= r && r <= '～':
		return r - '！' + '!'
	case r == '\u00ad', r == '\ufeff', '\u200b' <= r && r <= '\u200f', '\u2060' <= r && r <= '\u2064':
		return -1
	}
	return r
}
