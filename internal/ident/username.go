package ident

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// MaxUsername bounds a username, in characters.
const MaxUsername = 64

// Username returns a typed username as it is kept and shown: by the PRECIS
// profile UsernameCasePreserved (RFC 8265 section 3.4), which maps full-width
// forms, normalizes, and refuses spaces, symbols, controls and default-ignorable
// characters. Beyond that it refuses an @, by which it could be taken for an
// address, and names that are made to look like another (homoglyphs). The error
// is an [*Error].
func Username(typed string) (string, error) {
	refuse := func(why Reason, hint string) (string, error) {
		return "", &Error{What: "username", Text: typed, Reason: why, Hint: hint}
	}
	if utf8.RuneCountInString(typed) > MaxUsername {
		return refuse(TooLong, "use 64 characters at most")
	}
	if strings.ContainsFunc(typed, unseen) {
		return refuse(Invisible, "")
	}
	name, err := precis.UsernameCasePreserved.String(typed)
	if err != nil {
		return refuse(Malformed, "use letters, digits and signs such as . _ -")
	}
	if name == "" {
		return refuse(Malformed, "")
	}
	if strings.Contains(name, "@") {
		return refuse(Malformed, "use no @")
	}
	if why := confusable(name); why != "" {
		return refuse(why, "")
	}
	return name, nil
}

// NormalizePassword returns a password by the PRECIS profile OpaqueString (RFC
// 8265 section 4.2): space separators become U+0020 and the text normalization
// form C, so that one password typed on two keyboards is one. It is total: what
// the profile forbids, such as code points without a character, is kept, since a
// password is checked rather than shown.
func NormalizePassword(typed string) string {
	if normal, err := precis.OpaqueString.String(typed); err == nil {
		return normal
	}
	if !utf8.ValidString(typed) {
		return typed
	}
	return norm.NFC.String(strings.Map(plainSpace, typed))
}
