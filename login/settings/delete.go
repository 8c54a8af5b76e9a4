package settings

import (
	"math"
	"net/http"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/ui"
)

// plannedParam makes the page say, to whoever is signed out by it, that the
// account is going.
const plannedParam = "planned"

func (p *Pages) graceDays() int { return int(math.Ceil(p.cfg.Accounts.DeletionGrace().Hours() / 24)) }

// openDelete shows the page, or what was done to somebody whom it has signed out.
func (p *Pages) openDelete(w http.ResponseWriter, r *http.Request) error {
	signedIn, err := p.cfg.Flow.Session(r)
	if err != nil {
		return err
	}
	if signedIn != nil || !r.URL.Query().Has(plannedParam) {
		return p.proven(p.showDelete)(w, r)
	}
	page := p.cfg.UI.Begin(w, r, ui.Options{Title: "message.deletion_planned.title"})
	data := ui.Message{
		Page: page, Text: page.T("message.deletion_planned.text", "Count", p.graceDays()),
		NextURL: message.PathSignIn, NextLabel: page.T("message.next_signin"),
	}
	if p.cfg.Accounts.DeletionGrace() <= 0 {
		data.Page = p.cfg.UI.Begin(w, r, ui.Options{Title: "message.deleted.title"})
		data.Text, data.NextURL = page.T("message.deleted.text"), ""
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

func (p *Pages) showDelete(w http.ResponseWriter, r *http.Request, v *visit) error {
	return p.renderDelete(w, r, v, "", "")
}

func (p *Pages) renderDelete(w http.ResponseWriter, r *http.Request, v *visit, field, key string) error {
	data := ui.AccountDelete{Account: p.begin(w, r, v, "delete.title"), GraceDays: p.graceDays()}
	if field != "" {
		data.Fail(field, key)
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// takeDelete takes the form of the page, or the button that stands on every page
// while a deletion is planned: that one makes nothing weaker, and wants no evidence.
func (p *Pages) takeDelete(w http.ResponseWriter, r *http.Request) error {
	if r.PostForm.Has("cancel") {
		return p.page(p.cancelDelete)(w, r)
	}
	return p.proven(p.planDelete)(w, r)
}

func (p *Pages) cancelDelete(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := p.cfg.Accounts.KeepAccount(r.Context(), v.by, v.User.ID); err != nil {
		return p.refused(w, r, v, ui.PathAccount, "cancel deletion", err)
	}
	return done(w, r, ui.PathAccount, "deletion_cancelled")
}

// planDelete ends all access, and deletes the account when its grace is over.
func (p *Pages) planDelete(w http.ResponseWriter, r *http.Request, v *visit) error {
	if !r.PostForm.Has("confirm") {
		return p.renderDelete(w, r, v, "confirm", "wrong.confirm")
	}
	if ok, err := p.passwordShown(r, v, "password"); err != nil {
		return err
	} else if !ok {
		return p.renderDelete(w, r, v, "password", "wrong.password")
	}
	if _, err := p.cfg.Accounts.PlanDeletion(r.Context(), v.by, v.User.ID); err != nil {
		return p.refused(w, r, v, ui.PathDelete, "plan deletion", err)
	}
	p.cfg.Cookies.Clear(w, web.CookieSession)
	http.Redirect(w, r, ui.PathDelete+"?"+plannedParam+"=1", http.StatusSeeOther)
	return nil
}
