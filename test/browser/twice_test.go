package browser

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// sentTwice is a form that ends something, on the page before the person: its button,
// and what the page has that a single press leads to.
type sentTwice struct{ button, leads string }

// twice are ways to press a button twice.
type twice struct {
	// after is how much later the second press is, in milliseconds.
	after int
	// guarded leaves the page's script in place, which ignores a form that is under
	// way; without it the server alone answers, as it does where scripts are off.
	guarded bool
	// back goes back after each press, and on again.
	back bool
}

// press presses the button twice, and checks that the person is where one press
// leads, that nothing is said to be wrong, and that the page can be reloaded, and left
// for the one before and come back to.
func (w twice) press(b *tab, f sentTwice) {
	b.t.Helper()
	b.want("#" + f.button)
	b.wantNo(f.leads)
	b.eval(fmt.Sprintf(`((button, after, guarded) => {
		if (!guarded) addEventListener("submit", e => e.stopImmediatePropagation(), true)
		button.click()
		setTimeout(() => button.click(), after)
		return ""
	})(document.getElementById(%q), %d, %t)`, f.button, w.after, w.guarded))
	b.comesTo(f.leads)
	for _, again := range []bool{false, true} {
		if again {
			if !strings.HasPrefix(b.url().String(), b.s.Issuer) {
				return // an application's page is its own
			}
			b.reload()
		}
		b.wantNo("#error-title, .field-error:not([hidden]), .notice.failure")
		b.want(f.leads)
	}
	if w.back {
		w.leaveAndReturn(b, f)
	}
}

// leaveAndReturn goes back to where the form was, which is a page of ours and never the
// browser's own that asks to send the form again.
func (w twice) leaveAndReturn(b *tab, f sentTwice) {
	b.t.Helper()
	here := b.url()
	b.back()
	if left := b.url(); left.Scheme == "chrome-error" || !b.has("h1") {
		b.fatalf("going back from %s shows no page of ours but %s", here, left)
	}
	b.get(here.RequestURI())
	b.want(f.leads)
}

// comesTo waits for the page that has what a CSS selector finds, or that says what
// went wrong.
func (b *tab) comesTo(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	b.check("come to "+selector, chromedp.Do(ctx, chromedp.WaitReady(chromedp.CSS(selector+", #error-title, .field-error:not([hidden])"))))
}

// TestPA1_EveryFormMayBeSentTwice: a double click, or an impatient Enter, on any form
// that ends something does what one press does, once.
func TestPA1_EveryFormMayBeSentTwice(t *testing.T) {
	t.Parallel()
	a := newApplication(t)
	s := startWith(t, testenv.Latchkey{}, a.clients(map[string]settings{"calendar": {"consent": "remember"}}))
	a.site = s
	for _, w := range []twice{
		{after: 0, back: true}, {after: 15}, {after: 40}, {after: 80}, {after: 150}, {after: 40, guarded: true, back: true},
	} {
		t.Run(fmt.Sprintf("%d ms, guarded %t", w.after, w.guarded), func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			w.travel(s.browser(t, desktop), a)
		})
	}
}

// travel goes through a whole life of an account, and presses everything twice.
func (w twice) travel(b *tab, a *application) {
	b.t.Helper()
	ada := stranger()
	press := func(button, leads string) { b.t.Helper(); w.press(b, sentTwice{button, leads}) }

	b.get("/signup")
	b.fill("email", ada.email, "password", ada.password, "name", "Ada Lovelace")
	press("signup-submit", "#verify-submit")
	b.fill("code", b.message(ada.email, "confirm").Code)
	press("verify-submit", "#signout-link")
	b.get("/account/profile")
	b.fill("given_name", "Ada")
	press("profile-submit", "#notice")
	b.get("/account/email")
	b.fill("email", "new-"+ada.email)
	press("email-submit", "#verify-submit")
	ada.email = "new-" + ada.email
	b.get("/account/email")
	b.fill("code", b.message(ada.email, "confirm").Code)
	press("verify-submit", "#notice")

	b.get("/account/security/add?kind=totp")
	ada.app = b.newApp()
	b.fill("code", ada.app.code(b.t))
	press("enroll-submit", "#recovery-continue")
	b.tick("saved")
	press("recovery-continue", "#recovery-left")
	b.press("recovery-replace")
	press("confirm-submit", "#recovery-continue")
	codes := b.texts(".recovery-code")
	b.saveCodes()
	b.says("recovery-left", "10 of 10")

	w.signInBy(b, ada, func() {
		b.fill("code", ada.app.code(b.t))
		press("factor-submit", "#signout-link")
	})
	w.signInBy(b, ada, func() {
		b.factor("recovery")
		b.fill("code", codes[0])
		press("factor-submit", `.options a[data-factor="totp"]`) // whoever lost an app sets up another
		b.factor("totp")
		ada.app = b.newApp()
		b.fill("code", ada.app.code(b.t))
		press("enroll-submit", "#recovery-continue")
		b.tick("saved")
		press("recovery-continue", "#signout-link")
	})
	if used := b.about(ada.email, "recovery code was used"); used != 1 {
		b.fatalf("%d messages tell of a recovery code", used)
	}

	b.get(a.at("calendar"))
	press("consent-allow", "#claims")
	b.get("/account/applications")
	b.press("application-revoke-calendar")
	press("confirm-submit", "#notice")
	w.leave(b, ada, press)
}

// about is how many messages to an address are about something.
func (b *tab) about(to, subject string) int {
	b.t.Helper()
	found := 0
	for _, m := range b.messages(to) {
		if strings.Contains(strings.ToLower(m.Subject+m.Text), subject) {
			found++
		}
	}
	return found
}

// signInBy signs out and in again, up to the second factor.
func (w twice) signInBy(b *tab, p *person, factor func()) {
	b.t.Helper()
	b.get("/logout")
	w.press(b, sentTwice{"logout-confirm", "#signed-out"})
	b.get("/login")
	b.fill("username", p.email, "password", p.password)
	w.press(b, sentTwice{"login-submit", "#factor-submit"})
	factor()
}

// leave ends all the rest.
func (w twice) leave(b *tab, p *person, press func(button, leads string)) {
	b.t.Helper()
	other := b.device()
	other.get("/login")
	other.signIn(p)
	other.answer(p.app.code(b.t))
	b.get("/account/sessions")
	b.press("sessions-end-all")
	press("confirm-submit", "#notice")
	other.get("/account")
	other.at("/login")

	b.get("/account/security")
	for range 2 {
		b.follow(`a[id^="factor-remove-"]`)
		press("confirm-submit", "#notice")
	}
	b.get("/account/password")
	p.password = "a horse of another colour"
	b.fill("new_password", p.password)
	press("password-submit", "#notice")

	b.get("/logout")
	b.press("logout-confirm")
	b.get("/forgot-password")
	b.fill("email", p.email)
	press("forgot-submit", "main:not(:has(#forgot-submit)) h1")
	p.password = "a house of yet another colour"
	b.get(b.link(p.email, "new password"))
	b.fill("new_password", p.password)
	press("reset-submit", "#message")
	b.get("/login")
	b.signIn(p)

	b.get("/account/delete")
	b.fill("confirm", p.email)
	press("delete-submit", "#message")
	b.get("/login")
	b.signIn(p)
	press("deletion-cancel", "#notice")
	b.get("/account")
	b.wantNo("#deletion-cancel")
}
