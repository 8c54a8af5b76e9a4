package browser

import (
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// scripted are the looks with scripts, without which no browser has passkeys.
var scripted = []look{desktop, phone}

// addAuthenticator gives the tab a platform authenticator, such as a laptop
// with a fingerprint reader. It answers as soon as it is asked.
func (b *tab) addAuthenticator() webauthn.AuthenticatorID {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{})
	b.check("enable virtual authenticators", err)
	added, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	})
	b.check("add a virtual authenticator", err)
	return added.AuthenticatorID
}

// touch says whether somebody touches the authenticator when it asks.
func (b *tab) touch(id webauthn.AuthenticatorID, touched bool) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{
		AuthenticatorID: id, Enabled: touched,
	})
	b.check("touch the authenticator", err)
}

func TestPasskey(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t)
	s.each(t, scripted, func(t *testing.T, b *tab) {
		ada := s.account()
		key := b.addAuthenticator()
		b.get(app.at("vault"))
		b.signIn(ada)
		b.factor("passkey")
		b.fill("name", "My laptop")
		b.press("enroll-submit")
		if codes := b.texts(".recovery-code"); len(codes) != 10 {
			b.fatalf("%d recovery codes, want 10", len(codes))
		}
		b.saveCodes()
		b.proved("phr", "hwk", "mfa", "pwd", "user")
		b.follow("#leave")

		// As a second factor. Untouched, it leaves the form of the first alone.
		b.touch(key, false)
		b.get(app.at("vault"))
		b.signIn(ada)
		b.at("/factor")
		b.touch(key, true)
		b.press("factor-submit")
		b.proved("phr", "hwk", "mfa", "pwd", "user")
		b.follow("#leave")

		// Without a password, as soon as the passkey is chosen from the list that the
		// field of the username offers: the authenticator stands in for both.
		b.get(app.at("vault"))
		b.do("choose the passkey", chromedp.WaitReady(chromedp.ID("claims")))
		b.proved("phr", "hwk", "mfa", "user")
		b.follow("#leave")

		// Without a password, by the button.
		b.touch(key, false)
		b.get(app.at("vault"))
		b.waitForAutofill()
		b.touch(key, true)
		b.press("passkey-submit")
		b.proved("phr", "hwk", "mfa", "user")
	})
}

// waitForAutofill returns when the page has asked the browser for passkeys to
// offer: it does so when the browser has said that it can, and says so to us later.
func (b *tab) waitForAutofill() {
	b.t.Helper()
	able, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`PublicKeyCredential.isConditionalMediationAvailable()`, chromedp.EvalAwaitPromise))
	b.check("ask for autofill", err)
	if !able {
		b.fatalf("this browser offers no passkeys in a field")
	}
}

// TestPasskeyOfSomebodyElse: the finger is not the owner's.
func TestPasskeyOfSomebodyElse(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t)
	s.each(t, scripted, func(t *testing.T, b *tab) {
		ada := s.account()
		key := b.addAuthenticator()
		b.get(app.at("wiki", "acr_values", "phr"))
		b.signIn(ada)
		b.enrollPasskey()
		b.follow("#leave")
		_, err := chromedp.Call(b.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: key})
		b.check("take the finger away", err)
		b.get(app.at("wiki"))
		b.waitForAutofill()
		b.do("press #passkey-submit", chromedp.Click(chromedp.ID("passkey-submit")), chromedp.WaitVisible(chromedp.ID("credential-error")))
		b.says("credential-error", "Please try again")
		b.at("/login")
	})
}

// enrollPasskey adds a passkey on the page of enrollment and goes on.
func (b *tab) enrollPasskey() {
	b.t.Helper()
	if b.has(`a[data-factor="passkey"]`) {
		b.factor("passkey")
	}
	b.press("enroll-submit")
	if b.has("#recovery-continue") {
		b.saveCodes()
	}
}

func TestPasskeysSayThatTheyNeedScripts(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t)
	s.each(t, []look{plainDesktop, plainPhone}, func(t *testing.T, b *tab) {
		ada := s.account()
		b.get(app.at("vault"))
		if shown := b.eval(`getComputedStyle(document.getElementById("passkey-form")).display`); shown != "none" {
			b.fatalf("a button is shown that cannot work (%s)", shown)
		}
		b.signIn(ada)
		b.factor("passkey")
		if notes := b.texts("noscript .notice"); len(notes) != 1 {
			b.fatalf("nothing says that passkeys need scripts")
		}
		b.follow(".after a")
		b.enrollApp(ada)
		b.proved("aal2", "mfa", "otp", "pwd")
	})
}
