package browser

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// TestFE2_TheOwnersDay: for a day an intruder tries to keep an account, first with a
// stolen session, then with a password that they know as well and a mailbox of their
// own, in each order of moves. The clock of the node moves on by hours between them. The
// owner uses only what messages and pages offer, and ends with the account, alone.
func TestFE2_TheOwnersDay(t *testing.T) {
	t.Parallel()
	binary := testenv.SkewedBinary(t)
	moves := map[string]takeover{"an app": keepsApp, "an address": takesAddress, "a password": takesPassword}
	for _, order := range [][3]string{
		{"an app", "an address", "a password"}, {"an app", "a password", "an address"},
		{"an address", "an app", "a password"}, {"an address", "a password", "an app"},
		{"a password", "an app", "an address"}, {"a password", "an address", "an app"},
	} {
		t.Run(order[0]+", "+order[1]+", "+order[2], func(t *testing.T) {
			t.Parallel()
			clock := testenv.NewMovedClock(t)
			s := startWith(t, testenv.Latchkey{Binary: binary, Env: []string{clock.Env()}})
			s.now = clock.Now
			s.each(t, crossed[:1], func(t *testing.T, owner *tab) {
				ada := s.account()
				owner.account(ada, "")
				intruder := owner.device()
				intruder.steals(owner)
				clock.Advance(time.Hour)
				intruder.showsNoProof(ada)

				knows := &person{email: ada.email, password: ada.password}
				for _, move := range order {
					intruder.again(knows)
					moves[move](intruder, knows)
					switch move {
					case "an address":
						knows.email = evil(ada)
					case "a password":
						knows.password = evilPassword
					}
					clock.Advance(4 * time.Hour)
				}

				owner.takesBack(ada)
				intruder.isOut(ada)
				clock.Advance(11 * time.Hour) // what the intruder's messages lead to still lives
				intruder.isOut(ada)
				owner.account(ada, "/email")
				owner.says("main", ada.email)
				owner.get("/account/security")
				owner.wantNo(`a[id^="factor-remove-"]`)
			})
		})
	}
}

// keepsApp adds an app that the intruder has from then on.
func keepsApp(b *tab, p *person) {
	b.account(p, "/security")
	b.press("factor-add-totp")
	b.enrollApp(p)
	b.at("/account/security")
}

// steals takes the cookies of another browser.
func (b *tab) steals(from *tab) {
	b.t.Helper()
	found, err := chromedp.Call(from.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{b.s.Issuer}})
	b.check("read cookies", err)
	var stolen []*network.CookieParam
	for _, c := range found.Cookies {
		stolen = append(stolen, &network.CookieParam{
			Name: c.Name, Value: c.Value, URL: b.s.Issuer, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HTTPOnly, SameSite: c.SameSite,
		})
	}
	_, err = chromedp.Call(b.ctx, network.SetCookies, network.SetCookiesParams{Cookies: stolen})
	b.check("set cookies", err)
	b.get("/account")
	b.at("/account") // the session is theirs too
}

// showsNoProof opens every page that changes what guards the account, with a session that
// is an hour old: each asks for a proof first.
func (b *tab) showsNoProof(ada *person) {
	b.t.Helper()
	for _, page := range []string{"/account/security/add?kind=totp", "/account/email", "/account/password", "/account/delete"} {
		b.get(page)
		if !b.has("#login-submit") && !b.has(`input[type="password"][autocomplete="current-password"]`) {
			b.fatalf("%s of %s asks for no proof", page, ada.email)
		}
	}
}

// again shows every proof anew: the sign-out page, a password, the app's code if there is one.
func (b *tab) again(p *person) {
	b.t.Helper()
	b.get("/logout")
	if b.has("#logout-confirm") {
		b.press("logout-confirm")
	}
	b.get("/login")
	b.signIn(p)
	if b.has("#factor-submit") {
		b.answer(p.app.code(b.t))
	}
	b.at("/account")
}

// isOut tries all that an intruder has by now: the session, names and passwords, and the
// links that reached a mailbox of theirs.
func (b *tab) isOut(ada *person) {
	b.t.Helper()
	b.get("/account") // the session ended
	b.at("/login")
	for _, address := range []string{ada.email, evil(ada)} {
		for _, known := range []string{password, evilPassword} {
			b.get("/login")
			b.fill("username", address, "password", known)
			b.press("login-submit")
			b.says("password-error", "Incorrect")
		}
	}
	for _, m := range b.messages(evil(ada)) {
		for _, link := range m.Links {
			b.get(link)
			if b.has("#verify-submit") {
				b.press("verify-submit")
				b.want("#error-title")
			}
		}
	}
}
