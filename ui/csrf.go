package ui

import (
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/internal/web"
)

// csrfField is the hidden field that carries the form token.
const csrfField = "csrf"

// formToken is bound to the browser's cookie: a page of another site can make a
// browser send the cookie, but cannot know the token.
func (u *Renderer) formToken(browser string) string { return u.cfg.Hasher.Sum("csrf", browser) }

// VerifyForm reports whether a POST was made by a form of ours in this browser:
// by the token, and by what the browser itself says of the request's origin. Where the
// token was made under a hash key that this node does not know, as while one is rolled
// over the nodes, another node may take it: that is keys.ErrUnknownKey, a 503
// (requirement KY5).
func (u *Renderer) VerifyForm(r *http.Request) (bool, error) {
	browser := u.cfg.Cookies.Browser(r)
	if u.origin.Check(r) != nil || browser == "" {
		return false, nil
	}
	return u.cfg.Hasher.Judge(r.PostFormValue(csrfField), "csrf", browser)
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
		switch ours, err := u.VerifyForm(r); {
		case err != nil:
			return web.Unavailable(err)
		case !ours:
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
