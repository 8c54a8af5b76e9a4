package settings

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// visit is a request of whoever is signed in.
type visit struct {
	*storage.SignedIn
	// actor is the person, with what they showed in the session and in this request.
	actor account.Actor
	// askPassword says that the proofs are not fresh, and that the current password
	// will do in their place.
	askPassword bool
	// said is what the page says once, after a form on it was refused.
	said flash.Message
}

// typed is what a field of the page holds: what was typed there before the form was
// refused, or else what it holds otherwise.
func (v *visit) typed(field, otherwise string) string {
	if v.said.Typed.Has(field) {
		return v.said.Typed.Get(field)
	}
	return otherwise
}

type handlerFunc func(http.ResponseWriter, *http.Request, *visit) error

// signedIn wraps a page that anybody who is signed in may use. Everybody else signs
// in first and comes back: to the page, whatever form they sent. The way back is the
// page's own path, never an address that a request brings along (open redirect,
// requirement CS3).
func (h *Handler) signedIn(next handlerFunc) web.HandlerFunc {
	return h.signedInReturning(next, func(r *http.Request) string { return r.URL.Path })
}

// signedInReturning is signedIn with another way back, which is made here too.
func (h *Handler) signedInReturning(next handlerFunc, returnTo func(*http.Request) string) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		signedIn, err := h.cfg.Flow.Session(r)
		if err != nil {
			return err
		}
		if signedIn == nil {
			return h.cfg.Flow.Ask(w, r, login.Asked{ReturnTo: returnTo(r)})
		}
		v := &visit{SignedIn: signedIn, actor: h.cfg.Flow.Actor(r, signedIn)}
		if r.Method == http.MethodGet {
			if v.said, err = h.cfg.Flash.Read(r); err != nil {
				return err
			}
		}
		return next(w, r, v)
	}
}

// fresh wraps a page that leads to a change of what guards the account: without
// fresh proofs they are asked for first (step-up, requirement FE1), or where the
// current password is all that there is, by the page itself. The change itself is
// decided in package account.
func (h *Handler) fresh(next handlerFunc) web.HandlerFunc {
	return h.offeringPassword(func(w http.ResponseWriter, r *http.Request, v *visit) error {
		if err := h.cfg.Accounts.Fresh(v.actor, &v.User); err != nil && !v.askPassword {
			return h.answerRefusal(w, r, r.URL.Path, "show page", err)
		}
		return next(w, r, v)
	})
}

// offeringPassword wraps a page that asks for the current password in place, where
// that is what fresh proofs would be.
func (h *Handler) offeringPassword(next handlerFunc) web.HandlerFunc {
	return h.signedIn(func(w http.ResponseWriter, r *http.Request, v *visit) error {
		stale := (*account.StaleError)(nil)
		v.askPassword = errors.As(h.cfg.Accounts.Fresh(v.actor, &v.User), &stale) && stale.Password
		return next(w, r, v)
	})
}

// answerRefusal answers a change that did not happen. Where fresh proofs are missing
// the browser fetches them and comes back to the path, and the person does it again.
func (h *Handler) answerRefusal(w http.ResponseWriter, r *http.Request, path, attempted string, err error) error {
	var (
		stale    *account.StaleError
		answered *web.Error
	)
	switch {
	case errors.As(err, &answered):
		return err
	case errors.As(err, &stale):
		return h.cfg.Flow.Ask(w, r, login.Asked{ReturnTo: path, Fresh: h.cfg.Accounts.FreshFor()})
	case errors.Is(err, account.ErrNotFound):
		return notFound(err)
	case errors.Is(err, account.ErrChanged), errors.Is(err, account.ErrNobody):
		return conflict(err)
	}
	return unavailable(attempted, err)
}

// wrongPassword is what a form says where the current password is not right.
var wrongPassword = login.Problem{Field: "password", Text: "wrong.password"}

// checkPassword reports whether the form brings the current password, where the
// page asked for it: it is a proof of now.
func (h *Handler) checkPassword(r *http.Request, v *visit, field string) (bool, error) {
	if !v.askPassword {
		return true, nil
	}
	proof, ok, err := h.cfg.Flow.ConfirmPassword(r, &v.User, r.PostForm.Get(field))
	if ok {
		v.actor = h.cfg.Flow.Actor(r, v.SignedIn, proof)
	}
	return ok, err
}

