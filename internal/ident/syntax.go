package ident

import (
	"strings"
	"unicode/utf8"
)

// maxToken bounds roles, in characters.
const maxToken = 64

// Role says why a text cannot be a role: 1 to 64 printable ASCII characters
// without spaces and commas, which separate roles in commands and imports. The
// error is an [*Error].
func Role(text string) error {
	if text == "" || len(text) > maxToken || strings.ContainsFunc(text, func(r rune) bool { return !printable(r) || r == ',' }) {
		return &Error{What: "role", Text: text, Reason: Malformed, Hint: "use 1 to 64 printable ASCII characters without spaces and commas"}
	}
	return nil
}

// maxGroup bounds the name of a group, in characters.
const maxGroup = 128

// Group returns the name of a group as it is kept: one line of at most 128
// characters without a comma, which separates groups where an application takes
// them in one text (header and claim injection). The error is an [*Error].
func Group(typed string) (string, error) {
	name := Clean(typed)
	if Text(typed) != nil || Canonical(name) == "" || utf8.RuneCountInString(name) > maxGroup || strings.ContainsRune(name, ',') {
		return "", &Error{What: "group name", Text: typed, Reason: Malformed, Hint: "use one line of 1 to 128 characters without commas"}
	}
	return name, nil
}

// Scope says why a text cannot be a scope-token (RFC 6749 section 3.3):
// printable ASCII without space, quotation mark and backslash. The error is an
// [*Error].
func Scope(text string) error {
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return !printable(r) || r == '"' || r == '\\' }) {
		return &Error{What: "scope", Text: text, Reason: Malformed, Hint: "use printable ASCII characters without spaces, quotation marks and backslashes"}
	}
	return nil
}

// maxKeyID bounds the id of a key, in characters.
const maxKeyID = 32

// KeyID says why a text cannot be the id of a key: 1 to 32 of A-Z, a-z, 0-9, -
// and _. The error is an [*Error].
func KeyID(text string) error {
	bad := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !digit(r) && r != '-' && r != '_'
	}
	if text == "" || len(text) > maxKeyID || strings.ContainsFunc(text, bad) {
		return &Error{What: "key id", Text: text, Reason: Malformed, Hint: "use 1 to 32 of A-Z, a-z, 0-9, - and _"}
	}
	return nil
}

// Phone says why a text is no phone number as [CanonicalPhone] spells it. The
// error is an [*Error].
func Phone(text string) error {
	if number, ok := CanonicalPhone(text); !ok || number != text {
		return &Error{What: "phone number", Text: text, Reason: Malformed, Hint: "write it like +493012345678"}
	}
	return nil
}

func printable(r rune) bool { return '!' <= r && r <= '~' }

func digit(r rune) bool { return '0' <= r && r <= '9' }
