package login

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// This file is the flow as its requirements tell it, written a second time and
// without its code: what each browser really showed, and what must follow from
// that. The tests beside it do to the pages whatever can be done and compare.

// evidence is what somebody showed of themselves, and when.
type evidence struct {
	who    *character
	proofs map[storage.FactorKind]time.Time
}

func (e *evidence) with(other *evidence) *evidence {
	sum := &evidence{e.who, maps.Clone(e.proofs)}
	if other != nil && other.who == e.who {
		for kind, at := range other.proofs {
			if at.After(sum.proofs[kind]) {
				sum.proofs[kind] = at
			}
		}
	}
	return sum
}

// character is a person of the play, as they are by now.
type character struct {
	user               *storage.User
	password           string
	secret             string   // of the newest authenticator app; empty: none
	apps               int      // how many there are
	mailed             string   // the code that was sent last
	codes              []string // recovery codes that are not spent
	spent              string   // the app's code that was taken last
	boundAt            time.Time
	disabled, verified bool
	consented          bool
	epoch              int64
}

// actor is a browser with what it holds.
type actor struct {
	*browser
	csrf    string
	session *evidence
	// partial is a sign-in that goes on in one tab, until it is left alone for too long.
	partial *evidence
	within  *tab
	until   time.Time
}

// tab is one interaction.
type tab struct {
	of      *actor
	id      string
	started time.Time
	// fresh wants a new sign-in (prompt=login), high a second factor (an essential acr).
	fresh, high bool
	denied      bool
	// codes is whose recovery codes wait to be seen, allowed who gave consent here.
	codes, allowed *character
}

// play is people, browsers and tabs over one site.
type play struct {
	t            *testing.T
	s            *site
	ada, bob     *character
	mine, theirs *actor
	tab          *tab
	began        time.Time
	// sender, where it is not nil, sends what is meant to come from the tab's
	// browser, and forged leaves the form's token out.
	sender *actor
	forged bool
	// trail is what happened so far, and seen are the tabs that it names.
	trail []string
	seen  []*tab
}

func (p *play) failf(format string, args ...any) {
	p.t.Helper()
	lines := strings.Split(p.s.parts.Log.String(), "\n")
	p.t.Fatalf("after %s:\n%s\npage:\n%s\nlogged last:\n%s", strings.Join(p.trail, ", "), fmt.Sprintf(format, args...), p.page().Body,
		strings.Join(lines[max(0, len(lines)-60):], "\n"))
}

func (p *play) page() *testbrowser.Page {
	if p.sender != nil {
		return p.sender.Page
	}
	if p.tab == nil {
		return p.mine.Page
	}
	return p.tab.of.Page
}

// stepOf says what is missing in a tab, from the evidence.
func (p *play) stepOf(t *tab, e *evidence) string {
	if e == nil || e.who.disabled {
		return flow.StepSignIn
	}
	has := func(kind storage.FactorKind) bool {
		at, ok := e.proofs[kind]
		return ok && (!t.fresh || !at.Before(t.started))
	}
	// What guards the account changes, and is shown, on fresh proofs alone: of the last
	// minutes, or given since the tab was opened (requirement FE1).
	since := p.s.clock.Now().Add(-mfa.DefaultPolicy().FreshFor)
	if t.started.Before(since) {
		since = t.started
	}
	fresh := func(kind storage.FactorKind) bool { return has(kind) && !e.proofs[kind].Before(since) }
	c := p.s.client
	second := has(storage.FactorTOTP) || has(storage.FactorRecovery)
	lost, usedCode := e.proofs[storage.FactorRecovery]
	replaces := usedCode && e.who.boundAt.Before(lost)
	enrolls := !second && e.who.secret == "" && (c.RequireMFA || t.high)
	switch {
	case !has(storage.FactorPassword):
		return flow.StepSignIn
	case (enrolls || replaces || t.codes == e.who) && !fresh(storage.FactorPassword):
		return flow.StepSignIn
	case e.who.secret != "" && (!second || (replaces || t.codes == e.who) && !fresh(storage.FactorTOTP) && !fresh(storage.FactorRecovery)):
		return flow.StepFactor
	case enrolls, replaces:
		return flow.StepEnroll
	case t.codes == e.who:
		return flow.StepRecovery
	case c.RequireVerifiedEmail && !e.who.verified:
		return flow.StepVerify
	case c.Consent == client.ConsentAlways && t.allowed != e.who, c.Consent == client.ConsentRemember && !e.who.consented:
		return flow.StepConsent
	}
	return flow.StepDone
}

// partialOf is the sign-in that goes on in the tab, if one does.
func (p *play) partialOf(t *tab) *evidence {
	if t.of.within != t || t.of.partial == nil || !p.s.clock.Now().Before(t.of.until) {
		return nil
	}
	return t.of.partial
}

