package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// run is one fault under load: the journal, and who writes it.
type run struct {
	t       *testing.T
	in      *installation
	journal *journal
	keys    *oidc.RemoteKeySet
	workers []*worker
	over    context.Context
	end     context.CancelFunc
	running sync.WaitGroup
}

// start begins a load on an installation, drawn from the seed.
func (in *installation) start(t *testing.T) *run {
	t.Helper()
	r := &run{t: t, in: in, journal: newJournal()}
	r.over, r.end = context.WithCancel(context.Background())
	ways := in.routes(t)
	r.keys = oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), ways[0].http), in.issuer+"/jwks")
	add := func(kind string, routes []route, work func(*worker, context.Context)) {
		name := fmt.Sprintf("%s %d", kind, len(r.workers))
		w := &worker{r: r, name: name, routes: routes, rng: rand.New(rand.NewPCG(*seed, uint64(len(r.workers))))}
		w.person = r.person()
		// On a slow machine that everybody uses a hash may take too long.
		r.until(name+" is signed in before anything is broken", func() bool { return w.person.signIn(routes[0], name) })
		r.workers = append(r.workers, w)
		r.running.Go(func() { work(w, r.over) })
	}
	// Some clients come through the balancer, as an operator would have it, and some
	// reach nodes that it keeps away from them.
	add("keeper", ways[:1], (*worker).keeper)
	add("keeper", ways, (*worker).keeper)
	add("refresher", ways[:1], (*worker).refresher)
	add("refresher", ways[len(ways)-1:], (*worker).refresher)
	add("revoker", ways[:1], (*worker).revoker)
	add("revoker", ways, (*worker).revoker)
	add("spender", ways, (*worker).spender)
	add("visitor", ways, (*worker).visitor)
	r.running.Go(r.watch)
	t.Cleanup(r.stop)
	return r
}

// stop ends the load.
func (r *run) stop() {
	r.end()
	r.running.Wait()
}

// watch asks every node now and then what it is ready for, and one way for what
// takes no store, by which a slow machine is told from a slow answer.
func (r *run) watch() {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	ways := r.in.direct(r.t)
	for i := 0; ; i++ {
		select {
		case <-r.over.Done():
			return
		case <-tick.C:
		}
		by := ways[i%len(ways)]
		r.get(by, &call{What: readiness}, "/readyz", func(*call, *http.Response, []byte) {})
		r.get(by, &call{What: published}, "/jwks", func(*call, *http.Response, []byte) {})
	}
}

// verify checks an ID token as a relying party does: by keys that it remembers, and
// fetches when it meets one that it does not know.
func (r *run) verify(chain, token string) {
	c := &call{What: verified, Chain: chain, Sent: r.journal.now(), Status: http.StatusOK, Shown: token}
	_, err := r.keys.VerifySignature(context.Background(), token)
	c.Got = r.journal.now()
	switch {
	case err != nil && strings.Contains(err.Error(), "fetching keys"):
		c.Lost = err.Error()
	case err != nil:
		c.Status, c.Error = http.StatusBadRequest, err.Error()
	}
	r.journal.add(c)
}

// progress returns when every worker has come to the end of what it does once more.
func (r *run) progress() {
	r.t.Helper()
	before := make([]int64, len(r.workers))
	for i, w := range r.workers {
		before[i] = w.rounds.Load()
	}
	r.until("every worker gets on", func() bool {
		for i, w := range r.workers {
			if w.rounds.Load() == before[i] {
				return false
			}
		}
		return true
	})
}

// until returns when something is so.
func (r *run) until(what string, is func() bool) {
	r.t.Helper()
	deadline := time.Now().Add(testenv.Patience)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		if time.Now().After(deadline) {
			r.judge(rules{Deadline: testenv.Patience, CodesMayBeLost: true})
			r.t.Fatalf("never: %s (seed %d). The last calls:\n%s", what, *seed, r.tail())
		}
		<-tick.C
	}
}

// wait lets the load go on for a while.
func (r *run) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.t.Context().Done():
	}
}

// judge fails the test for everything that may not be in the journal.
func (r *run) judge(rules rules) {
	r.t.Helper()
	calls := r.journal.all()
	wrong := rules.check(calls)
	for i, line := range wrong {
		if i == 20 {
			r.t.Errorf("and %d more", len(wrong)-i)
			break
		}
		r.t.Error(line)
	}
	if len(wrong) > 0 {
		r.t.Errorf("seed %d, %d calls", *seed, len(calls))
	}
}

// tail is the end of the journal.
func (r *run) tail() string {
	calls := r.journal.all()
	calls = slices.DeleteFunc(calls, func(c *call) bool { return c.What == readiness || c.What == published })
	var text strings.Builder
	for _, c := range calls[max(0, len(calls)-40):] {
		fmt.Fprintln(&text, c)
	}
	return text.String()
}
