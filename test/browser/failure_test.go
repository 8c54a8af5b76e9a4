package browser

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// journey is what a person does, in steps that each end on another page. What
// they did before decides whether a step is right; the last one checks that all is.
type journey struct {
	name  string
	steps func(b *tab, a *application, p *person) []func()
	// losses are the steps before which Redis is lost.
	losses []int
	// unmade says that the person has no account before the last step.
	unmade bool
}

var journeys = []journey{
	{"sign up", signUpSteps, []int{0, 1, 2, 3}, true},
	{"forgotten password", resetSteps, []int{2, 3, 4}, false},
	{"enrollment", enrollSteps, []int{1, 2, 3, 4}, false},
	{"consent", consentSteps, []int{2}, false},
	{"change of address", emailSteps, []int{2, 3, 4}, false},
}

// entry is where a journey begins, whatever was before: at the page of sign-in.
func (b *tab) entry(a *application, client string) func() {
	return func() { b.get(a.at(client, "prompt", "login")) }
}

func signUpSteps(b *tab, a *application, p *person) []func() {
	code := ""
	return []func(){
		b.entry(a, "wiki"),
		func() { b.follow("#signup-link") },
		func() {
			b.signUp(p)
			code = b.codeTo(p.email)
		},
		func() {
			b.fill("code", code)
			b.press("verify-submit")
		},
		func() { b.proved("aal1", "pwd") },
	}
}

func resetSteps(b *tab, a *application, p *person) []func() {
	link := ""
	return []func(){
		b.entry(a, "wiki"),
		func() { b.follow("#forgot-link") },
		func() {
			b.fill("email", p.email)
			b.press("forgot-submit")
			if !b.broken() {
				link = b.link(p.email, "new password")
			}
		},
		func() { b.get(link) },
		func() {
			p.password += " again"
			b.fill("new_password", p.password)
			b.press("reset-submit")
		},
		b.entry(a, "wiki"),
		func() { b.signIn(p) },
		func() { b.proved("aal1", "pwd") },
	}
}

func enrollSteps(b *tab, a *application, p *person) []func() {
	return []func(){
		b.entry(a, "vault"),
		func() { b.signIn(p) },
		func() {
			if b.has("#factor-submit") { // enrolled already, and cut short after that
				b.answer(p.app.code(b.t))
			}
			if b.has(`a[data-factor="totp"]`) {
				b.factor("totp")
			}
		},
		func() {
			if b.has("#totp-secret") {
				p.app = b.newApp()
				b.fill("code", p.app.code(b.t))
				b.press("enroll-submit")
			}
		},
		func() {
			if b.has("#recovery-continue") {
				b.saveCodes()
			}
		},
		func() { b.proved("aal2", "mfa", "otp", "pwd") },
	}
}

func consentSteps(b *tab, a *application, p *person) []func() {
	return []func(){
		func() { b.get(a.at("calendar", "prompt", "login consent")) },
		func() { b.signIn(p) },
		func() { b.press("consent-allow") },
		func() { b.proved("aal1", "pwd") },
	}
}

func emailSteps(b *tab, a *application, p *person) []func() {
	code, fresh := "", "new-"+p.email
	return []func(){
		b.entry(a, "wiki"),
		func() { b.signIn(p) },
		func() { b.get("/account/email") },
		func() {
			b.fill("email", fresh)
			b.press("email-submit")
			code = b.codeTo(fresh)
		},
		func() {
			b.fill("code", code)
			b.press("verify-submit")
			if !b.broken() {
				p.email = fresh
			}
		},
		func() { b.says("notice", "") },
	}
}

// broken reports whether the person sees an error page.
func (b *tab) broken() bool {
	b.t.Helper()
	return b.has("#error-title")
}

// codeTo is the code of the message to an address, if one was asked for.
func (b *tab) codeTo(address string) string {
	b.t.Helper()
	if b.broken() {
		return ""
	}
	return b.message(address, "confirm").Code
}

// traveller is who makes the journey.
func (j journey) traveller(s *site) *person {
	if j.unmade {
		return stranger()
	}
	return s.account()
}

func startFailing(t *testing.T, node testenv.Latchkey) (*site, *application) {
	t.Helper()
	a := newApplication(t)
	a.site = startWith(t, node, a.clients(map[string]settings{
		"wiki": {}, "vault": {"require_mfa": true}, "calendar": {"consent": "always"},
	}))
	return a.site, a
}

// eachJourney runs a test for every journey, in one of two looks.
func eachJourney(t *testing.T, test func(t *testing.T, j journey, l look)) {
	t.Helper()
	for i, j := range journeys {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			test(t, j, pairs[i%len(pairs)])
		})
	}
}

// TestRestartBetweenAnyTwoSteps: nobody notices.
func TestRestartBetweenAnyTwoSteps(t *testing.T) {
	t.Parallel()
	eachJourney(t, func(t *testing.T, j journey, l look) {
		s, a := startFailing(t, testenv.Latchkey{})
		b := s.browser(t, l)
		for i, step := range j.steps(b, a, j.traveller(s)) {
			if i > 0 {
				s.Kill()
				s.Start()
			}
			step()
		}
	})
}

// TestLossOfRedisAtAnyStep: Redis stops before a step and comes back empty. The
// person is told that it is not their fault, and gets to where they wanted by
// starting again. No account is half made.
func TestLossOfRedisAtAnyStep(t *testing.T) {
	t.Parallel()
	eachJourney(t, func(t *testing.T, j journey, l look) {
		redis := testenv.StartRedis(t)
		s, a := startFailing(t, testenv.Latchkey{Redis: redis.URL})
		b := s.browser(t, l)
		told := 0
		for _, lost := range j.losses {
			p := j.traveller(s)
			steps := j.steps(b, a, p)
			for _, step := range steps[:lost] {
				step()
			}
			redis.Stop()
			steps[lost]()
			if b.broken() {
				told++
				b.unavailable()
			}
			if j.unmade && strings.Contains(s.Command("", "user", "list"), p.email) {
				b.fatalf("there is half an account of %s", p.email)
			}
			redis.Start()
			s.ready(t)
			b.reload()
			b.wayOn()
			for _, step := range j.steps(b, a, p) {
				step()
			}
		}
		if told == 0 {
			t.Error("no step needed Redis: this showed nothing")
		}
	})
}

// unavailable checks the page of a failure that is ours.
func (b *tab) unavailable() {
	b.t.Helper()
	if b.status != http.StatusServiceUnavailable {
		b.fatalf("status %d, want 503", b.status)
	}
	b.says("error-detail", "on our side")
	b.says("error-id", "")
}

// wayOn checks that whoever tries again, after all that was kept for a while is
// lost, gets a page that says what to do, or one to do it on.
func (b *tab) wayOn() {
	b.t.Helper()
	switch {
	case !b.broken():
	case b.status >= http.StatusInternalServerError:
		b.fatalf("it is still our fault")
	case !strings.Contains(b.text("error-detail"), "again") && !strings.Contains(b.text("error-detail"), "Ask for a new one"):
		b.fatalf("the page says no way on")
	}
}

// ready waits until the node says that it is, and misses nothing: without Redis
// it is ready, but degraded.
func (s *site) ready(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		response, err := s.HTTP().Get(s.Issuer + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode == http.StatusOK && strings.Contains(string(body), `"status":"ok"`) {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("the node never got ready")
		}
	}
}
