package faults

import (
	"fmt"
	"net/http"
	"time"
)

// rules are what a fault excuses, and what it does not.
type rules struct {
	// Deadline is when every answer is there, on a machine that has nothing else to
	// do: see slack.
	Deadline time.Duration
	// CodesMayBeLost says that what is short-lived was lost.
	CodesMayBeLost bool
	// Calm says that nothing was broken: no answer may be missing, and whatever is
	// not answered must say when to ask again.
	Calm bool
	// Ready says that the nodes could work all the time, From and Until when.
	Ready bool
}

// check says what in the calls, in the order of sending, may not be.
func (r rules) check(calls []*call) (wrong []string) {
	slack := slackOf(calls)
	chains := map[string]*history{}
	for _, c := range calls {
		complain := func(format string, args ...any) {
			wrong = append(wrong, fmt.Sprintf(format, args...)+": "+c.String())
		}
		if c.took() > r.Deadline+slack {
			complain("answered after more than %s (and %s for a slow machine)", r.Deadline, slack)
		}
		switch {
		case c.What == readiness:
			if r.Ready && c.Status != http.StatusOK && slack < time.Second {
				complain("not ready, although it could work")
			}
			continue
		case c.What == published:
			continue // asked of each node, whether it runs or not
		case c.Node && c.Status >= 500 && c.Status != http.StatusServiceUnavailable:
			complain("a node failed")
		case c.Node && c.Status == http.StatusServiceUnavailable && !c.RetryAfter:
			complain("a 503 without Retry-After")
		case r.Calm && (c.Lost != "" || c.Status >= 500 && !c.RetryAfter):
			complain("no client tries that again by itself")
		}
		h := chains[c.Chain]
		if h == nil {
			h = newHistory(r)
			chains[c.Chain] = h
		}
		for _, why := range h.judge(c) {
			complain("%s", why)
		}
	}
	return wrong
}

// slackOf is how much longer than it should anything takes on this machine, by
// what needs no store.
func slackOf(calls []*call) (slack time.Duration) {
	for _, c := range calls {
		if c.What == published {
			slack = max(slack, 2*c.took())
		}
	}
	return slack
}

// succeeded says which kinds of calls did within a time.
func succeeded(calls []*call, from, until time.Duration) map[string]bool {
	kinds := map[string]bool{}
	for _, c := range calls {
		if c.Sent >= from && c.Got <= until && c.Lost == "" && c.Status < 400 && c.Error == "" {
			kinds[c.What] = true
		}
	}
	return kinds
}
