package browser

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// small is the narrowest phone that pages are made for.
var small = look{name: "small phone", width: 360, height: 740, phone: true, scripts: true}

// above checks that what the selectors find stands on the page from top to bottom, and
// each of it is seen.
func (b *tab) above(selectors ...string) {
	b.t.Helper()
	before, bottom := "", 0.0
	for _, selector := range selectors {
		box, err := chromedp.Run(b.ctx, chromedp.EvaluateAsDevTools[[]float64](fmt.Sprintf(`(() => {
			const box = document.querySelector(%q)?.getBoundingClientRect();
			return box && box.height > 0 ? [box.top + scrollY, box.bottom + scrollY] : [];
		})()`, selector)))
		b.check("measure "+selector, err)
		if len(box) == 0 {
			b.fatalf("%s is not to be seen", selector)
		}
		if box[0] < bottom-1 {
			b.t.Errorf("%s stands at %.0f, above the end of %s at %.0f", selector, box[0], before, bottom)
		}
		before, bottom = selector, box[1]
	}
}

// holds checks something that is true of the page.
func (b *tab) holds(what, expression string) {
	b.t.Helper()
	if got := b.eval("String(" + expression + ")"); got != "true" {
		b.t.Errorf("%s: %s is %s\non %s", what, expression, got, b.seen())
	}
}

// TestSignInOnAPhone: the button for a passkey stands right under "Sign in", going back
// comes last and says where to, and the link for a forgotten password is in the row of
// the label.
func TestSignInOnAPhone(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t)
	s.each(t, []look{small}, func(t *testing.T, b *tab) {
		b.get(app.at("wiki"))
		b.above("h1", "#username", "#forgot-link", "#password", "#remember", "#login-submit", "#passkey-submit", "#signup-link", "#login-cancel")
		b.says("login-cancel", "Back to Wiki")
		b.holds("the forgotten password is asked about beside the label", `(() => {
			const label = document.querySelector("label[for=password]").getBoundingClientRect(), link = document.getElementById("forgot-link").getBoundingClientRect();
			return link.left > label.right && Math.abs(link.bottom - label.bottom) < 8;
		})()`)
		b.holds("who asks is said", `document.querySelector(".lead").textContent.includes("Wiki")`)
		b.signIn(s.account())
		b.proved("aal1", "pwd")
	})
}

