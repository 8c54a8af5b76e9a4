package browser

import (
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// TestPages shows every page to an accessibility checker, to the browsers of others
// ([everyPage]), and in every width and four languages ([tab.inEveryLanguage]).
func TestPages(t *testing.T) {
	t.Parallel()
	testenv.NodeModules(t, "node")
	a := newApplication(t)
	s := startWith(t, testenv.Latchkey{}, settings{"mfa": settings{"factors": []string{"passkey", "totp", "recovery", "email", "sms"}}},
		settings{
			"resources": []settings{{"identifier": "https://reports.example.com", "name": "Reports"}},
			"scopes":    []settings{{"name": "reports.read", "resource": "https://reports.example.com", "description": settings{"en": "Read your reports"}}},
		},
		a.clients(map[string]settings{
			"wiki": {"trust_devices": true}, "post": {"require_verified_email": true}, "payroll": {"access": []any{settings{"groups": []string{"payroll"}}}}, "calendar": {"consent": "remember", "client_uri": a.URL + "/left", "description": settings{"en": "Who is where, and when"}},
			"desk": {"consent": "always", "scopes": []string{"openid", "email", "reports.read"}},
			"tv":   {"grant_types": []string{"authorization_code", "urn:ietf:params:oauth:grant-type:device_code"}, "scopes": []string{"openid", "profile"}},
		}))
	a.site = s
	pages := newEveryPage(t, s)
	paths := pathsOfPeople(t)
	t.Cleanup(func() { pages.complete(t, paths) }) // when every walk is over
	pages.walk(t, "sign in", func(t *testing.T, b *tab) {
		ada := s.account("--name", "Ada Lovelace")
		b.get("/")
		b.accessible("home")
		b.get("/demo")
		b.accessible("demo")
		b.press("demo-sign-in")
		b.picture("sign-in")
		b.fill("username", ada.email, "password", "not her password")
		b.press("login-submit")
		b.accessible("sign-in refused")
		b.fill("username", "demo", "password", s.demo)
		b.press("login-submit")
		b.picture("demo-signed-in")
		b.get("/logout")
		b.accessible("sign-out")
		b.press("logout-confirm")
		b.accessible("signed out")
		b.get("/no-such-page")
		b.accessible("error")
		b.get(a.at("calendar", "scope", "openid profile email offline_access"))
		b.signIn(ada)
		b.picture("consent")
		b.get(a.at("wiki", "ui_locales", "ar", "prompt", "login"))
		b.accessible("sign-in from right to left")
	})
	pages.walk(t, "account", func(t *testing.T, b *tab) {
		ada := stranger()
		b.demo()
		b.follow("#signup-link")
		b.picture("sign-up")
		b.fill("email", ada.email, "password", "short")
		b.press("signup-submit")
		b.accessible("sign-up refused")
		b.signUp(ada)
		b.accessible("confirm")
		link := b.link(ada.email, "confirm")
		other := b.device()
		other.get(link)
		other.accessible("confirm by link")
		other.fill("password", ada.password)
		other.press("verify-submit")
		other.accessible("confirmed elsewhere")
		other.get(link)
		other.accessible("a link that was used")
		b.get("/forgot-password")
		b.accessible("forgotten password")
		b.fill("email", ada.email)
		b.press("forgot-submit")
		b.accessible("look into your mail")
		b.get(b.link(ada.email, "new password"))
		b.fill("new_password", "short")
		b.press("reset-submit")
		b.accessible("reset")
		b.get("/dev/inbox")
		b.accessible("inbox")
	})
	pages.walk(t, "applications and devices", func(t *testing.T, b *tab) {
		ada := s.account("--name", "Ada Lovelace")
		b.get("/account/applications")
		b.signIn(ada)
		b.want("#launcher-heading")
		b.accessible("launcher")
		b.get(a.at("desk", "scope", "openid email reports.read"))
		b.want("#consent-allow")
		b.accessible("consent by resource")
		b.get("/device")
		b.accessible("code of a device")
		b.fill("user_code", s.userCode(t, "tv"))
		b.press("device-submit")
		b.want("#device-program")
		b.accessible("a device asks")
		b.press("consent-allow")
		b.accessible("device signed in")
	})
	pages.walk(t, "second factors", func(t *testing.T, b *tab) {
		ada, _ := s.imported()
		b.get(a.at("wiki", "acr_values", "phr aal2", "claims", `{"id_token":{"acr":{"essential":true,"values":["phr","aal2"]}}}`))
		b.signIn(ada)
		b.accessible("factor sms")
		b.factor("email")
		b.accessible("factor email")
		b.answer(b.message(ada.email, "code").Code)
		b.accessible("choice of a factor")
		b.factor("passkey")
		b.accessible("passkey enrollment")
		b.follow(".after a")
		b.factor("totp")
		b.picture("totp-enrollment")
		ada.app = b.newApp()
		b.fill("code", ada.app.code(t))
		b.press("enroll-submit")
		b.picture("recovery-codes")
		b.saveCodes()
		b.get("/account/security/add?kind=passkey")
		key := b.addAuthenticator()
		b.press("enroll-submit")
		b.touch(key, false)
		b.follow("#signout-link")
		b.press("logout-confirm")

		b.get(a.at("wiki"))
		b.signIn(ada)
		b.accessible("factor passkey")
		b.factor("totp")
		b.picture("second-factor")
		b.answer("000000")
		b.accessible("factor refused")
		b.tick("trust_device")
		b.answer(ada.app.code(t))
		b.get("/account/security")
		b.picture("account-security")
		b.questions("/account/security", `a[id^="factor-remove-"]`, "#recovery-replace", "#device-forget-all")
		b.questions("/account/sessions", "#sessions-end-everywhere")
		b.questions("/account/phone", "#phone-remove")
		other := b.device()
		other.get(a.at("wiki"))
		other.signIn(ada)
		other.factor("recovery")
		other.accessible("factor recovery")
	})
	pages.walk(t, "account pages", func(t *testing.T, b *tab) {
		ada := s.account("--name", "Ada Lovelace")
		other := b.device()
		for _, device := range []*tab{other, b} {
			device.demo()
			device.signIn(ada)
			device.get(a.at("calendar"))
			device.has("#consent-allow")
		}
		b.press("consent-allow")
		b.proven(ada, "/password")
		for _, page := range []string{"", "/profile", "/email", "/phone", "/password", "/applications", "/activity", "/data", "/delete"} {
			b.get("/account" + page)
			b.at("/account" + page)
			b.accessible("account" + page)
		}
		b.get("/account/sessions")
		b.picture("account-sessions")
		b.get("/account/phone")
		b.fill("phone", "+49 30 7654321")
		b.press("phone-submit")
		b.accessible("phone code")
		b.get("/account/email")
		b.fill("email", "new-"+ada.email)
		b.press("email-submit")
		b.accessible("account/email that waits")
		b.get("/account/applications")
		b.press("application-revoke-calendar")
		b.accessible("question")
		b.get("/account/delete")
		b.fill("confirm", ada.email)
		b.press("delete-submit")
		b.accessible("deletion planned")
		b.get("/account")
		b.signIn(ada)
		b.accessible("account that will be deleted")
	})
	pages.walk(t, "links of messages", func(_ *testing.T, b *tab) { b.linksOfMessages(a) })
	pages.walk(t, "what is in the way", func(_ *testing.T, b *tab) { b.inTheWay(a) })
	pages.walk(t, "lockdown", func(_ *testing.T, b *tab) { b.lockdown() })
}

// proven opens a page of the account with fresh evidence, where email counts as a factor.
func (b *tab) proven(p *person, page string) {
	b.t.Helper()
	b.get("/account" + page)
	if b.has("#login-submit") {
		b.signIn(p)
	}
	if b.has("#factor-submit") {
		b.answer(b.message(p.email, "code").Code)
	}
}

// questions looks at what a page asks before it ends something.
func (b *tab) questions(page string, leads ...string) {
	b.t.Helper()
	for _, link := range leads {
		b.get(page)
		b.follow(link)
		b.want("#confirm-submit")
		b.accessible("question of " + link)
	}
}

// linksOfMessages looks at where the links of messages lead.
func (b *tab) linksOfMessages(a *application) {
	b.t.Helper()
	s := b.s
	ada := stranger()
	s.Command(ada.password+"\n", "user", "create", "--email", ada.email, "--name", "Ada Lovelace", "--password-stdin")
	b.get(a.at("post"))
	b.signIn(ada)
	b.at("/verify")
	b.accessible("confirm an address on the way")
	b.get(b.link(ada.email, "confirm"))
	b.accessible("confirm an address by link")
	b.press("verify-submit")
	b.proved("aal1", "pwd") // in this browser it leads back to the application
	old, fresh := ada.email, "new-"+ada.email
	b.proven(ada, "/email")
	b.fill("email", fresh)
	b.press("email-submit")
	b.get(b.link(old, "asked to change"))
	b.want("#verify-submit")
	b.accessible("stop a change")
	b.get(b.link(fresh, "confirm your new"))
	b.want("#verify-submit")
	b.accessible("confirm a change")
	b.press("verify-submit")
	ada.email = fresh
	b.get(b.link(old, "was changed"))
	b.want("#verify-submit")
	b.accessible("undo a change")
	b.proven(ada, "/security/add?kind=totp")
	b.enrollApp(ada)
	b.get(b.link(fresh, "method added"))
	b.accessible("not me")
	b.press("verify-submit")
	b.accessible("account secured")

	grace := stranger()
	b.get(a.at("wiki"))
	b.follow("#signup-link")
	b.signUp(grace)
	b.get(b.link(grace.email, "confirm"))
	b.accessible("confirm a new account in this browser")
	b.press("verify-submit")
	b.proved("aal1", "pwd")
}

// inTheWay looks at what may stand between a right password and an application.
func (b *tab) inTheWay(a *application) {
	b.t.Helper()
	ada := b.s.account("--name", "Ada Lovelace")
	b.get(a.at("payroll"))
	b.signIn(ada)
	b.want("#access-denied")
	b.accessible("not for you")
	b.proven(ada, "/delete")
	b.fill("confirm", ada.email)
	b.press("delete-submit")
	b.get(a.at("wiki"))
	b.signIn(ada)
	b.at("/deletion")
	b.accessible("deletion on the way")
	b.get(b.link(ada.email, "will be deleted"))
	b.want("#verify-submit")
	b.accessible("keep the account")
	b.press("verify-submit")
	b.accessible("account kept")
}

// lockdown looks at what the owner of a locked account sees, on the way back to it, and
// where it was a mistake.
func (b *tab) lockdown() {
	b.t.Helper()
	ada := b.s.account("--name", "Ada Lovelace")
	b.account(ada, "")
	b.s.Command("", "lockdown", ada.email, "--yes", "--reason", "signed in from two countries")
	b.get("/account")
	b.at("/login")
	b.accessible("signed out by a lockdown")
	b.signIn(ada)
	b.accessible("a locked account")
	b.get(b.link(ada.email, "is locked"))
	b.accessible("recovery of a locked account")
	if b.has("#verify-submit") {
		b.press("verify-submit")
		b.accessible("recovery asked for")
		b.get(b.link(ada.email, "new password"))
	}
	b.accessible("new password of a locked account")
	ada.password = "a horse of another colour"
	b.fill("new_password", ada.password)
	b.press("reset-submit")
	b.account(ada, "/activity")
	b.accessible("activity after a lockdown")

	b.s.Command("", "lockdown", ada.email, "--yes", "--reason", "signed in from three countries")
	b.s.Command("", "lockdown", ada.email, "--undo", "--reason", "it was their own holiday")
	b.account(ada, "/activity")
	b.accessible("activity after a lockdown that was undone")
}
