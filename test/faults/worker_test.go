package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// worker is one piece of standard software that uses the provider: it does one
// thing after another, and tries again what a moment later may succeed.
type worker struct {
	r      *run
	name   string
	rng    *rand.Rand
	routes []route
	person *person
	// rounds is how often it came to the end of what it does; chains names what it began.
	rounds atomic.Int64
	chains int
}

// any is one of the ways that the worker knows.
func (w *worker) any() route { return w.routes[w.rng.IntN(len(w.routes))] }

// pause waits for a moment, and reports whether the run goes on.
func (w *worker) pause() bool {
	timer := time.NewTimer(time.Duration(50+w.rng.IntN(100)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-w.r.over.Done():
		return false
	case <-timer.C:
		return true
	}
}

// chain is a grant in the hands of its client.
type chain struct{ name, access, refresh, id string }

func (w *worker) call(chain string) *call { return &call{Chain: chain} }

// insist makes a call until it is answered for good. It is nil where the run is
// over before.
func (w *worker) insist(do func(route) *call) *call {
	for {
		c := do(w.any())
		if !c.passing() {
			return c
		}
		if !w.pause() {
			return nil
		}
	}
}

// begin makes a new chain behind the person's session; nil where it came to nothing.
func (w *worker) begin(scope string) *chain {
	w.chains++
	name := fmt.Sprintf("%s/%d", w.name, w.chains)
	got := w.insist(func(by route) *call {
		return w.r.get(w.person.through(by), &call{What: authorize, Chain: name}, authorizePath(scope, "none"), readRedirect)
	})
	if got == nil || got.Code == "" {
		return nil
	}
	// A code whose answer was lost may be spent: no client shows it again.
	tokens := w.insist(func(by route) *call {
		c := w.r.exchange(by, w.call(name), got.Code)
		if c.Lost != "" {
			return &call{}
		}
		return c
	})
	if tokens == nil || tokens.Status != http.StatusOK {
		return nil
	}
	w.r.verify(name, tokens.IDToken)
	return &chain{name, tokens.Access, tokens.Refresh, tokens.IDToken}
}

// renew trades the refresh token for its successor, sometimes twice at once, as two
// tabs do. It reports whether there is one.
func (w *worker) renew(c *chain) bool {
	for {
		answers := make([]*call, 1+w.rng.IntN(5)/4)
		var asking sync.WaitGroup
		for i := range answers {
			by := w.any()
			asking.Go(func() { answers[i] = w.r.refresh(by, w.call(c.name), c.refresh) })
		}
		asking.Wait()
		refused := false
		for _, a := range answers {
			if a.Status == http.StatusOK {
				c.access, c.refresh = a.Access, a.Refresh
				return true
			}
			refused = refused || !a.passing()
		}
		if refused || !w.pause() {
			return false
		}
		w.look(c, c.access) // what it has is good meanwhile
	}
}

// look asks about the access token, once.
func (w *worker) look(c *chain, token string) {
	if w.rng.IntN(2) == 0 {
		w.r.introspect(w.any(), w.call(c.name), token)
	} else {
		w.r.userinfo(w.any(), w.call(c.name), token)
	}
}

// keeper has one chain and keeps it going, whatever happens: it needs nothing but
// what is durable.
func (w *worker) keeper(context.Context) {
	for w.pause() {
		c := w.begin("openid email offline_access")
		for c != nil && w.renew(c) && w.pause() {
			w.look(c, c.access)
			w.rounds.Add(1)
		}
	}
}

// refresher has one chain after another.
func (w *worker) refresher(context.Context) {
	for w.pause() {
		c := w.begin("openid email offline_access")
		if c == nil {
			continue
		}
		for n := 4 + w.rng.IntN(6); n > 0 && w.pause() && w.renew(c); n-- {
			w.look(c, c.access)
			if n == 1 {
				w.rounds.Add(1)
			}
		}
	}
}

// revoker ends what it has, and then sees whether that is so.
func (w *worker) revoker(context.Context) {
	for w.pause() {
		c := w.begin("openid email offline_access")
		if c == nil || w.rng.IntN(2) == 0 && !w.renew(c) {
			continue
		}
		token := c.refresh
		if w.rng.IntN(4) == 0 {
			token = c.access
		}
		if w.insist(func(by route) *call { return w.r.revoke(by, w.call(c.name), token) }) == nil {
			return
		}
		for range 4 {
			w.look(c, c.access)
			if !w.pause() {
				return
			}
		}
		w.r.refresh(w.any(), w.call(c.name), c.refresh)
		w.rounds.Add(1)
	}
}

// spender shows each code several times at once.
func (w *worker) spender(context.Context) {
	for w.pause() {
		w.chains++
		name := fmt.Sprintf("%s/%d", w.name, w.chains)
		got := w.insist(func(by route) *call {
			return w.r.get(w.person.through(by), &call{What: authorize, Chain: name}, authorizePath("openid", "none"), readRedirect)
		})
		if got == nil || got.Code == "" {
			continue
		}
		var asking sync.WaitGroup
		for range 3 {
			by := w.any()
			asking.Go(func() { w.r.exchange(by, &call{Chain: name, Twin: true}, got.Code) })
		}
		asking.Wait()
		w.rounds.Add(1)
	}
}

// visitor signs in, gets tokens that end with the session, and signs out.
func (w *worker) visitor(context.Context) {
	for w.pause() {
		w.person = w.r.person()
		for !w.person.signIn(w.any(), w.name) {
			if !w.pause() {
				return
			}
		}
		c := w.begin("openid email")
		if c == nil {
			continue
		}
		w.look(c, c.access)
		if !w.renew(c) {
			continue
		}
		for !w.person.signOut(w.any(), w.call(c.name), c.id) {
			if !w.pause() {
				return
			}
		}
		for range 2 {
			w.look(c, c.access)
		}
		w.r.get(w.person.through(w.any()), &call{What: authorize, Chain: c.name}, authorizePath("openid", "none"), readRedirect)
		w.r.refresh(w.any(), w.call(c.name), c.refresh)
		w.rounds.Add(1)
	}
}
