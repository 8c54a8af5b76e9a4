package test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

const (
	// stormClients is how many clients refresh at once.
	stormClients = 12
	// stormCalm is how many refreshes succeed between two crashes.
	stormCalm = 120
)

func TestRF3_NoClientLosesItsTokenToACrash(t *testing.T) {
	everyInstallation(t, func(t *testing.T, in *installation) {
		s := newStorm(t, in)
		for round := range 3 {
			s.wait((round + 1) * stormCalm)
			s.crash(in.nodes[round%len(in.nodes)])
		}
		s.wait(4 * stormCalm)
		s.end()
		lost := 0
		for i, c := range s.clients {
			if c.failure != nil {
				t.Errorf("client %d: %v", i, c.failure)
				continue
			}
			expectGeneration(t, in, c.token, c.generation)
			must(t, c.rp.refresh(in.http(i), c.token))
			lost += c.lost
		}
		if lost == 0 {
			t.Error("no crash hit a refresh: this showed nothing")
		}
	})
}

func TestRF4_WhatWasRevokedStaysSoOverACrash(t *testing.T) {
	everyInstallation(t, func(t *testing.T, in *installation) {
		wiki, strict, b := in.client("wiki"), in.client("strict"), in.signedIn(t)
		revoked := wiki.tokens(t, in.http(0), b)
		access := wiki.tokens(t, in.http(0), b)
		reused := strict.tokens(t, in.http(0), b)
		replayed := wiki.code(t, b)
		first := must(t, wiki.exchange(in.http(0), replayed))
		must(t, strict.refresh(in.http(0), reused.RefreshToken))

		must(t, wiki.revoke(in.http(0), revoked.RefreshToken))
		must(t, wiki.revoke(in.http(0), access.AccessToken))
		expect(t, "a reuse", strict.refresh(in.http(0), reused.RefreshToken), http.StatusBadRequest, "invalid_grant")
		expect(t, "a replay", wiki.exchange(in.http(0), replayed), http.StatusBadRequest, "invalid_grant")
		for _, n := range in.nodes {
			n.Kill()
		}
		for _, n := range in.nodes {
			n.Start()
		}
		for _, a := range []answer{revoked, access, reused, first} {
			wiki.expectDead(t, in, a.AccessToken)
		}
		for _, token := range []string{revoked.RefreshToken, first.RefreshToken} {
			expect(t, "a revoked refresh token", wiki.refresh(in.http(1), token), http.StatusBadRequest, "invalid_grant")
		}
		expect(t, "a reused refresh token", strict.refresh(in.http(1), reused.RefreshToken), http.StatusBadRequest, "invalid_grant")
		expect(t, "the code", wiki.exchange(in.http(1), replayed), http.StatusBadRequest, "invalid_grant")
		must(t, wiki.refresh(in.http(1), access.RefreshToken)) // of this one only the access token was revoked
	})
}

