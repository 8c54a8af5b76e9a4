package faults

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"
)

// The kinds of calls.
const (
	authorize  = "authorize" // behind a session
	exchange   = "exchange"
	refresh    = "refresh"
	introspect = "introspect"
	userinfo   = "userinfo"
	revoke     = "revoke"
	page       = "page" // of signing in
	signOut    = "sign out"
	readiness  = "readiness"
	published  = "keys" // the JWKS, which takes no store
	verified   = "verification"
)

// call is a request and what came of it.
type call struct {
	// What kind it is, of which chain, and by which way it went: the balancer or a node.
	What, Chain, Via string
	// Sent and Got are when, counted from the beginning of the run.
	Sent, Got time.Duration
	// Shown is the code or token that was presented.
	Shown string
	// Twin says that the client sent several at once.
	Twin bool

	// Lost says why there was no answer, or none of a node.
	Lost   string
	Status int
	// Error is the protocol's code, or of readiness the check that fails.
	Error string
	// RetryAfter says that the answer bears that header, Node that a node made it.
	RetryAfter, Node bool
	Active           bool
	Access, Refresh  string
	IDToken          string
	Code             string
}

// took is how long an answer took.
func (c *call) took() time.Duration { return c.Got - c.Sent }

// passing reports whether an answer says that a moment later helps.
func (c *call) passing() bool { return c.Lost != "" || c.Status >= 500 }

func (c *call) String() string {
	answer := fmt.Sprintf("%d %s", c.Status, c.Error)
	if c.Lost != "" {
		answer = "lost: " + c.Lost
	}
	return fmt.Sprintf("%8.3fs +%6.3fs %s of %s by %s: %s", c.Sent.Seconds(), c.took().Seconds(), c.What, c.Chain, c.Via, answer)
}

// journal is all that was sent and answered.
type journal struct {
	began time.Time

	mu    sync.Mutex
	calls []*call
}

func newJournal() *journal { return &journal{began: time.Now()} }

func (j *journal) now() time.Duration { return time.Since(j.began) }

// add keeps a call whose answer is known.
func (j *journal) add(c *call) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls = append(j.calls, c)
}

// all are the calls in the order in which they were sent.
func (j *journal) all() []*call {
	j.mu.Lock()
	defer j.mu.Unlock()
	calls := slices.Clone(j.calls)
	slices.SortStableFunc(calls, func(a, b *call) int { return cmp.Compare(a.Sent, b.Sent) })
	return calls
}