func (p *play) evidenceOf(t *tab) *evidence {
	if part := p.partialOf(t); part != nil {
		return part.with(t.of.session)
	}
	return t.of.session
}

func (p *play) step(t *tab) string { return p.stepOf(t, p.evidenceOf(t)) }

// keep notes that the sign-in that goes on in the tab was written.
func (p *play) keep(t *tab, part *evidence) {
	t.of.partial, t.of.within, t.of.until = part, t, p.s.clock.Now().Add(5*time.Minute)
}

// arrive says where the browser ends that went on in the tab: who has proven
// enough is signed in by then, and who is asked for a factor has a sign-in going on.
func (p *play) arrive(t *tab) string {
	step := p.step(t)
	part := p.partialOf(t)
	proving := step == flow.StepSignIn || step == flow.StepFactor || step == flow.StepEnroll
	switch {
	case part != nil && !proving:
		t.of.session, t.of.partial = part.with(t.of.session), nil
	case part == nil && proving && step != flow.StepSignIn:
		p.keep(t, &evidence{t.of.session.who, map[storage.FactorKind]time.Time{}})
	}
	return p.settled(t)
}

// settled is what the tab shows once the browser has been taken on.
func (p *play) settled(t *tab) string {
	step := p.step(t)
	switch {
	case step == flow.StepDone && t.denied:
		return "denied"
	case step == flow.StepDone:
		return "code for " + string(p.evidenceOf(t).who.user.ID)
	}
	return step
}

// proof adds one to the sign-in that goes on.
func (p *play) proof(t *tab, kind storage.FactorKind) {
	part := p.partialOf(t)
	part.proofs[kind] = p.s.clock.Now()
	p.keep(t, part)
}

// forget ends what was built on the old password or factors of somebody.
func (p *play) forget(who *character, partials bool) {
	for _, a := range []*actor{p.mine, p.theirs} {
		if a.session != nil && a.session.who == who {
			a.session = nil
		}
		if partials && a.partial != nil && a.partial.who == who {
			a.partial = nil
		}
	}
}

// check compares all that exists with what should, and nothing else.
func (p *play) check() {
	p.t.Helper()
	for name, a := range map[string]*actor{"my browser": p.mine, "their browser": p.theirs} {
		if got, want := p.held(a), a.session.String(); got != want {
			p.failf("%s is signed in as %s; its evidence is for %s", name, got, want)
		}
	}
	for _, c := range []*character{p.ada, p.bob} {
		if got, want := p.kept(c), p.due(c); got != want {
			p.failf("the store has\n%s\nand should have\n%s", got, want)
		}
	}
}

func (e *evidence) String() string {
	if e == nil {
		return "nobody"
	}
	kinds := slices.Sorted(maps.Keys(e.proofs))
	return fmt.Sprintf("%s by %v", e.who.user.Email, kinds)
}

// held is whose live session the browser's cookie opens.
func (p *play) held(a *actor) string {
	for _, c := range a.Cookies() {
		if !strings.HasSuffix(c.Name, "session") {
			continue
		}
		found, err := p.s.store.Sessions().BySecret(p.t.Context(), p.s.parts.Hasher.Sums("session", c.Value), p.s.clock.Now())
		if err != nil {
			return "nobody"
		}
		var kinds []storage.FactorKind
		for _, proof := range found.Session.Proofs {
			kinds = append(kinds, proof.Kind)
		}
		slices.Sort(kinds)
		return fmt.Sprintf("%s by %v", found.User.Email, slices.Compact(kinds))
	}
	return "nobody"
}

const accountLine = "sessions=%d disabled=%t verified=%t epoch=%d apps=%d recovery codes=%d consented=%t"

func (p *play) kept(c *character) string {
	ctx, id := p.t.Context(), c.user.ID
	u, err := p.s.store.Users().ByID(ctx, id)
	check(p.t, err)
	sessions, err := p.s.store.Sessions().ListByUser(ctx, id, p.s.clock.Now())
	check(p.t, err)
	codes, err := p.s.store.RecoveryCodes().Status(ctx, id)
	check(p.t, err)
	scopes, err := p.s.store.Consents().Get(ctx, id, "wiki")
	if err != nil {
		scopes = nil
	}
	return fmt.Sprintf(accountLine, len(sessions), u.Disabled(), u.EmailVerified, u.PasswordEpoch, u.Credentials, codes.Remaining, len(scopes) > 0)
}

func (p *play) due(c *character) string {
	sessions := 0
	for _, a := range []*actor{p.mine, p.theirs} {
		if a.session != nil && a.session.who == c {
			sessions++
		}
	}
	return fmt.Sprintf(accountLine, sessions, c.disabled, c.verified, c.epoch, c.apps, len(c.codes), c.consented)
}
