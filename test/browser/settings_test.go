package browser

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// confirm presses what ends something, and answers the question that follows.
func (b *tab) confirm(id string) {
	b.t.Helper()
	b.press(id)
	b.press("confirm-submit")
}

// account opens a page of the account, signing in on the way.
func (b *tab) account(p *person, page string) {
	b.t.Helper()
	b.get("/account" + page)
	if b.has("#login-submit") {
		b.signIn(p)
	}
	b.at("/account" + page)
}

func TestProfile(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, pairs, func(t *testing.T, b *tab) {
		ada := s.account()
		b.account(ada, "/profile")
		b.fill("name", "Ada Lovelace", "given_name", "Ada", "website", "no address")
		b.choose("locale", "en")
		if b.look.scripts { // the browser says so before the server does
			b.do("press #profile-submit", chromedp.Click(chromedp.ID("profile-submit")), chromedp.WaitReady(chromedp.CSS("#website:invalid")))
		}
		b.fill("website", "https://ada.example.com/", "username", "ada."+strings.ReplaceAll(ada.email, "@", "."))
		b.press("profile-submit")
		b.says("notice", "")
		b.get("/account/profile")
		if got := b.eval(`document.getElementById("website").value`); got != "https://ada.example.com/" {
			b.fatalf("website %q", got)
		}
		b.demo() // which is told
		b.says("userinfo", "Ada Lovelace")
		b.get("/account/activity")
		if events := b.texts(".events strong"); len(events) < 2 {
			b.fatalf("what happened lately: %q", events)
		}
	})
}

func TestEmailChangeAndUndo(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, crossed, func(t *testing.T, b *tab) {
		ada, taken := s.account(), s.account()
		old, fresh := ada.email, "new-"+ada.email
		b.account(ada, "/email")
		b.fill("email", taken.email)
		b.press("email-submit")
		same := b.text("notice")
		b.message(taken.email, "has an account")
		b.fill("email", fresh)
		b.press("email-submit")
		if got := b.text("notice"); got != same || got == "" {
			b.fatalf("a free and a taken address are told apart: %q and %q", got, same)
		}

		// Only who is signed in to the account can move it.
		mail, link := b.device(), b.link(fresh, "confirm your new")
		mail.get(link)
		mail.wantNo("#verify-submit")
		b.get(link)
		b.press("verify-submit")
		b.says("message", fresh)
		ada.email = fresh
		other := b.device()
		other.demo()
		other.signIn(ada)
		other.signedIn(ada)

		// The owner of the old address takes it back: everybody is signed out, and
		// whoever knows the password is none the better for it.
		mail.get(b.link(old, "was changed"))
		mail.press("verify-submit")
		mail.wantNo("#error-title")
		ada.email = old
		b.get("/account")
		b.at("/login")
		b.signIn(ada)
		b.says("password-error", "Incorrect")
		ada.password = "a horse of another colour"
		b.get(b.link(old, "new password"))
		b.fill("new_password", ada.password)
		b.press("reset-submit")
		b.account(ada, "")
	})
}

func TestPhone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, pairs, func(t *testing.T, b *tab) {
		ada := s.account()
		number := "+4930" + strings.TrimLeft(strings.TrimSuffix(ada.email, "@example.com"), "person") + "7654321"
		b.account(ada, "/phone")
		b.fill("phone", "12345")
		b.press("phone-submit")
		b.says("phone-error", "country code")
		b.fill("phone", number)
		b.press("phone-submit")
		code := b.messages(number)[0].Code
		b.fill("code", other(code))
		b.press("phone-verify-submit")
		b.says("code-error", "didn’t work")
		b.fill("code", code)
		b.press("phone-verify-submit")
		b.at("/account/phone")
		b.says("main", number)
		b.confirm("phone-remove")
		b.says("notice", "")
		if strings.Contains(b.text("main"), number) {
			b.fatalf("the number is still there")
		}
	})
}

func TestPasswordChange(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, crossed, func(t *testing.T, b *tab) {
		ada := s.account()
		other := b.device()
		other.account(ada, "")
		b.account(ada, "/password")
		b.fill("new_password", "example.com example.com")
		b.press("password-submit")
		b.says("new_password-error", "")
		before := ada.password
		ada.password = "a horse of another colour"
		b.fill("new_password", ada.password)
		b.press("password-submit")
		b.at("/account/security")
		b.says("notice", "")
		b.message(ada.email, "was changed")

		other.get("/account") // signed out
		other.at("/login")
		other.fill("username", ada.email, "password", before)
		other.press("login-submit")
		other.says("password-error", "Incorrect")
		other.signIn(ada)
		other.at("/account")
	})
}

func TestSessions(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, crossed, func(t *testing.T, b *tab) {
		ada := s.account()
		second, third := b.device(), b.device()
		for _, device := range []*tab{second, third, b} {
			device.account(ada, "/sessions")
		}
		if listed := b.texts(".items strong"); len(listed) != 3 {
			b.fatalf("%d sessions, want 3: %q", len(listed), listed)
		}
		b.follow(`button[name="end"]`)
		b.says("notice", "")
		b.confirm("sessions-end-all")
		if listed := b.texts(".items strong"); len(listed) != 1 {
			b.fatalf("%d sessions, want 1: %q", len(listed), listed)
		}
		for _, device := range []*tab{second, third} {
			device.get("/account")
			device.at("/login")
		}
		b.confirm("sessions-end-everywhere")
		b.get("/account")
		b.at("/login")
	})
}

