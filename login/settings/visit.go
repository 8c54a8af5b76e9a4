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
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// visit is a request of whoever is signed in.
type visit struct {
	*storage.SignedIn
	// by is the person, with what they showed in the session and in this request.
	by account.Actor
	// askPassword says that the proofs are not fresh, and that the current password
	// will do in their place.
	askPassword bool
}

type handler func(http.ResponseWriter, *http.Request, *visit) error

// page wraps a page that anybody who is signed in may use. Everybody else signs in
// first and comes back: to the page, whatever form they sent. The way back is the
// page's own path, never an address that a request brings along (requirement CS3).
func (p *Pages) page(h handler) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		signedIn, err := p.cfg.Flow.Session(r)
		if err != nil {
			return err
		}
		if signedIn == nil {
			return p.cfg.Flow.Ask(w, r, login.Asked{ReturnTo: r.URL.Path})
		}
		return h(w, r, &visit{SignedIn: signedIn, by: p.cfg.Flow.Actor(r, signedIn)})
	}
}

// proven wraps a page that leads to a change of what guards the account: without
// fresh proofs they are asked for first, or where the current password is all that
// there is, by the page itself. The change itself is decided in package account.
func (p *Pages) proven(h handler) web.HandlerFunc {
	return p.weighed(func(w http.ResponseWriter, r *http.Request, v *visit) error {
		if err := p.cfg.Accounts.Fresh(v.by, &v.User); err != nil && !v.askPassword {
			return p.refused(w, r, v, r.URL.Path, "show page", err)
		}
		return h(w, r, v)
	})
}

// weighed notes for a page whether it has to ask for the current password.
func (p *Pages) weighed(h handler) web.HandlerFunc {
	return p.page(func(w http.ResponseWriter, r *http.Request, v *visit) error {
		stale := (*account.StaleError)(nil)
		v.askPassword = errors.As(p.cfg.Accounts.Fresh(v.by, &v.User), &stale) && stale.Password
		return h(w, r, v)
	})
}

// refused answers a change that did not happen. Where fresh proofs are missing the
// browser fetches them and comes back to the path, and the person does it again.
func (p *Pages) refused(w http.ResponseWriter, r *http.Request, v *visit, path, attempted string, err error) error {
	var stale *account.StaleError
	switch {
	case errors.As(err, &stale):
		return p.cfg.Flow.Ask(w, r, login.Asked{ReturnTo: path, Fresh: p.cfg.Accounts.FreshFor()})
	case errors.Is(err, account.ErrNotFound):
		return notTheirs(err)
	case errors.Is(err, account.ErrChanged), errors.Is(err, account.ErrNobody):
		return changedMeanwhile(err)
	}
	return unavailable(attempted, err)
}

// passwordShown reports whether the form brings the current password, where the
// page asked for it: it is a proof of now.
func (p *Pages) passwordShown(r *http.Request, v *visit, field string) (bool, error) {
	if !v.askPassword {
		return true, nil
	}
	proof, ok, err := p.cfg.Flow.ConfirmPassword(r, &v.User, r.PostForm.Get(field))
	if ok {
		v.by = p.cfg.Flow.Actor(r, v.SignedIn, proof)
	}
	return ok, err
}

// attempt is what factors are told of a visit to a page that changes them; name is
// something that only the visit knows.
func (p *Pages) attempt(r *http.Request, v *visit, name string) (mfa.Attempt, error) {
	person, err := p.cfg.Factors.Person(r.Context(), &v.User)
	if err != nil {
		return mfa.Attempt{}, unavailable("read factors", err)
	}
	return mfa.Attempt{
		ID: p.cfg.Hasher.Sum("account visit", name), Person: person, Now: p.cfg.Now(),
		AddressBucket: web.AddressBucket(web.ClientAddress(r.Context())), Locale: p.cfg.UI.Locale(r, nil), Source: v.by.Source(),
	}, nil
}

// begin starts an account page, with the notice that the address names.
func (p *Pages) begin(w http.ResponseWriter, r *http.Request, v *visit, title string) ui.Account {
	data := ui.Account{
		Page:   p.cfg.UI.Begin(w, r, ui.Options{Title: title, Action: r.URL.Path}),
		Person: login.DisplayName(&v.User), DeleteAt: v.User.DeleteAt, AskPassword: v.askPassword,
	}
	p.sayDone(r, &data.Page)
	return data
}

// doneParam says in the address of a page what was done: a key of doneNotices.
const doneParam = "done"

// doneNotices are what a page may be told to say. The list is closed: nobody can
// make a page say anything else.
var doneNotices = map[string]string{
	"saved":               "notice.saved",
	"sent":                "notice.sent",
	"email_changed":       "notice.email_changed",
	"email_verified":      "notice.email_verified",
	"phone_changed":       "notice.phone_changed",
	"phone_removed":       "notice.phone_removed",
	"password_changed":    "notice.password_changed",
	"factor_removed":      "notice.factor_removed",
	"device_forgotten":    "notice.device_forgotten",
	"session_ended":       "notice.session_ended",
	"sessions_ended":      "notice.sessions_ended",
	"application_revoked": "notice.application_revoked",
	"deletion_cancelled":  "notice.deletion_cancelled",
}

func (p *Pages) sayDone(r *http.Request, page *ui.Page) {
	key, ok := doneNotices[r.URL.Query().Get(doneParam)]
	if !ok {
		return
	}
	if r.URL.Query().Get(doneParam) != "application_revoked" {
		page.Say(ui.NoticeDone, key)
		return
	}
	// Which one it was is looked up: the address holds no words to be shown.
	if c, err := p.clientNamed(r.Context(), r.URL.Query().Get(clientParam)); err == nil && c != nil {
		page.Say(ui.NoticeDone, key, "Client", c.Name)
	}
}

// fail shows what is wrong with a form.
func fail(page *ui.Page, problems []login.Problem) {
	for _, problem := range problems {
		page.Fail(problem.Field, problem.Text, problem.Args...)
	}
}

// done sends the browser on after a change, to a page that says so (AZ7).
func done(w http.ResponseWriter, r *http.Request, path, key string) error {
	http.Redirect(w, r, path+"?"+url.Values{doneParam: {key}}.Encode(), http.StatusSeeOther)
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

// notTheirs answers a form that names something which is gone, or never was this
// person's: nobody learns which.
func notTheirs(cause error) error {
	return &web.Error{
		Status: http.StatusNotFound, Key: "not_found", Title: "Page not found",
		Detail: "This page doesn’t exist. If you followed a link, it is out of date.",
		Cause:  cause,
	}
}

// changedMeanwhile answers a change that rests on what is not so any more.
func changedMeanwhile(cause error) error {
	return &web.Error{
		Status: http.StatusConflict, Key: "conflict", Title: "Something changed in the meantime",
		Detail: "Your account was changed in another window. Reload the page and try again.",
		Cause:  cause,
	}
}
