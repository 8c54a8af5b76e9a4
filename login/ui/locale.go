package ui

import (
	"net/http"
	"slices"
)

// Locale is the language that a page of the request is in, as BCP 47 spells it:
// what is sent to the person is in the same.
func (u *Renderer) Locale(r *http.Request, locales []string) string {
	return u.languages.choose(locales, r).lang
}

// Locales are the languages that there are, as BCP 47 spells them.
func Locales() []string { return slices.Clone(supported) }
