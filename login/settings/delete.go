package settings

import (
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// plannedParam makes the page say, to whoever is signed out by it, that the
// account is going.
const plannedParam = "planned"

func (p *Pages) graceDays() int { return int(math.Ceil(p.cfg.DeletionGrace.Hours() / 24)) }

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
	if p.cfg.DeletionGrace <= 0 {
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
	if err := p.cfg.Flow.KeepAccount(r, v.SignedIn); err != nil {
		return err
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
	at := p.cfg.Now().Add(p.cfg.DeletionGrace)
	event, err := p.cfg.Flow.Event(r, v.SignedIn, storage.EventDeletionPlanned)
	if err != nil {
		return err
	}
	told, err := p.deletionMessage(r, v, at)
	if err != nil {
		return err
	}
	err = p.cfg.Users.PlanDeletion(r.Context(), v.User.ID, at, event, told...)
	if errors.Is(err, storage.ErrConflict) {
		return changedMeanwhile(err)
	}
	if err != nil {
		return unavailable("plan deletion", err)
	}
	if p.cfg.DeletionGrace <= 0 {
		if _, err := p.cfg.DeleteDue(r.Context()); err != nil {
			return unavailable("delete account", err)
		}
	}
	p.cfg.Queued()
	p.cfg.Flow.ForgetSession(w)
	http.Redirect(w, r, ui.PathDelete+"?"+plannedParam+"=1", http.StatusSeeOther)
	return nil
}

// deletionMessage tells the owner, with a link that keeps the account. Where
// there is no grace there is nothing to keep: they are told when it is gone.
func (p *Pages) deletionMessage(r *http.Request, v *visit, at time.Time) ([]storage.Message, error) {
	if p.cfg.DeletionGrace <= 0 || v.User.Email == "" {
		return nil, nil
	}
	m, err := p.cfg.Flow.Message(r, nil, message.DeletionPlanned{UserID: v.User.ID, To: v.User.Email, DeleteAt: at})
	if err != nil {
		return nil, err
	}
	return []storage.Message{m}, nil
}
