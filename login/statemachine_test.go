package login

import (
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
)

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
