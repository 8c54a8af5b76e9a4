package login

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
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

// open opens another tab of a browser, which is the current one from then on.
func (p *play) open(fresh, high bool) {
	p.s.clock.Advance(time.Second)
	request := map[bool]string{true: `,"prompt":["login"]`}[fresh] + map[bool]string{true: `,"essential_acr":["aal2"]`}[high]
	p.mine.start(`{"client_id":"wiki","scopes":["openid"],"redirect_uri":"https://wiki.example.com/cb"` + request + `}`)
	p.tab = &tab{of: p.mine, started: p.s.clock.Now(), fresh: fresh, high: high}
	p.tab.id = p.mine.Page.URL.Query().Get(interaction.Param)
	p.expect(p.arrive(p.tab))
}

// shows tells pages apart.
func shows(pg *testbrowser.Page) string {
	for id, step := range map[string]string{
		"login-submit": flow.StepSignIn, "factor-submit": flow.StepFactor, "enroll-submit": flow.StepEnroll, "recovery-continue": flow.StepRecovery,
		"consent-allow": flow.StepConsent, "signup-submit": "signup", "forgot-submit": "forgot", "reset-submit": "reset",
	} {
		if pg.Has(id) {
			return step
		}
	}
	switch {
	case pg.Has("verify-submit"):
		return strings.TrimPrefix(pg.URL.Path, "/")
	case strings.HasPrefix(pg.Body, "code for"):
		who, _, _ := strings.Cut(pg.Body, " acr=")
		return who
	case strings.HasPrefix(pg.Body, "denied"):
		return "denied"
	case pg.Text("error-title") != "" && pg.Text("error-detail") != "" && pg.Text("error-id") != "":
		return fmt.Sprintf("error %d", pg.Status)
	}
	return "a dead end"
}

// expect says which page a request ended on.
func (p *play) expect(want string) {
	p.t.Helper()
	if got := shows(p.page()); got != want {
		p.failf("the page is %q (%d at %s), want %q", got, p.page().Status, p.page().URL, want)
	}
}

// at is the address of a page in the current tab.
func (p *play) at(path string) string {
	return path + "?" + interaction.Param + "=" + url.QueryEscape(p.tab.id)
}

// visit opens a page of the current tab; it is shown where its step is what is
// missing, and elsewhere the page that is.
func (p *play) visit(path string) {
	p.t.Helper()
	sender := p.from()
	sender.Get(p.at(path))
	if sender != p.tab.of {
		p.expect("error 400")
		return
	}
	if path == resumePath && p.tab.denied {
		p.expect("denied")
		return
	}
	step := p.arrive(p.tab)
	if path == "/signup" && step == flow.StepSignIn {
		step = "signup"
	}
	p.expect(step)
}

func (p *play) from() *actor {
	if p.sender != nil {
		return p.sender
	}
	return p.tab.of
}

// submit sends a form of the current tab. Where its step is what is missing,
// worth says what that is worth, and may name another page than the next one.
func (p *play) submit(path string, fields []string, worth func() string, steps ...string) {
	p.t.Helper()
	sender, values := p.from(), url.Values{"csrf": {p.from().csrf}}
	if p.forged {
		values.Del("csrf")
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		values.Set(name, value)
	}
	p.s.clock.Advance(6 * time.Second) // it is no double click of one before
	current := p.step(p.tab)
	sender.Post(p.at(path), values)
	switch {
	case p.forged:
		p.expect("error 403")
		return
	case sender != p.tab.of:
		p.expect("error 400")
		return
	}
	page := ""
	for _, step := range steps {
		if step == current && p.partialIsOver() {
			page = worth()
		}
	}
	next := p.arrive(p.tab)
	if page != "" {
		next = page
	}
	p.expect(next)
}

