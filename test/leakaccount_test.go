package test

import (
	"strings"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
)

// ownAccount is what people do with their account: change how they are reached and
// sign in, look at everything, take it with them, leave, and change their mind.
func (h *hunt) ownAccount(email, changed string) {
	h.t.Helper()
	chosen := h.password("six old maps in a tin by " + email[:6])
	h.in.nodes[0].CreateUser(email, chosen)
	b := h.browser()
	page := h.want(b.Get("/account"), "login-submit")
	b.SubmitOn(page, "login-submit", "username="+email, "password="+chosen)

	h.prove(b, email, "/account/email", "email-submit", chosen, "email", changed)
	h.snapshot("with a change of address")
	link := h.linkTo(changed, "/confirm-email")
	phone := h.browser()
	h.want(phone.Get(link), "message") // it is not signed in
	b.SubmitOn(h.want(b.Get(link), "verify-submit"), "verify-submit")
	undo := h.linkTo(email, "/undo-email")
	h.want(phone.Get(undo), "verify-submit")

	next := h.password("eight red boats upon the bay")
	h.prove(b, changed, "/account/password", "password-submit", chosen, "new_password", next)
	page = b.SubmitOn(h.want(b.Get("/account/security"), "recovery-replace"), "recovery-replace")
	for _, code := range page.Texts("recovery-code") {
		h.learn("recovery code", code, shownAt("/recovery-codes"))
	}
	if page.Has("recovery-continue") {
		b.SubmitOn(page, "recovery-continue")
	}
	if export := h.prove(b, changed, "/account/data", "export-submit", next); !strings.Contains(export.Body, changed) {
		h.t.Errorf("no data but %d: %.200s", export.Status, export.Body)
	}
	for _, path := range []string{"", "/profile", "/security", "/sessions", "/applications", "/activity"} {
		b.Get("/account" + path)
	}
	h.prove(b, changed, "/account/delete", "delete-submit", next, "confirm", changed)
	h.snapshot("with a planned deletion")
	keep := h.browser()
	keep.SubmitOn(h.want(keep.Get(h.linkTo(changed, "/keep-account")), "verify-submit"), "verify-submit")
	phone.SubmitOn(h.want(phone.Get(undo), "verify-submit"), "verify-submit")
	h.inbox(email) // a link to set a new password
}

// prove submits a form of the account, with the password where it asks for that,
// and before it with a code that is sent where a sign-in must be young.
func (h *hunt) prove(b *testbrowser.Browser, email, path, button, password string, pairs ...string) *testbrowser.Page {
	h.t.Helper()
	page, with := b.Get(path), fields(pairs...)
	if page.Has("factor-submit") {
		page = b.SubmitOn(page, "factor-submit", "code="+h.inbox(email).Code)
	}
	h.want(page, button)
	for _, field := range []string{"password", "current_password"} {
		if page.Has(field) {
			with = append(with, field+"="+password)
		}
	}
	return b.SubmitOn(page, button, with...)
}
