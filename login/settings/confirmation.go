package settings

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// confirmation is a page of its own that asks before something ends: GET says what
// will happen and changes nothing, POST does it.
type confirmation struct {
	path string
	// back is the page that leads here, and that the browser is at afterwards.
	back string
	// subject is the parameter that names what is to end; empty where there is only one.
	subject string
	// allowed answers as the change itself would about the proofs (requirement FE1);
	// nil where a session is enough.
	allowed func(account.Actor, *storage.User) error
	// question says what will happen to the subject. It answers account.ErrNotFound
	// where the person has none of that name: there is nothing to ask, and the browser
	// goes back.
	question func(r *http.Request, v *visit, page *ui.Page, subject string) (question, error)
	// change makes it so.
	change func(w http.ResponseWriter, r *http.Request, v *visit, subject string) error
}

// formPage is the page that asks, or where the form names nothing to ask about, the one
// that leads there.
func (c confirmation) formPage(r *http.Request) string {
	subject := r.PostForm.Get(c.subject)
	if c.subject != "" && subject == "" {
		return c.back
	}
	return c.at(subject)
}

// question is what a page asks, in its language.
type question struct{ title, text, submit string }

// at is the address of the confirmation for a subject.
func (c confirmation) at(subject string) string {
	if c.subject == "" || subject == "" {
		return c.path
	}
	return c.path + "?" + url.Values{c.subject: {subject}}.Encode()
}

// confirmation makes the route. Proofs that are not fresh are asked for on GET
// already, so that nobody confirms what is then refused.
func (h *Handler) confirmation(c confirmation) route {
	returnTo := func(r *http.Request) string {
		if r.Method == http.MethodPost {
			return c.at(r.PostForm.Get(c.subject))
		}
		return c.at(r.URL.Query().Get(c.subject))
	}
	get := func(w http.ResponseWriter, r *http.Request, v *visit) error {
		if c.allowed != nil {
			if err := c.allowed(v.actor, &v.User); err != nil {
				return h.answerRefusal(w, r, returnTo(r), "show confirmation", err)
			}
		}
		return h.renderConfirmation(w, r, v, c, r.URL.Query().Get(c.subject))
	}
	post := func(w http.ResponseWriter, r *http.Request, v *visit) error {
		subject := r.PostForm.Get(c.subject)
		if err := c.change(w, r, v, subject); err != nil {
			return h.answerRefusal(w, r, c.at(subject), "end what was confirmed", err)
		}
		return nil
	}
	return route{c.path, h.signedInReturning(get, returnTo), h.signedInReturning(post, returnTo), c.formPage}
}

func (h *Handler) renderConfirmation(w http.ResponseWriter, r *http.Request, v *visit, c confirmation, subject string) error {
	data := ui.AccountConfirm{Account: h.newPage(w, r, v, "account.overview"), Back: c.back}
	q, err := c.question(r, v, &data.Page, subject)
	if errors.Is(err, account.ErrNotFound) {
		http.Redirect(w, r, c.back, http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return h.answerRefusal(w, r, c.back, "ask for confirmation", err)
	}
	data.Title, data.Text, data.Submit = q.title, q.text, q.submit
	if c.subject != "" {
		data.Carry(c.subject, subject)
	}
	return h.cfg.UI.Render(w, http.StatusOK, data)
}
