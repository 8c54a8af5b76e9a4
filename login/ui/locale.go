package ui

import (
	"net/http"

	"github.com/latchkey-id/latchkey/internal/locale"
)

// Locale is the language that a page of the request is in, as BCP 47 spells it:
// what is sent to the person is in the same.
func (u *Renderer) Locale(r *http.Request, locales []string) string {
	return u.languageOf(r, locales).Tag
}

// Locales are the languages that there are, as BCP 47 spells them.
func Locales() []string { return locale.Tags() }

// languageOf picks the language: by the request's ui_locales (OpenID Connect Core
// 3.1.2.1), best first, then by what the browser asks for.
func (u *Renderer) languageOf(r *http.Request, locales []string) *locale.Texts {
	return u.texts.MatchHeader(r.Header.Get("Accept-Language"), locales...)
}
