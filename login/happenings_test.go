package login

import (
	"errors"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/storage"
)

// A happening is something that may happen at any moment. It does it, over HTTP
// where a browser does, and tells the model what it was worth.
type happening struct {
	name string
	do   func(*play)
	// posts says that it is a form, which can be sent by others too.
	posts bool
	// opens says that it leads to another tab.
	opens bool
}

func nothing() string { return "" }

// denied is worth the person's no.
func (p *play) denies() string {
	p.tab.denied = true
	return "denied"
}

func (p *play) signIn(who *character, password string) {
	p.submit("/login", []string{"username=" + who.user.Email, "password=" + password}, func() string {
		if password == who.password && !who.disabled {
			p.keep(p.tab, &evidence{who, map[storage.FactorKind]time.Time{storage.FactorPassword: p.s.clock.Now()}})
		}
		return ""
	}, flow.StepSignIn)
}

// app answers with the code of somebody's authenticator app.
func (p *play) app(who *character) {
	p.s.clock.Advance(31 * time.Second)
	if who.secret == "" {
		p.answer("factor=totp", "code=123456")
		return
	}
	code := p.s.code(who.secret)
	p.submit("/factor", []string{"factor=totp", "code=" + code}, func() string {
		if e := p.evidenceOf(p.tab); p.partialOf(p.tab) != nil && e.who == who {
			who.spent = code
			p.proof(p.tab, storage.FactorTOTP)
		}
		return ""
	}, flow.StepFactor)
}

// answer is worth nothing.
func (p *play) answer(fields ...string) { p.submit("/factor", fields, nothing, flow.StepFactor) }

func (p *play) recover() {
	if len(p.ada.codes) == 0 {
		p.answer("factor=recovery", "code=AAAA-BBBB-CCCC-DDDD-EEEE-FFFF")
		return
	}
	p.submit("/factor", []string{"factor=recovery", "code=" + p.ada.codes[0]}, func() string {
		if e := p.evidenceOf(p.tab); p.partialOf(p.tab) != nil && e.who == p.ada {
			p.ada.codes = p.ada.codes[1:]
			p.proof(p.tab, storage.FactorRecovery)
		}
		return ""
	}, flow.StepFactor)
}

// enroll confirms the app that the page shows, or where it shows none one of our own.
func (p *play) enroll() {
	secret := "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	if p.step(p.tab) == flow.StepEnroll && p.sender == nil && !p.forged {
		p.visit("/enroll")
		secret = p.page().Text("totp-secret")
	}
	p.s.clock.Advance(31 * time.Second)
	code := p.s.code(secret)
	p.submit("/enroll", []string{"factor=totp", "code=" + code, "name=App"}, func() string {
		part := p.partialOf(p.tab)
		if part == nil {
			return ""
		}
		who := part.who
		_, lost := p.evidenceOf(p.tab).proofs[storage.FactorRecovery]
		lost = lost && who.boundAt.Before(p.evidenceOf(p.tab).proofs[storage.FactorRecovery])
		who.secret, who.spent, who.boundAt = secret, code, p.s.clock.Now()
		who.apps++
		p.proof(p.tab, storage.FactorTOTP)
		if len(who.codes) == 0 || lost {
			p.tab.codes, who.codes = who, make([]string, 10)
		}
		return ""
	}, flow.StepEnroll)
	if shows(p.page()) == flow.StepRecovery {
		p.readCodes()
	}
}

// readCodes writes down the recovery codes that are shown.
func (p *play) readCodes() {
	var codes []string
	for _, part := range strings.Split(p.page().Body, `<code class="recovery-code">`)[1:] {
		code, _, _ := strings.Cut(part, "<")
		codes = append(codes, code)
	}
	p.tab.codes.codes = codes
}

func (p *play) verifyCode() string {
	for _, m := range p.s.inbox() {
		if m.To == p.ada.user.Email && m.Code != "" {
			p.ada.mailed = m.Code // the last one: it has replaced those before
		}
	}
	return p.ada.mailed
}

func (p *play) note(typ storage.EventType) storage.Event { return p.s.event(typ) }

