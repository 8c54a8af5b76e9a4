package ui

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
)

// csrfField is the hidden field that carries the form token.
const csrfField = "csrf"

// formToken is bound to the browser's cookie: a page of another site can make a
// browser send the cookie, but cannot know the token.
func (u *Renderer) formToken(browser string) string { return u.cfg.Hasher.Sum("csrf", browser) }

// VerifyForm reports whether a POST was made by a form of ours in this browser:
// by the token, and by what the browser itself says of the request's origin.
func (u *Renderer) VerifyForm(r *http.Request) bool {
	if u.origin.Check(r) != nil {
		return false
	}
	browser := u.cfg.Cookies.Browser(r)
	return browser != "" && u.cfg.Hasher.Verify(r.PostFormValue(csrfField), "csrf", browser)
}

// cannotJudge reports whether a form of this site bears a token that was made under a
// hash key that this node does not know: while one is rolled over the nodes, another
// node may take it (requirement KY5).
func (u *Renderer) cannotJudge(r *http.Request) bool {
	if u.origin.Check(r) != nil || u.cfg.Cookies.Browser(r) == "" {
		return false
	}
	id, _, ok := strings.Cut(r.PostFormValue(csrfField), ".")
	return ok && errors.Is(u.cfg.Hasher.KnowsID(id), keys.ErrUnknownKey)
}

// Form handles a POST that must come from a form of ours (requirement CS1).
func (u *Renderer) Form(h web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := r.ParseForm(); err != nil {
			return &web.Error{
				Status: http.StatusBadRequest, Key: "form_unreadable", Title: "We couldn’t read the form",
				Detail: "Please try again.", Again: true, Foreign: true, Cause: err,
			}
		}
		if !u.VerifyForm(r) {
			if u.cannotJudge(r) {
				return web.Unavailable(fmt.Errorf("judge form token: %w", keys.ErrUnknownKey))
			}
			return &web.Error{
				Status: http.StatusForbidden, Key: "form_foreign", Title: "Something went wrong with this page",
				Detail: "It was open for too long, or it isn’t from here. Try again. Cookies have to be allowed for this site.",
				Again:  true, Foreign: true,
				Cause: errors.New("form token or origin does not fit the browser"),
			}
		}
		return h(w, r)
	}
}