// factorAttempt is what factors are told of a visit to a page that changes them;
// name is something that only the visit knows. It is the same to every node, whichever
// hash key it makes with (requirement KY5), and opens nothing.
func (h *Handler) factorAttempt(r *http.Request, v *visit, name string) (mfa.Attempt, error) {
	person, err := h.cfg.Factors.Person(r.Context(), &v.User)
	if err != nil {
		return mfa.Attempt{}, unavailable("read factors", err)
	}
	return mfa.Attempt{
		ID: name, Person: person, Now: h.cfg.Now(), Began: h.cfg.Accounts.Sitting(v.actor),
		AddressBucket: web.AddressBucket(web.ClientAddress(r.Context())), Locale: h.cfg.UI.Locale(r, nil), Source: v.actor.Source(),
	}, nil
}

// newPage starts an account page, with the notice that the address names, and with what
// is wrong with a form of it that was refused.
func (h *Handler) newPage(w http.ResponseWriter, r *http.Request, v *visit, title string) ui.Account {
	data := ui.Account{
		Page:   h.cfg.UI.Begin(w, r, ui.Options{Title: title, Action: r.URL.Path}),
		Person: login.DisplayName(&v.User), DeleteAt: v.User.DeleteAt, AskPassword: v.askPassword,
	}
	data.In(v.User.Profile.Zoneinfo)
	h.addDoneNotice(r, &data.Page)
	login.Say(&data.Page, v.said)
	return data
}

// doneParam says in the address of a page what was done: a key of doneNotices.
const doneParam = "done"

// doneNotices are what a page may be told to say. The list is closed: nobody can
// make a page say anything else (content spoofing).
var doneNotices = map[string]string{
	"saved":               "notice.saved",
	"sent":                "notice.sent",
	"email_changed":       "notice.email_changed",
	"email_verified":      "notice.email_verified",
	"phone_changed":       "notice.phone_changed",
	"phone_removed":       "notice.phone_removed",
	"password_changed":    "notice.password_changed",
	"factor_removed":      "notice.factor_removed",
	"factor_kept":         "notice.factor_kept",
	"device_forgotten":    "notice.device_forgotten",
	"session_ended":       "notice.session_ended",
	"sessions_ended":      "notice.sessions_ended",
	"application_revoked": "notice.application_revoked",
	"deletion_cancelled":  "notice.deletion_cancelled",
}

func (h *Handler) addDoneNotice(r *http.Request, page *ui.Page) {
	done := r.URL.Query().Get(doneParam)
	key, ok := doneNotices[done]
	switch {
	case !ok:
	case done == "factor_kept":
		page.Say(ui.NoticeFailure, key)
	case done == "application_revoked":
		// Which one it was is looked up: the address holds no words to be shown.
		if c, err := h.findClient(r.Context(), r.URL.Query().Get(clientParam)); err == nil && c != nil {
			page.Say(ui.NoticeDone, key, "Client", c.Name)
		}
	default:
		page.Say(ui.NoticeDone, key)
	}
}

// refuse sends the browser back to the page of the form that it sent, which says what is
// wrong (Post/Redirect/Get): going back or reloading sends nothing again.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, page string, problems ...login.Problem) error {
	return h.cfg.Flash.Refuse(w, r, page, flash.Message{Problems: problems})
}

// redirectDone sends the browser on after a change, to a page that says so (AZ7).
func redirectDone(w http.ResponseWriter, r *http.Request, path, done string) error {
	http.Redirect(w, r, path+"?"+url.Values{doneParam: {done}}.Encode(), http.StatusSeeOther)
	return nil
}

// unavailable says that a store did not answer.
func unavailable(attempted string, err error) error {
	return &web.Error{
		Status: http.StatusServiceUnavailable, Key: "unavailable", RetryAfter: 5 * time.Second,
		Title:  "Temporarily unavailable",
		Detail: "The problem is on our side. Please try again in a moment. If it keeps happening, give the error ID below to your administrator.",
		Cause:  fmt.Errorf("%s: %w", attempted, err),
	}
}

// notFound answers a form that names something which is gone, or never was this
// person's: nobody learns which (enumeration).
func notFound(cause error) error {
	return &web.Error{
		Status: http.StatusNotFound, Key: "not_found", Title: "Page not found",
		Detail: "This page doesn’t exist. If you followed a link, it is out of date.",
		Cause:  cause,
	}
}

// conflict answers a change that rests on what is not so any more.
func conflict(cause error) error {
	return &web.Error{
		Status: http.StatusConflict, Key: "conflict", Title: "Something changed in the meantime",
		Detail: "Your account was changed in another window. Take a look, then try again.",
		Again:  true, Cause: cause,
	}
}
