package main

import (
	"errors"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func TestJudgeBacklog(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	const maxAge = 15 * time.Minute
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, c := range map[string]struct {
		backlog storage.Backlog
		maxAge  time.Duration
		want    string
	}{
		"empty":             {storage.Backlog{}, maxAge, ""},
		"just due":          {storage.Backlog{Queued: 1, Oldest: ago(time.Second), Due: 1, DueSince: ago(time.Second)}, maxAge, ""},
		"nobody delivers":   {storage.Backlog{Queued: 2, Oldest: ago(time.Hour), Due: 2, DueSince: ago(time.Hour)}, maxAge, "2 messages are overdue, the oldest for 1h0m0s"},
		"tried in vain":     {storage.Backlog{Queued: 3, Oldest: ago(time.Hour)}, maxAge, "3 messages have not been delivered yet, the oldest for 1h0m0s"},
		"nobody wants that": {storage.Backlog{Queued: 2, Oldest: ago(time.Hour), Due: 2, DueSince: ago(time.Hour)}, 0, ""},
	} {
		err := judgeBacklog(c.backlog, now, c.maxAge)
		if err == nil {
			err = errors.New("")
		}
		if err.Error() != c.want {
			t.Errorf("%s: %q, want %q", name, err, c.want)
		}
	}
}
