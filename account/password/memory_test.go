package password

import (
	"runtime"
	"sync"
	"testing"
)

// However many passwords are hashed, the memory is that of as many hashes as
// may be computed at once.
func TestDS2_MemoryIsThatOfConcurrentHashes(t *testing.T) {
	h := newHasher(t) // two at once
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
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
	const most = 2.5 * minMemoryKiB * 1024
	if grown := float64(after.HeapSys) - float64(before.HeapSys); grown > most {
		t.Errorf("16 hashes of %d KiB, two at once, took %.0f MiB of heap", minMemoryKiB, grown/(1<<20))
	}
}