// partialIsOver is true where the handler of a step runs at all: a sign-in that
// has proven enough becomes a session before any other page does something.
func (p *play) partialIsOver() bool {
	switch p.step(p.tab) {
	case flow.StepSignIn, flow.StepFactor, flow.StepEnroll:
		return true
	}
	return p.partialOf(p.tab) == nil
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

// states are reached by what happens in them.
type state struct {
	name   string
	client func(*client.Client)
	cast   cast
	after  []string
}

func states() []state {
	asksAlways := func(c *client.Client) { c.Consent = client.ConsentAlways }
	verified := func(c *client.Client) { c.RequireVerifiedEmail = true }
	guarded := cast{guarded: true}
	return []state{
		{"nobody", nil, guarded, nil},
		{"wrong password shown", nil, guarded, []string{"wrong password"}},
		{"at factor", nil, guarded, []string{"right password"}},
		{"at factor after a wrong code", nil, guarded, []string{"right password", "wrong code"}},
		{"at enrollment", requireFactor, cast{}, []string{"right password"}},
		{"at enrollment in place of what was lost", nil, guarded, []string{"right password", "recovery code"}},
		{"codes unseen", requireFactor, cast{}, []string{"right password", "enroll"}},
		{"address unconfirmed", verified, cast{unverified: true}, []string{"right password"}},
		{"consent", asksAlways, cast{}, []string{"right password"}},
		{"consent after two factors", asksAlways, guarded, []string{"right password", "right code"}},
		{"consent given", asksAlways, cast{}, []string{"right password", "allow"}},
		{"codes unseen, signed out", requireFactor, cast{}, []string{"right password", "enroll", "sessions ended"}},
		{"consent given, signed out", asksAlways, cast{}, []string{"right password", "allow", "sessions ended"}},
		{"signed in by a password", nil, cast{}, []string{"right password"}},
		{"signed in by two factors", nil, guarded, []string{"right password", "right code"}},
		{"step-up at enrollment", nil, cast{}, []string{"right password", "a tab that wants a second factor"}},
		{"signing in anew", nil, guarded, []string{"right password", "right code", "a tab that wants a new sign-in"}},
		{"at factor of a new sign-in", nil, guarded, []string{"right password", "right code", "a tab that wants a new sign-in", "right password"}},
		{"declined", nil, guarded, []string{"cancel sign-in"}},
		{"signing up", nil, cast{}, []string{"sign up"}},
		{"disabled at factor", nil, guarded, []string{"right password", "disabled"}},
		{"another is signed in", nil, guarded, []string{"another person's password", "a tab that wants a new sign-in", "right password"}},
	}
}

func eventNamed(t *testing.T, name string) happening {
	t.Helper()
	for _, e := range happenings() {
		if e.name == name {
			return e
		}
	}
	t.Fatalf("no event %q", name)
	return happening{}
}

func (p *play) happen(e happening) {
	p.t.Helper()
	p.trail = append(p.trail, p.describe(e))
	e.do(p)
	p.check()
}

// describe says what happens, and in which tab: enough to do it again by hand.
func (p *play) describe(e happening) string {
	number := slices.Index(p.seen, p.tab)
	if number < 0 {
		number, p.seen = len(p.seen), append(p.seen, p.tab)
	}
	words := fmt.Sprintf("%s (tab %d", e.name, number+1)
	switch {
	case p.sender != nil:
		words += ", from another browser"
	case p.forged:
		words += ", forged"
	}
	return words + ")"
}

// ways are how something may come: in the tab where the flow stands, in another
// tab of the same browser, from another browser that knows the address, or made
// by another site. The last two change nothing, whatever they bring.
var ways = []struct {
	name    string
	do      func(*play, happening)
	changes bool
}{
	{"", func(p *play, e happening) { p.happen(e) }, true},
	{"in another tab", func(p *play, e happening) {
		first := p.tab
		p.open(false, false)
		p.happen(e)
		p.tab = first
		p.visit(resumePath)
	}, true},
	{"from another browser", func(p *play, e happening) {
		p.sender = p.theirs
		p.happen(e)
		p.sender = nil
		p.visit(resumePath)
	}, false},
	{"from another site", func(p *play, e happening) {
		p.forged = true
		p.happen(e)
		p.forged = false
		p.visit(resumePath)
	}, false},
}

// reach brings a new play to the state.
func (s *stage) reach(t *testing.T, st state) *play {
	t.Helper()
	p := s.play(t, st.cast)
	for _, name := range st.after {
		p.happen(eventNamed(t, name))
	}
	return p
}

// TestPA5_EveryStateAndEvent puts everything that may happen, in every way it may
// come, into every state of the flow, and compares what exists after it with what
// was shown.
func TestPA5_EveryStateAndEvent(t *testing.T) {
	for _, st := range states() {
		t.Run(st.name, func(t *testing.T) {
			t.Parallel()
			stage := newStage(t, st.client)
			for _, way := range ways {
				var p *play
				for _, e := range happenings() {
					if !way.changes && !e.posts {
						continue
					}
					t.Run(strings.TrimSpace(e.name+" "+way.name), func(t *testing.T) {
						if way.changes || p == nil || p.s.clock.Now().Sub(p.began) > 2*time.Minute {
							p = stage.reach(t, st)
						}
						p.t, p.s.t = t, t
						way.do(p, e)
						p.check()
					})
				}
			}
		})
	}
}