func TestApplications(t *testing.T) {
	t.Parallel()
	a := newApplication(t)
	s := startWith(t, testenv.Latchkey{}, a.clients(map[string]settings{"calendar": {"consent": "remember"}}))
	a.site = s
	s.each(t, crossed, func(t *testing.T, b *tab) {
		ada := s.account()
		b.get(a.at("calendar", "scope", "openid email offline_access"))
		b.signIn(ada)
		b.press("consent-allow")
		b.proved("aal1", "pwd")
		b.demo() // it keeps its access as well
		b.get("/account/applications")
		b.confirm("application-revoke-demo")
		b.says("notice", "")
		b.confirm("application-revoke-calendar")
		b.wantNo("#application-revoke-calendar")
		b.get("/demo")
		b.press("demo-refresh")
		b.says("error-title", "could not finish") // its refresh token is gone
		b.get(a.at("calendar"))
		b.at("/consent") // asked anew
	})
}

func TestDownloadOfData(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, pairs, func(t *testing.T, b *tab) {
		ada := s.account("--name", "Ada Lovelace")
		b.account(ada, "/data")
		file := b.download("export-submit")
		var data struct {
			Account struct{ Email string }
		}
		b.check("decode the download", json.Unmarshal(file, &data))
		if data.Account.Email != ada.email {
			b.fatalf("the data are of %q", data.Account.Email)
		}
	})
}

// download presses a button that answers with a file, and returns that.
func (b *tab) download(button string) []byte {
	b.t.Helper()
	folder, yes := b.t.TempDir(), true
	_, err := chromedp.CallBrowser(b.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
		DownloadPath: folder, EventsEnabled: &yes,
	})
	b.check("allow downloads", err)
	progress := chromedp.BrowserEvents(b.ctx, browser.DownloadProgress)
	b.do("press #"+button, chromedp.Click(chromedp.ID(button)))
	for event, err := range progress {
		b.check("download", err)
		switch event.State {
		case browser.DownloadProgressStateInProgress:
		case browser.DownloadProgressStateCompleted:
			file, err := os.ReadFile(filepath.Join(folder, event.GUID))
			if os.IsNotExist(err) {
				continue // of another test's browser
			}
			b.check("read download", err)
			return file
		default:
			b.fatalf("the download was %s", event.State)
		}
	}
	return nil
}

func TestDeletionAndKeepingTheAccount(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, crossed, func(t *testing.T, b *tab) {
		ada := s.account()
		plan := func() {
			b.account(ada, "/delete")
			b.fill("confirm", "somebody@example.com")
			b.press("delete-submit")
			b.says("confirm-error", "exactly")
			b.fill("confirm", ada.email)
			b.press("delete-submit")
			b.get("/account")
			b.at("/login") // all access ended
		}
		plan()
		b.signIn(ada)
		b.press("deletion-cancel")
		b.wantNo("#deletion-cancel")

		// Or by the link of the message, anywhere.
		plan()
		mail := b.device()
		mail.get(b.link(ada.email, "will be deleted"))
		mail.press("verify-submit")
		mail.wantNo("#error-title")
		b.signIn(ada)
		b.at("/account")
		b.wantNo("#deletion-cancel")
	})
}

func TestFactorsOfTheAccount(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t)
	s.each(t, scripted, func(t *testing.T, b *tab) {
		ada := s.account()
		b.account(ada, "/security")
		b.press("factor-add-totp")
		old := b.enrollApp(ada)
		b.at("/account/security")
		b.says("recovery-left", "10")
		b.message(ada.email, "method added")
		b.unfold(".rename summary")
		b.fill(b.eval(`document.querySelector(".rename input[name=name]").id`), "The old phone")
		b.follow(".rename button")
		b.says("main", "The old phone")

		b.confirm("recovery-replace")
		fresh := b.texts(".recovery-code")
		if len(fresh) != 10 || fresh[0] == old[0] {
			b.fatalf("the new codes are %q", fresh)
		}
		b.saveCodes()
		b.at("/account/security")
		other := b.device()
		other.get(app.at("wiki"))
		other.signIn(ada)
		other.factor("recovery")
		other.answer(old[0])
		other.says("code-error", "")

		b.addAuthenticator()
		b.press("factor-add-passkey")
		b.fill("name", "My laptop")
		b.press("enroll-submit")
		b.at("/account/security")
		b.says("main", "My laptop")

		// A trusted device is listed, and asked again once it is forgotten.
		third := b.device()
		third.get(app.at("kiosk"))
		third.signIn(ada)
		third.factor("totp")
		third.tick("trust_device")
		third.answer(ada.app.code(t))
		third.proved("aal2", "mfa", "otp", "pwd")
		third.follow("#leave")
		b.reload()
		b.confirm("device-forget-all")
		b.says("notice", "")
		third.get(app.at("kiosk"))
		third.signIn(ada)
		third.at("/factor")

		for range 2 {
			b.follow(`a[id^="factor-remove-"]`)
			b.press("confirm-submit")
			b.says("notice", "")
		}
		b.wantNo(`a[id^="factor-remove-"]`)
		b.message(ada.email, "method removed")
		last := b.device()
		last.get(app.at("wiki"))
		last.signIn(ada)
		last.proved("aal1", "pwd")
	})
}

func TestLastFactorStaysWhereOneIsRequired(t *testing.T) {
	t.Parallel()
	s, _ := startFactors(t, settings{"mfa": settings{"required": "always"}})
	s.each(t, pairs, func(t *testing.T, b *tab) {
		ada := s.account()
		b.get("/account/security")
		b.signIn(ada)
		b.enrollApp(ada)
		b.at("/account/security")
		b.wantNo(`a[id^="factor-remove-"]`)
	})
}
