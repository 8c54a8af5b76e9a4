package browser

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// takeover is something that an intruder does to an account, in a browser that is signed
// in to it, by a password that they know, or by a mailbox of theirs.
type takeover func(intruder *tab, ada *person)

// A mailbox and a password of the intruder's.
func evil(p *person) string { return "mallory-" + p.email }

const evilPassword = "the pass phrase of mallory"

func takesAddress(b *tab, ada *person) {
	b.account(ada, "/email")
	b.fill("email", evil(ada))
	b.press("email-submit")
	b.get(b.link(evil(ada), "confirm your new"))
	b.press("verify-submit")
	b.says("message", evil(ada))
}

func takesPassword(b *tab, ada *person) {
	b.account(&person{email: ada.email, password: ada.password}, "/password")
	b.fill("new_password", evilPassword)
	b.press("password-submit")
	b.at("/account/security")
}

func addsApp(b *tab, ada *person) {
	b.account(ada, "/security")
	b.press("factor-add-totp")
	b.enrollApp(&person{email: ada.email, password: ada.password})
	b.at("/account/security")
}

// TestFE2_TheOwnersStory: an intruder signs in by a password that they know, and does
// what makes an account theirs, in several orders. The owner, in another browser, uses
// only what messages and pages offer, and ends with the account, alone.
func TestFE2_TheOwnersStory(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, moves := range map[string][]takeover{
		"an address":                  {takesAddress},
		"a password":                  {takesPassword},
		"an app":                      {addsApp},
		"an app, then an address":     {addsApp, takesAddress},
		"an address, then a password": {takesAddress, takesPassword},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.each(t, crossed[:1], func(t *testing.T, owner *tab) {
				ada := s.account()
				intruder := owner.device()
				for _, move := range moves {
					move(intruder, ada)
				}

				owner.takesBack(ada)

				intruder.isOut(ada)
				owner.account(ada, "/email")
				owner.says("main", ada.email)
				owner.get("/account/security")
				owner.wantNo(`a[id^="factor-remove-"]`)
			})
		})
	}
}

// takesBack presses what the messages offer, the oldest first, until one of them leads to
// a new password, has removed what the page of that says is new, and signs in.
func (b *tab) takesBack(ada *person) {
	b.t.Helper()
	sent := b.messages(ada.email)
	for i := len(sent) - 1; i >= 0; i-- {
		for _, link := range sent[i].Links {
			b.get(link)
			if !b.has("#verify-submit") {
				continue
			}
			b.press("verify-submit")
			if !b.has("#error-title") { // what was to be stopped may be over
				b.get(b.link(ada.email, "new password"))
				ada.password = "a horse of another colour"
				for b.has(`[name="remove"]:not(:checked)`) { // what was added before the thing that was told of
					b.do("remove what is new", chromedp.Click(chromedp.CSS(`[name="remove"]:not(:checked)`)))
				}
				b.fill("new_password", ada.password)
				b.press("reset-submit")
				b.account(ada, "")
				return
			}
		}
	}
	b.fatalf("no message says how to take it back: %+v", sent)
}
