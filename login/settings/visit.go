package settings

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// visit is a request of whoever is signed in.
type visit struct {
	*storage.SignedIn
	// askPassword says that evidence is not fresh, and that the current password
	// will do in its place.
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
		return h(w, r, &visit{SignedIn: signedIn})
	}
}

// proven wraps a page that changes how somebody signs in or is reached: without
// fresh evidence it is asked for first, or where the current password is all that
// there is, by the page itself.
func (p *Pages) proven(h handler) web.HandlerFunc {
	return p.page(func(w http.ResponseWriter, r *http.Request, v *visit) error {
		fresh, err := p.weigh(r, v)
		if err != nil {
			return err
		}
		if !fresh && !v.askPassword {
			return p.askFresh(w, r, login.Asked{ReturnTo: r.URL.Path})
		}
		return h(w, r, v)
	})
}

// asking is proven for a page that only leads to a change: it is shown to anybody
// who is signed in, with a field for the password where that will do.
func (p *Pages) asking(h handler) web.HandlerFunc {
	return p.page(func(w http.ResponseWriter, r *http.Request, v *visit) error {
		if _, err := p.weigh(r, v); err != nil {
			return err
		}
		return h(w, r, v)
	})
}

// weigh reports whether the evidence is fresh, and notes where the current
// password will do in its place.
func (p *Pages) weigh(r *http.Request, v *visit) (fresh bool, err error) {
	fresh, err = p.cfg.Flow.Fresh(r.Context(), v.SignedIn, p.cfg.FreshFor)
	v.askPassword = err == nil && !fresh && p.cfg.Flow.PasswordWillDo(&v.User)
	return fresh, err
}

// askFresh sends the browser through the flow for fresh evidence.
func (p *Pages) askFresh(w http.ResponseWriter, r *http.Request, asked login.Asked) error {
	asked.Fresh = p.cfg.FreshFor
	return p.cfg.Flow.Ask(w, r, asked)
}

// passwordShown reports whether the form brings the current password, where the
// page asked for it.
func (p *Pages) passwordShown(r *http.Request, v *visit, field string) (bool, error) {
	if !v.askPassword {
		return true, nil
	}
	return p.cfg.Flow.ConfirmPassword(r, &v.User, r.PostForm.Get(field))
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
