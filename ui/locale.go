package ui

import (
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/internal/locale"
	"github.com/latchkey-id/latchkey/internal/web"
)

// languageLasts is how long a browser keeps the language that was chosen.
const languageLasts = 365 * 24 * time.Hour

// Locale is the language that a page of the request is in, as BCP 47 spells it:
// what is sent to the person is in the same.
func (u *Renderer) Locale(r *http.Request, locales []string) string {
	return u.languageOf(r, locales).Tag
}

// Locales are the languages that there are, as BCP 47 spells them.
func Locales() []string { return locale.Tags() }

// languageOf picks the language: the one that was chosen from the menu, now or
// earlier in this browser, then that of the request's ui_locales (OpenID Connect
// Core 3.1.2.1), best first, then what the browser asks for.
func (u *Renderer) languageOf(r *http.Request, locales []string) *locale.Texts {
	chosen := chosenLanguage(r)
	if chosen == "" {
		if kept := u.cfg.Cookies.Get(r, web.CookieLanguage); slices.Contains(locale.Tags(), kept) {
			chosen = kept
		}
	}
	if chosen != "" {
		locales = append([]string{chosen}, locales...)
	}
	return u.texts.MatchHeader(r.Header.Get("Accept-Language"), locales...)
}

// chosenLanguage is what the menu asks for with this request; empty where it
// does not, or asks for nothing that there is.
func chosenLanguage(r *http.Request) string {
	if chosen := r.URL.Query().Get(locale.Param); slices.Contains(locale.Tags(), chosen) {
		return chosen
	}
	return ""
}

// keepLanguage has the browser keep what was chosen from the menu.
func (u *Renderer) keepLanguage(w http.ResponseWriter, r *http.Request) {
	if chosen := chosenLanguage(r); chosen != "" && chosen != u.cfg.Cookies.Get(r, web.CookieLanguage) {
		u.cfg.Cookies.Set(w, web.CookieLanguage, chosen, languageLasts)
	}
}

// offerLanguages fills the language menu, which asks for the same page again.
func (p *Page) offerLanguages(r *http.Request) {
	if r.Method != http.MethodGet {
		return
	}
	p.Languages, p.Here = locale.Languages(), r.URL.Path
	query := r.URL.Query()
	for name, values := range query {
		for _, value := range values {
			if name != locale.Param {
				p.Query = append(p.Query, Parameter{name, value})
			}
		}
	}
	slices.SortStableFunc(p.Query, func(a, b Parameter) int {
		if a.Name < b.Name {
			return -1
		}
		if a.Name > b.Name {
			return 1
		}
		return 0
	})
}
