package settings

import (
	"math"
	"net/http"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/ui"
)

// plannedParam makes the page say, to whoever is signed out by it, that the
// account is going.
const plannedParam = "planned"

func (h *Handler) graceDays() int { return int(math.Ceil(h.cfg.Accounts.DeletionGrace().Hours() / 24)) }

// showDelete shows the form, or what was done to somebody whom it has signed out.
func (h *Handler) showDelete(w http.ResponseWriter, r *http.Request) error {
	signedIn, err := h.cfg.Flow.Session(r)
	if err != nil {
		return err
	}
	if signedIn != nil || !r.URL.Query().Has(plannedParam) {
		return h.fresh(h.showDeleteForm)(w, r)
	}
	page := h.cfg.UI.Begin(w, r, ui.Options{Title: "message.deletion_planned.title"})
	data := ui.Message{
		Page: page, Text: page.T("message.deletion_planned.text", "Count", h.graceDays()),
		NextURL: message.PathSignIn, NextLabel: page.T("message.next_signin"),
	}
	if h.cfg.Accounts.DeletionGrace() <= 0 {
		data.Page = h.cfg.UI.Begin(w, r, ui.Options{Title: "message.deleted.title"})
		data.Text, data.NextURL = page.T("message.deleted.text"), ""
	}
	return h.cfg.UI.Render(w, http.StatusOK, data)
}

func (h *Handler) showDeleteForm(w http.ResponseWriter, r *http.Request, v *visit) error {
	return h.cfg.UI.Render(w, http.StatusOK, ui.AccountDelete{
		Account: h.newPage(w, r, v, "delete.title"), GraceDays: h.graceDays(),
		Name: signInName(v), Typed: v.typed("confirm", ""),
	})
}

// deletionFormPage is the page of the form, or for the button that stands on every page
// the first of them.
func deletionFormPage(r *http.Request) string {
	if r.PostForm.Has("cancel") {
		return ui.PathAccount
	}
	return ui.PathDelete
}

// handleDelete takes the form of the page, or the button that stands on every page
// while a deletion is planned: that one makes nothing weaker, and wants no evidence.
func (h *Handler) handleDelete(w http.ResponseWriter, r *http.Request) error {
	if r.PostForm.Has("cancel") {
		return h.signedIn(h.cancelDeletion)(w, r)
	}
	return h.fresh(h.planDeletion)(w, r)
}

func (h *Handler) cancelDeletion(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := h.cfg.Accounts.KeepAccount(r.Context(), v.actor, v.User.ID); err != nil {
		return h.answerRefusal(w, r, ui.PathAccount, "cancel deletion", err)
	}
	return redirectDone(w, r, ui.PathAccount, "deletion_cancelled")
}

// planDeletion ends all access, and deletes the account when its grace is over. The
// person types the name that they sign in with, which nobody does by accident.
func (h *Handler) planDeletion(w http.ResponseWriter, r *http.Request, v *visit) error {
	if ident.Canonical(r.PostForm.Get("confirm")) != ident.Canonical(signInName(v)) {
		return h.refuse(w, r, ui.PathDelete, login.Problem{Field: "confirm", Text: "wrong.confirm"})
	}
	if ok, err := h.checkPassword(r, v, "password"); err != nil {
		return err
	} else if !ok {
		return h.refuse(w, r, ui.PathDelete, wrongPassword)
	}
	if _, err := h.cfg.Accounts.PlanDeletion(r.Context(), v.actor, v.User.ID); err != nil {
		return h.answerRefusal(w, r, ui.PathDelete, "plan deletion", err)
	}
	h.cfg.Cookies.Clear(w, web.CookieSession)
	http.Redirect(w, r, ui.PathDelete+"?"+plannedParam+"=1", http.StatusSeeOther)
	return nil
}

// signInName is the address that the person signs in with, or the username of
// somebody who has none.
func signInName(v *visit) string {
	if v.User.Email != "" {
		return v.User.Email
	}
	return v.User.Username
}
