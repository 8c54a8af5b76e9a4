package login

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	pass "github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/login/signin"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// stage is a site for many plays.
type stage struct {
	*site
	next int
}

func newStage(t *testing.T, client func(*client.Client)) *stage {
	t.Helper()
	s := newSite(t, siteOptions{
		client:  client,
		policy:  func(p *mfa.Policy) { p.Tries, p.Lockout.Free, p.DisableAfter = 100_000, 100_000, 100_000 },
		methods: func(c *signin.Config) { c.Passwords = &memory{c.Passwords.(*pass.Hasher)} },
		limits: func(l *limits.Bounds) {
			endless := storage.Backoff{Free: 1 << 30, Base: time.Second, Max: time.Second, Window: time.Hour}
			l.SignInPair, l.SignInAccount, l.SignInAddress, l.SignInKnown = endless, endless, endless, endless
			ask := limits.AskBounds{Account: endless, Address: endless}
			l.SignUp, l.Reset, l.Resend = ask, ask, ask
		},
	})
	return &stage{site: s}
}

// memory computes each hash once: thousands of sign-ins are to show the flow,
// not Argon2.
type memory struct{ *pass.Hasher }

var remembered struct {
	sync.Mutex
	fits map[[2]string]pass.Verdict
	made map[string]string
}

func (m memory) Check(ctx context.Context, encoded, password string) (pass.Verdict, error) {
	remembered.Lock()
	defer remembered.Unlock()
	if fits, found := remembered.fits[[2]string{encoded, password}]; found {
		return fits, nil
	}
	fits, err := m.Hasher.Check(ctx, encoded, password)
	if err == nil {
		if remembered.fits == nil {
			remembered.fits = map[[2]string]pass.Verdict{}
		}
		remembered.fits[[2]string{encoded, password}] = fits
	}
	return fits, err
}

// VerifyDummy takes its time elsewhere: see the test of requirement EN2.
func (memory) VerifyDummy(context.Context, string) error { return nil }

func (m memory) Hash(ctx context.Context, password string) (string, error) {
	remembered.Lock()
	defer remembered.Unlock()
	if hash, found := remembered.made[password]; found {
		return hash, nil
	}
	hash, err := m.Hasher.Hash(ctx, password)
	if err == nil {
		if remembered.made == nil {
			remembered.made = map[string]string{}
		}
		remembered.made[password] = hash
	}
	return hash, err
}

// cast says who plays: Ada may have an authenticator app, and an address that is
// not confirmed.
type cast struct{ guarded, unverified bool }

// play begins one with new people and browsers.
func (s *stage) play(t *testing.T, c cast) *play {
	t.Helper()
	s.t = t
	s.next++
	s.clock.Advance(time.Minute)
	p := &play{t: t, s: s.site, began: s.clock.Now()}
	p.ada = p.character(fmt.Sprintf("ada%d@example.com", s.next), !c.unverified)
	p.bob = p.character(fmt.Sprintf("bob%d@example.com", s.next), true)
	if c.guarded {
		p.guard(p.ada)
	}
	p.mine, p.theirs = p.actor(), p.actor()
	p.open(false, false)
	return p
}

func (p *play) character(email string, verified bool) *character {
	u := p.s.person(email, func(u *storage.User) { u.EmailVerified = verified })
	return &character{user: u, password: goodPassword, verified: verified}
}

// guard gives somebody an authenticator app and recovery codes.
func (p *play) guard(c *character) {
	p.t.Helper()
	id := make([]byte, 16)
	_, err := rand.Read(id)
	check(p.t, err)
	attempt := mfa.Attempt{ID: hex.EncodeToString(id), Person: mfa.Person{User: c.user}, Now: p.s.clock.Now(), Locale: "en"}
	by := account.Person(account.Evidence{User: c.user, Proofs: []storage.Proof{{Kind: storage.FactorPassword, At: attempt.Now}}}, account.Origin{Locale: "en"})
	shown, err := p.s.parts.Accounts.StartFactor(p.t.Context(), by, storage.FactorTOTP, attempt)
	check(p.t, err)
	c.secret, c.boundAt, c.spent = shown.Secret, attempt.Now, p.s.code(shown.Secret)
	added, err := p.s.parts.Accounts.AddFactor(p.t.Context(), by, storage.FactorTOTP, attempt, mfa.Response{Code: c.spent}, "Phone")
	check(p.t, err)
	by = account.Person(account.Evidence{User: c.user, Proofs: []storage.Proof{
		{Kind: storage.FactorPassword, At: attempt.Now}, {Kind: storage.FactorTOTP, At: attempt.Now, CredentialID: added.ID},
	}}, account.Origin{Locale: "en"})
	c.codes, err = p.s.parts.Accounts.ReplaceRecoveryCodes(p.t.Context(), by, c.user.ID)
	check(p.t, err)
	c.apps, c.boundAt = 1, p.s.clock.Now()
}

func (p *play) actor() *actor {
	a := &actor{browser: p.s.browser()}
	a.Get("/forgot-password")
	a.csrf = a.Page.Value("csrf")
	return a
}
