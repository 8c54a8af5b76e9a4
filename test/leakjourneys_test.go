package test

import (
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
)

// used are secrets that still work after the journeys.
type used struct {
	access, refresh, session, sessionName, reset string
}

// journeys are all that people and clients do, on pages and at endpoints.
func (h *hunt) journeys() used {
	h.t.Helper()
	first := h.signUpByLink("grace@example.com")
	h.signUpByCode("katherine@example.com")
	h.wrongPasswords("grace@example.com")
	h.reset("grace@example.com")
	h.confirmAddress("mary@example.com")
	h.secondFactors("dorothy@example.com")
	h.ownAccount("evelyn@example.com", "evelyn.new@example.com")
	return h.lifeOfTokens(first)
}

// signUpByLink makes an account, confirmed in another browser.
func (h *hunt) signUpByLink(email string) *testbrowser.Browser {
	h.t.Helper()
	b, chosen := h.browser(), h.password("seven ripe figs upon a "+email[:5]+" shelf")
	page := h.want(b.Get(h.authorize("wiki", "prompt", "create")), "signup-submit")
	page = b.SubmitOn(page, "signup-submit", "email="+email, "username="+email[:5], "name=Somebody", "password=short")
	h.want(b.SubmitOn(page, "signup-submit", "email="+email, "password="+chosen), "verify-submit")
	h.snapshot("with a sign-up")
	link := h.inbox(email).link(h.t, "/signup/confirm")
	phone := h.browser()
	h.want(phone.Get(link), "verify-submit")
	phone.SubmitOn(h.want(phone.Get(link), "verify-submit"), "verify-submit", "password="+chosen)
	phone.Get(link)
	page = h.want(b.Get(h.authorize("wiki")), "login-submit")
	page = h.want(b.SubmitOn(page, "login-submit", "username="+email, "password="+chosen, "remember=1"), "consent-allow")
	h.snapshot("with consent asked for")
	code := h.code(b.SubmitOn(page, "consent-allow"))
	h.snapshot("with a code")
	h.tokens("wiki", code)
	return b
}

// signUpByCode makes an account in one browser, after a message that got lost.
func (h *hunt) signUpByCode(email string) {
	h.t.Helper()
	b, chosen := h.browser(), h.password("nine pale moths around a "+email[:5]+" lamp")
	page := h.want(b.Get(h.authorize("wiki", "prompt", "create")), "signup-submit")
	page = h.want(b.SubmitOn(page, "signup-submit", "email="+email, "username=kate", "password="+chosen), "verify-submit")
	h.inbox(email)
	page = h.want(b.SubmitOn(page, "verify-resend"), "verify-submit")
	m := h.inbox(email)
	page = b.SubmitOn(page, "verify-submit", "code=0000-0000")
	page = h.want(b.SubmitOn(page, "verify-submit", "code="+m.Code), "consent-allow")
	h.tokens("wiki", h.code(b.SubmitOn(page, "consent-allow")))
}

// wrongPasswords is what people mistype, a password for a name among it.
func (h *hunt) wrongPasswords(email string) {
	h.t.Helper()
	b := h.browser()
	page := h.want(b.Get(h.authorize("wiki")), "login-submit")
	page = b.SubmitOn(page, "login-submit", "username="+email, "password="+h.password("three wrong words in a row"))
	misplaced := h.learn("password typed as a name", "eleven small boats out at sea", shownAt("/login"))
	page = b.SubmitOn(page, "login-submit", "username="+misplaced, "password=x")
	page = b.SubmitOn(page, "login-submit", "username=nobody@example.com", "password="+h.password("a password of nobody at all"))
	h.want(page, "login-submit")
}

// reset sets a new password by a link, after one that was not followed.
func (h *hunt) reset(email string) {
	h.t.Helper()
	b := h.browser()
	b.SubmitOn(b.Get("/forgot-password"), "forgot-submit", "email="+email)
	h.inbox(email)
	b.SubmitOn(b.Get("/forgot-password"), "forgot-submit", "email=nobody@example.com")
	b.SubmitOn(b.Get("/forgot-password"), "forgot-submit", "email="+email)
	h.snapshot("with a reset")
	link := h.inbox(email).link(h.t, "/reset-password")
	page := h.want(b.Get(link), "reset-submit")
	page = h.want(b.SubmitOn(page, "reset-submit", "new_password="+h.password("short one")), "reset-submit")
	b.SubmitOn(page, "reset-submit", "new_password="+h.password("two grey herons at the "+email[:5]+" weir"))
	b.Get(link)
}

// confirmAddress proves an address that a client wants proven.
func (h *hunt) confirmAddress(email string) {
	h.t.Helper()
	chosen := h.password("five brass keys on a " + email[:4] + " ring")
	h.in.nodes[0].Command(chosen+"\n", "user", "create", "--email", email, "--password-stdin")
	b := h.browser()
	page := h.want(b.Get(h.authorize("wiki")), "login-submit")
	page = h.want(b.SubmitOn(page, "login-submit", "username="+email, "password="+chosen), "verify-submit")
	h.inbox(email)
	page = h.want(b.SubmitOn(page, "verify-resend"), "verify-submit")
	h.snapshot("with a verification")
	m := h.inbox(email)
	if link := m.link(h.t, "/verify-email"); link != "" {
		h.want(h.browser().Get(link), "verify-submit")
	}
	page = h.want(b.SubmitOn(page, "verify-submit", "code="+m.Code), "consent-allow")
	b.SubmitOn(page, "consent-deny")
}

