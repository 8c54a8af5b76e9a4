package storage_test

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

func TestTH1_BackoffInGo(t *testing.T) {
	t.Parallel()
	for _, w := range storagetest.Waits {
		if got := w.Backoff.Wait(w.N); got != w.Want {
			t.Errorf("%+v after attempt %d: %s, want %s", w.Backoff, w.N, got, w.Want)
		}
	}
}

// TestLK1_BucketRefills walks through a bucket: it gives its burst at once, and one
// more each time that it got one back, however often it is asked in between.
func TestLK1_BucketRefills(t *testing.T) {
	t.Parallel()
	b := storage.Bucket{Burst: 2, Every: time.Minute}
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	var full time.Time
	for _, step := range []struct {
		after, wait time.Duration
	}{
		{0, 0}, {0, 0}, {0, time.Minute}, {30 * time.Second, 30 * time.Second}, {29 * time.Second, time.Second}, {time.Second, 0},
		{0, time.Minute}, {time.Hour, 0}, {0, 0}, {0, time.Minute},
	} {
		now = now.Add(step.after)
		var wait time.Duration
		if full, wait = b.Draw(full, now); wait != step.wait {
			t.Fatalf("at %s: wait %s, want %s", now.Format(time.TimeOnly), wait, step.wait)
		}
	}
}