// TestAnAuthenticatorAppOnAPhone: first the app on this phone, then the key in groups of
// four that can be copied, and the QR code, which this phone cannot scan, folded; on a
// desk the QR code is open. Recovery codes are short, numbered, in two columns, none is
// wrapped, and they are left behind only when they were saved.
func TestAnAuthenticatorAppOnAPhone(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t)
	s.each(t, []look{small, desktop}, func(t *testing.T, b *tab) {
		b.get(app.at("vault"))
		b.signIn(s.account())
		b.factor("totp")
		b.holds("the steps are numbered", `document.querySelectorAll("ol.steps > li").length >= 2 && getComputedStyle(document.querySelector("ol.steps > li"), "::before").content !== "none" || getComputedStyle(document.querySelector("ol.steps > li")).listStyleType === "decimal"`)
		b.above("#totp-open", "#totp-secret", ".qr-fold summary", "#code", "#enroll-submit")
		b.holds("the app of this device opens", `document.getElementById("totp-open").href.startsWith("otpauth://totp/")`)
		b.holds("the QR code is folded on a phone alone", fmt.Sprintf(`document.querySelector(".qr-fold").open === %t`, !b.look.phone))
		b.holds("the key is in groups of four", `[...document.querySelectorAll("#totp-secret span")].every(group => group.textContent.length === 4)`)
		secret := b.text("totp-secret")
		b.do("watch the clipboard", chromedp.EvaluateAsDevTools[chromedp.Void](`navigator.clipboard.writeText = async text => { window.copied = text }`))
		b.do("copy the key", chromedp.Click(chromedp.CSS(`[data-copy="totp-secret"]`)))
		if got := b.eval(`window.copied`); got != strings.ReplaceAll(secret, " ", "") || got == "" {
			t.Errorf("copying gives %q of the key %q", got, secret)
		}
		app := &authenticator{secret: secret, now: b.s.now}
		b.fill("code", app.code(t))
		b.press("enroll-submit")

		codes := b.texts(".recovery-code")
		for _, code := range codes {
			if !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$`).MatchString(code) {
				t.Errorf("a recovery code is %q", code)
			}
		}
		b.holds("ten codes in two columns, each on one line", `(() => {
			const boxes = [...document.querySelectorAll(".recovery-code")].map(code => code.getBoundingClientRect());
			return boxes.length === 10 && new Set(boxes.map(box => Math.round(box.left))).size === 2 && boxes.every(box => box.height < 40);
		})()`)
		b.holds("the codes are numbered", `document.querySelector("#recovery-codes").tagName === "OL" && getComputedStyle(document.querySelector("#recovery-codes li")).listStyleType !== "none" || getComputedStyle(document.querySelector("#recovery-codes li"), "::before").content.includes("counter")`)
		b.do("go on without saving", chromedp.Click(chromedp.ID("recovery-continue")))
		b.at("/recovery-codes")
		b.holds("it says why", `!document.getElementById("saved").validity.valid`)
		for _, saving := range []string{`[data-copy="recovery-codes"]`, "#recovery-download", "[data-print]"} {
			b.do("save by "+saving, chromedp.EvaluateAsDevTools[chromedp.Void](fmt.Sprintf(`(() => {
				window.print = () => {};
				navigator.clipboard.writeText = async () => {};
				document.getElementById("saved").checked = false;
				const control = document.querySelector(%q);
				control.addEventListener("click", event => event.preventDefault(), {once: true}); // no file is written
				control.click();
			})()`, saving)))
			b.holds(saving+" saves them", `document.getElementById("saved").checked`)
		}
		b.press("recovery-continue")
		b.proved("aal2", "mfa", "otp", "pwd")
	})
}

// TestAFormUnderWaySaysSo: its button says that it is sent, another press or Enter sends
// nothing, and who wants no motion sees none.
func TestAFormUnderWaySaysSo(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t)
	s.each(t, []look{phone}, func(t *testing.T, b *tab) {
		b.get(app.at("wiki"))
		b.fill("username", "ada@example.com", "password", "a guess")
		// What is sent goes nowhere, so that there is time to look.
		b.do("send", chromedp.EvaluateAsDevTools[chromedp.Void](`(() => {
			window.sent = 0;
			document.addEventListener("submit", event => { if (!event.defaultPrevented) window.sent++; event.preventDefault() });
			const button = document.getElementById("login-submit");
			for (let i = 0; i < 3; i++) button.click();
			document.getElementById("login-form").requestSubmit();
		})()`))
		b.says("login-submit", "Please wait")
		b.holds("it was sent once", `window.sent === 1`)
		b.holds("assistive technology is told", `document.getElementById("login-form").getAttribute("aria-busy") === "true" && document.getElementById("login-submit").getAttribute("aria-disabled") === "true"`)
		b.do("come back", chromedp.EvaluateAsDevTools[chromedp.Void](`dispatchEvent(new PageTransitionEvent("pageshow"))`))
		b.says("login-submit", "Sign in")

		moving := `String([...document.querySelectorAll("*")].filter(e => { const s = getComputedStyle(e); return s.transitionDuration.split(", ").some(d => d !== "0s") || s.animationName !== "none" }).length > 0)`
		for preference, want := range map[string]string{"reduce": "false", "no-preference": "true"} {
			_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: preference}},
			})
			b.check("say how much motion is wanted", err)
			if got := b.eval(moving); got != want {
				t.Errorf("with prefers-reduced-motion: %s something moves: %s", preference, got)
			}
		}
	})
}

// TestARefusalCountsDown: a form that a limit refused stands there with what was typed
// and the time to wait, which a script counts down; going back and reloading show the
// form and never the browser's own page, which asks to send it again.
func TestARefusalCountsDown(t *testing.T) {
	t.Parallel()
	a := newApplication(t)
	a.site = startWith(t, testenv.Latchkey{}, a.clients(policies), settings{"limits": settings{
		"sign_in": settings{"per_pair": settings{"free": 1, "base": "10m", "max": "10m"}},
	}})
	a.site.each(t, pairs, func(t *testing.T, b *tab) {
		ada := a.site.account()
		b.get(a.at("wiki"))
		for i := range 3 {
			b.fill("username", ada.email, "password", fmt.Sprintf("guess number %d", i))
			b.press("login-submit")
		}
		if b.status != 429 {
			b.fatalf("status %d", b.status)
		}
		b.says("error-title", "Too many attempts")
		if b.look.scripts {
			b.holds("it counts down", `/You can try again in (9|10):[0-5]\d\./.test(document.querySelector("[data-until]").textContent)`)
		} else {
			b.holds("it says how long", `document.querySelector("[data-until]").textContent === "You can try again in 10 minutes."`)
		}
		b.holds("what was typed stays, but for the password", fmt.Sprintf(`document.getElementById("username").value === %q && document.getElementById("password").value === ""`, ada.email))
		b.reload()
		b.want("#login-submit")
		b.follow("#forgot-link")
		b.back()
		b.want("#login-submit")
	})
}
