package main

import (
	"errors"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/health"
)

func TestDL1_ANodesClockIsHeldAgainstTheDatabases(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return now.Add(d) }
	for name, c := range map[string]struct {
		before, after, theirs time.Duration
		want                  time.Duration
	}{
		"alike":           {0, 10 * time.Millisecond, 5 * time.Millisecond, 0},
		"ahead":           {0, 10 * time.Millisecond, -5 * time.Minute, 5 * time.Minute},
		"behind":          {0, 10 * time.Millisecond, 5 * time.Minute, 10*time.Millisecond - 5*time.Minute},
		"a slow answer":   {0, 4 * time.Second, 4 * time.Second, 0}, // says nothing of the clock
		"slow and behind": {0, 4 * time.Second, 6 * time.Second, -2 * time.Second},
	} {
		if got := clockOffset(at(c.before), at(c.after), at(c.theirs)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	const most = 10 * time.Second
	for offset, want := range map[time.Duration]string{
		0: "", time.Second: "", -time.Second: "", 2 * time.Second: "degraded", -3 * time.Second: "degraded",
		most: "degraded", most + 1: "unavailable", -5 * time.Minute: "unavailable",
	} {
		err := judgeClock(offset, most)
		got := ""
		switch {
		case err == nil:
		case errors.Is(err, health.ErrDegraded):
			got = "degraded"
		default:
			got = "unavailable"
		}
		if got != want {
			t.Errorf("%s is %q, want %q (%v)", offset, got, want, err)
		}
	}
}