// happenings are all that may happen.
func happenings() []happening {
	get := func(path string) happening {
		return happening{name: "GET " + path, do: func(p *play) { p.visit(path) }}
	}
	post := func(name string, do func(*play)) happening { return happening{name: name, do: do, posts: true} }
	meanwhile := func(name string, do func(*play)) happening {
		return happening{name: name, do: func(p *play) { do(p); p.visit(resumePath) }}
	}
	return []happening{
		get("/login"), get("/factor"), get("/enroll"), get("/recovery-codes"), get("/verify"), get("/consent"), get("/signup"), get(resumePath),
		{name: "another tab", do: func(p *play) { p.open(false, false) }, opens: true},
		{name: "a tab that wants a new sign-in", do: func(p *play) { p.open(true, false) }, opens: true},
		{name: "a tab that wants a second factor", do: func(p *play) { p.open(false, true) }, opens: true},

		post("right password", func(p *play) { p.signIn(p.ada, p.ada.password) }),
		post("wrong password", func(p *play) { p.signIn(p.ada, "not the right password") }),
		post("empty password", func(p *play) { p.signIn(p.ada, "") }),
		post("another person's password", func(p *play) { p.signIn(p.bob, p.bob.password) }),
		post("nobody's name", func(p *play) {
			p.submit("/login", []string{"username=nobody@example.com", "password=" + goodPassword}, nothing, flow.StepSignIn)
		}),
		post("cancel sign-in", func(p *play) { p.submit("/login", []string{"cancel=1"}, p.denies, flow.StepSignIn) }),
		post("no passkey", func(p *play) { p.submit("/login/passkey", []string{"credential={}"}, nothing, flow.StepSignIn) }),

		post("right code", func(p *play) { p.app(p.ada) }),
		post("another person's code", func(p *play) { p.answer("factor=totp", "code="+p.s.code("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")) }),
		post("wrong code", func(p *play) { p.answer("factor=totp", "code=000000") }),
		post("empty code", func(p *play) { p.answer("factor=totp", "code=") }),
		post("replayed code", func(p *play) { p.answer("factor=totp", "code="+p.ada.spent) }),
		post("recovery code", (*play).recover),
		post("wrong recovery code", func(p *play) { p.answer("factor=recovery", "code=AAAA-BBBB-CCCC-DDDD-EEEE-FFFF") }),
		post("a factor that is none", func(p *play) { p.answer("factor=password", "code="+goodPassword) }),
		post("send again", func(p *play) { p.answer("factor=totp", "resend=1") }),
		post("cancel factor", func(p *play) {
			p.submit("/factor", []string{"cancel=1"}, func() string {
				p.tab.of.partial = nil
				return p.denies()
			}, flow.StepFactor)
		}),

		post("enroll", (*play).enroll),
		post("enroll by a wrong code", func(p *play) { p.submit("/enroll", []string{"factor=totp", "code=000000"}, nothing, flow.StepEnroll) }),
		post("enroll later", func(p *play) { p.submit("/enroll", []string{"later=1"}, nothing, flow.StepEnroll) }),
		post("codes kept", func(p *play) {
			p.submit("/recovery-codes", nil, func() string { p.tab.codes = nil; return "" }, flow.StepRecovery)
		}),
		post("right mail code", func(p *play) {
			code := p.verifyCode()
			p.submit("/verify", []string{"code=" + code}, func() string {
				if who := p.evidenceOf(p.tab).who; who == p.ada && code != "" {
					who.verified, who.mailed = true, ""
				}
				return ""
			}, flow.StepVerify)
		}),
		post("wrong mail code", func(p *play) { p.submit("/verify", []string{"code=11111111"}, nothing, flow.StepVerify) }),
		post("allow", func(p *play) {
			p.submit("/consent", []string{"decision=allow"}, func() string {
				p.tab.allowed = p.tab.of.session.who
				p.tab.allowed.consented = true
				return ""
			}, flow.StepConsent)
		}),
		post("deny", func(p *play) { p.submit("/consent", []string{"decision=deny"}, p.denies, flow.StepConsent) }),
		post("sign up", func(p *play) {
			p.submit("/signup", []string{"email=" + p.bob.user.Email, "password=" + goodPassword}, func() string { return "signup/confirm" }, flow.StepSignIn)
		}),

		meanwhile("time passes", func(p *play) { p.s.clock.Advance(6 * time.Minute) }),
		meanwhile("proofs age", func(p *play) { p.s.clock.Advance(11 * time.Minute) }),
		meanwhile("password changed", func(p *play) {
			other := map[string]string{goodPassword: otherPassword, otherPassword: goodPassword}[p.ada.password]
			hash, err := p.s.parts.Passwords.Hash(p.t.Context(), other)
			check(p.t, err)
			check(p.t, p.s.store.Users().ChangePassword(p.t.Context(), storage.PasswordChange{
				UserID: p.ada.user.ID, Epoch: p.ada.epoch, Hash: hash, Now: p.s.clock.Now(),
			}, p.note(storage.EventPasswordChanged)))
			p.ada.password, p.ada.epoch = other, p.ada.epoch+1
			p.forget(p.ada, true)
		}),
		meanwhile("disabled", func(p *play) {
			if !p.ada.disabled {
				p.ada.epoch++ // what waits for its proof dies with it (requirement FE3)
				check(p.t, p.s.store.Users().Disable(p.t.Context(), p.ada.user.ID, p.s.clock.Now(), p.note(storage.EventUserDisabled)))
			}
			p.ada.disabled = true
			p.forget(p.ada, true)
		}),
		meanwhile("locked down", func(p *play) {
			_, err := p.s.store.Users().Lockdown(p.t.Context(), storage.Lockdown{UserID: p.ada.user.ID, Now: p.s.clock.Now()},
				func(storage.Holdings) storage.Event { return p.note(storage.EventLockedDown) })
			if !errors.Is(err, storage.ErrNotFound) { // once is enough
				check(p.t, err)
				p.ada.epoch++
			}
			p.ada.disabled = true
			p.forget(p.ada, true)
		}),
		meanwhile("enabled", func(p *play) {
			u, err := p.s.store.Users().ByID(p.t.Context(), p.ada.user.ID)
			check(p.t, err)
			if u.DisabledToo || u.Disabled() && u.LockedAt.IsZero() {
				check(p.t, p.s.store.Users().Enable(p.t.Context(), p.ada.user.ID, p.s.clock.Now(), p.note(storage.EventUserEnabled)))
			}
			if !u.LockedAt.IsZero() {
				check(p.t, p.s.store.Users().LiftLockdown(p.t.Context(), p.ada.user.ID, time.Unix(1, 0), p.note(storage.EventLockdownLifted)))
			}
			p.ada.disabled = false
		}),
		meanwhile("factors reset", func(p *play) {
			check(p.t, p.s.store.Users().ResetFactors(p.t.Context(), p.ada.user.ID, p.s.clock.Now(), p.note(storage.EventFactorsReset)))
			p.ada.secret, p.ada.apps, p.ada.codes, p.ada.boundAt, p.ada.epoch = "", 0, nil, time.Time{}, p.ada.epoch+1
			p.forget(p.ada, true)
		}),
		meanwhile("sessions ended", func(p *play) {
			check(p.t, p.s.store.Sessions().EndAll(p.t.Context(), p.ada.user.ID, "", p.s.clock.Now(), true, p.note(storage.EventSessionsEnded)))
			p.ada.epoch++ // what waits for its proof dies with it (requirement FE3)
			p.forget(p.ada, true)
		}),
		meanwhile("another flow finishes first", func(p *play) {
			first := p.tab
			p.open(false, false)
			p.signIn(p.bob, p.bob.password)
			p.tab = first
		}),
		{name: "stolen cookies", do: (*play).steal},
	}
}

const otherPassword = "another long passphrase entirely"

// steal uses all cookies of the tab's browser in a browser of another kind: a
// sign-in that goes on in the tab is over then, for both.
func (p *play) steal() {
	victim := p.tab.of
	victim.Header.Set("User-Agent", "curl")
	if p.partialOf(p.tab) != nil {
		victim.partial = nil
	}
	p.visit("/factor")
	// And what began in the other kind of browser is of no use in the first.
	victim.Header.Del("User-Agent")
	if p.partialOf(p.tab) != nil {
		victim.partial = nil
	}
	p.visit(resumePath)
}