func TestTH5_NobodyGetsInWhileRedisIsGone(t *testing.T) {
	t.Parallel()
	in := startShared(t, 1)
	wiki, b := in.client("wiki"), in.signedIn(t)
	code, tokens := wiki.code(t, b), wiki.tokens(t, in.http(0), b)
	waiting := in.nodes[0].Browser(t)
	page := waiting.Get(wiki.authorize())

	in.redis.Stop()
	refused := in.signIn(t, waiting, page)
	if refused.Status != http.StatusServiceUnavailable || refused.Location != nil || refused.Text("error-title") == "" || refused.Text("error-id") == "" {
		t.Errorf("signing in without Redis answered %d: %s", refused.Status, refused.Body)
	}
	if again := b.Get(wiki.authorize()); again.Location == nil || again.Location.Query().Get("error") != "temporarily_unavailable" || again.Location.Query().Has("code") {
		t.Errorf("asking for a code without Redis led to %v: %s", again.Location, again.Body)
	}
	expect(t, "an exchange without Redis", wiki.exchange(in.http(0), code), http.StatusServiceUnavailable, "temporarily_unavailable")
	// What every node lacks is no reason to take each out of rotation.
	if ready := b.Get("/readyz"); ready.Status != http.StatusOK || !strings.Contains(ready.Body, `"status":"degraded"`) || !strings.Contains(ready.Body, `"redis":{"ok":false}`) {
		t.Errorf("without Redis the node says: %d %s", ready.Status, ready.Body)
	}
	// What is durable goes on: refresh tokens are rows. So it does on a node that
	// is restarted meanwhile: it starts without Redis.
	tokens = must(t, wiki.refresh(in.http(0), tokens.RefreshToken))
	must(t, wiki.userinfo(in.http(0), tokens.AccessToken))
	in.nodes[0].Stop()
	in.nodes[0].Start()
	tokens = must(t, wiki.refresh(in.http(0), tokens.RefreshToken))
	must(t, wiki.userinfo(in.http(0), tokens.AccessToken))

	in.redis.Start()
	awaitRedis(b)
	expect(t, "a code that was lost", wiki.exchange(in.http(0), code), http.StatusBadRequest, "invalid_grant")
	must(t, wiki.exchange(in.http(0), wiki.code(t, b)))
	page = waiting.Get(wiki.authorize())
	if page.Location != nil {
		t.Fatalf("the sign-in that was refused got somebody in: %v", page.Location)
	}
	if done := in.signIn(t, waiting, page); done.Location == nil || !done.Location.Query().Has("code") {
		t.Errorf("signing in led to %v, status %d: %s", done.Location, done.Status, done.Body)
	}
}

// storm is many clients that refresh as fast as they can.
type storm struct {
	in      *installation
	clients []*renewer
	running sync.WaitGroup
	// outage is held while a node is down.
	outage sync.RWMutex

	mu        sync.Mutex
	changed   *sync.Cond
	refreshes int
	failed    bool
	over      bool
}

// renewer is a client that keeps its token fresh. When an answer is lost it
// tries again with the token it has.
type renewer struct {
	rp         *relyingParty
	token      string
	generation uint32
	lost       int
	failure    error
}

func newStorm(t *testing.T, in *installation) *storm {
	t.Helper()
	s := &storm{in: in}
	s.changed = sync.NewCond(&s.mu)
	b := in.signedIn(t)
	for range stormClients {
		wiki := in.client("wiki")
		s.clients = append(s.clients, &renewer{rp: wiki, token: wiki.tokens(t, in.http(0), b).RefreshToken, generation: 1})
	}
	for i, c := range s.clients {
		s.running.Go(func() { s.renew(i, c) })
	}
	return s
}

// renew refreshes until the storm is over, at the i-th node first.
func (s *storm) renew(i int, c *renewer) {
	for s.goesOn() {
		a := c.rp.refresh(s.in.http(i), c.token)
		if a.Lost != nil {
			c.lost++
			if i++; len(s.in.nodes) == 1 { // nobody else to ask
				s.awaitNode()
			}
			continue
		}
		if c.failure = c.take(a); c.failure != nil {
			s.count(true)
			return
		}
		s.count(false)
	}
}

// take keeps what a refresh answered, which must be the very next generation.
func (c *renewer) take(a answer) error {
	if a.Status != http.StatusOK {
		return fmt.Errorf("generation %d was answered %s", c.generation, a)
	}
	_, generation, err := grantOf(a.RefreshToken)
	if err != nil {
		return err
	}
	if generation != c.generation+1 {
		return fmt.Errorf("generation %d was followed by %d", c.generation, generation)
	}
	c.token, c.generation = a.RefreshToken, generation
	return nil
}

// crash kills a node and starts it again.
func (s *storm) crash(n *testenv.Node) {
	s.outage.Lock()
	defer s.outage.Unlock()
	n.Kill()
	n.Start()
}

// awaitNode returns when no node is down.
func (s *storm) awaitNode() {
	s.outage.RLock()
	defer s.outage.RUnlock()
}

func (s *storm) goesOn() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.over && !s.failed
}

func (s *storm) count(failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refreshes++
	s.failed = s.failed || failed
	s.changed.Broadcast()
}

// wait returns when so many refreshes have succeeded, or one has failed.
func (s *storm) wait(refreshes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.refreshes < refreshes && !s.failed {
		s.changed.Wait()
	}
}

// end stops the storm.
func (s *storm) end() {
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	s.running.Wait()
}
