package password

import (
	"errors"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// However many passwords are hashed, the memory is that of as many hashes as may
// be computed at once: the collector keeps the process within its limit.
func TestDS2_MemoryIsThatOfConcurrentHashes(t *testing.T) {
	h := newHasher(t) // two at once
	debug.FreeOSMemory()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const most = 2.5 * minMemoryKiB * 1024
	was := debug.SetMemoryLimit(int64(before.Sys-before.HeapReleased) + most)
	t.Cleanup(func() { debug.SetMemoryLimit(was) })
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 4 {
				if _, err := h.Hash(t.Context(), "correct horse battery staple"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	runtime.ReadMemStats(&after)
	// A limit is what the collector aims at, not a wall: what is allocated while it
	// works, one hash of each turn, comes on top.
	const overshoot = 2 * minMemoryKiB * 1024
	if grown := float64(after.Sys-after.HeapReleased) - float64(before.Sys-before.HeapReleased); grown > most+overshoot {
		t.Errorf("16 hashes of %d KiB, two at once, took %.0f MiB", minMemoryKiB, grown/(1<<20))
	}
}

// Whoever waits for a turn is seen, and whoever is refused.
func TestTheQueueIsObserved(t *testing.T) {
	var waits, refusals atomic.Int64
	h := newHasher(t)
	h.cfg.QueueTimeout = time.Millisecond
	h.cfg.Observe = func(waited time.Duration, refused bool) {
		waits.Add(1)
		if refused {
			refusals.Add(1)
		}
	}
	var ends []func()
	for range cap(h.turns) {
		end, err := h.turn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	if computing, waiting := h.Queue(); computing != len(ends) || waiting != 0 {
		t.Errorf("%d are computed, %d wait", computing, waiting)
	}
	if _, err := h.turn(t.Context()); !errors.Is(err, ErrBusy) {
		t.Errorf("one more: %v", err)
	}
	if waits.Load() != int64(len(ends))+1 || refusals.Load() != 1 {
		t.Errorf("%d were seen, %d refused", waits.Load(), refusals.Load())
	}
	for _, end := range ends {
		end()
	}
}