// secondFactors shows and adds every kind that needs no device, trusts a browser
// and replaces what was lost.
func (h *hunt) secondFactors(email string) {
	h.t.Helper()
	chosen := h.password("four wet dogs in the " + email[:7] + " hall")
	h.in.nodes[0].CreateUser(email, chosen)
	signIn := func(b *testbrowser.Browser, more ...string) *testbrowser.Page {
		page := h.want(b.Get(h.authorize("strict", more...)), "login-submit")
		return b.SubmitOn(page, "login-submit", "username="+email, "password="+chosen)
	}
	b := h.browser()
	page := h.want(signIn(b), "factor-submit")
	h.inbox(email)
	page = h.want(b.SubmitOn(page, "factor-resend"), "factor-submit")
	h.snapshot("with a code by email")
	page = b.SubmitOn(page, "factor-submit", "code="+h.inbox(email).Code)
	h.tokens("strict", h.code(page))

	page = b.Get(h.authorize("strict", "acr_values", "aal2"))
	key, page := h.enrollTOTP(b, page)
	recovery := page.Texts("recovery-code")[0]
	h.snapshot("with recovery codes")
	h.tokens("strict", h.code(b.SubmitOn(page, "recovery-continue")))

	other := h.browser()
	page = h.want(signIn(other), "factor-submit")
	if link := page.Link("data-factor", "totp"); link != "" {
		page = other.Get(link)
	}
	h.snapshot("between two factors")
	page = h.want(other.SubmitOn(page, "factor-submit", "code=000000"), "factor-submit")
	h.code(other.SubmitOn(page, "factor-submit", "code="+h.app(key, 1), "trust_device=1"))
	page = other.SubmitOn(h.want(other.Get(h.authorize("wiki", "prompt", "login")), "login-submit"), "login-submit", "username="+email, "password="+chosen)
	h.want(page, "factor-submit") // this client does not take trust

	lost := h.browser()
	page = h.want(signIn(lost), "factor-submit")
	page = lost.Get(page.Link("data-factor", "recovery"))
	page = lost.SubmitOn(page, "factor-submit", "code="+recovery)
	_, page = h.enrollTOTP(lost, page)
	h.code(lost.SubmitOn(page, "recovery-continue"))
}

// lifeOfTokens is what clients do, to the end of a session.
func (h *hunt) lifeOfTokens(b *testbrowser.Browser) used {
	h.t.Helper()
	wiki, via := h.in.client("wiki"), h.in.http(0)
	// The reset ended what was signed in: begin anew.
	signIn := func(b *testbrowser.Browser) string {
		page := h.want(b.Get(h.authorize("wiki")), "login-submit")
		return h.code(b.SubmitOn(page, "login-submit", "username=grace@example.com", "password=two grey herons at the grace weir"))
	}
	code := signIn(b)
	tokens := h.tokens("wiki", code)
	next := must(h.t, wiki.refresh(via, tokens.RefreshToken))
	h.learnTokens(next)
	must(h.t, wiki.userinfo(via, next.AccessToken))
	must(h.t, wiki.introspect(via, next.AccessToken))
	must(h.t, wiki.introspect(via, next.RefreshToken))
	must(h.t, wiki.revoke(via, next.AccessToken))
	must(h.t, wiki.revoke(via, next.RefreshToken))
	wiki.exchange(via, code)                                                      // a replay
	wiki.exchangeWith(via, h.code(b.Get(h.authorize("wiki"))), "wrong-"+verifier) // and one without its verifier
	wrong := *wiki
	wrong.refresh(via, h.learn("token of nobody", "lkr_"+strings.Repeat("deadbeef", 10), nil))
	out := b.Get("/logout?" + url.Values{"id_token_hint": {tokens.IDToken}, "post_logout_redirect_uri": {"https://wiki.example.com/"}}.Encode())
	if out.Has("logout-confirm") {
		b.SubmitOn(out, "logout-confirm")
	}

	last := h.browser()
	final := h.tokens("wiki", signIn(last))
	last.SubmitOn(last.Get("/forgot-password"), "forgot-submit", "email=grace@example.com")
	reset, err := url.Parse(h.inbox("grace@example.com").link(h.t, "/reset-password"))
	if err != nil {
		h.t.Fatal(err)
	}
	u := used{access: final.AccessToken, refresh: final.RefreshToken, reset: reset.Query().Get("token")}
	issuer, err := url.Parse(h.in.nodes[0].Issuer)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range last.Jar().Cookies(issuer) {
		if strings.HasSuffix(c.Name, "session") {
			u.session, u.sessionName = c.Value, c.Name
		}
	}
	return u
}
