package alone

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// hurried hashes two passwords at once and turns away who waits for long, and lets
// a test send as many as it likes.
const hurried = `
password: {max_concurrent: 2, queue_timeout: 1s, argon2: {memory_kib: 19456}}
limits:
  sign_in:
    per_account: {free: 100000}
    per_address: {free: 100000}
    per_pair: {free: 100000}
    known_device: {free: 100000}
`

// TestDS2_AFloodOfSignInsIsBounded has 500 people guess at once. Hashed all at
// once, that would take 9.5 GB; two at a time take 38 MB.
func TestDS2_AFloodOfSignInsIsBounded(t *testing.T) {
	const people, bound = 500, 512 << 20
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: hurried})
	b := node.Browser(t)
	page := b.Get("/login")
	via := node.HTTP()
	via.Jar = b.Jar()
	guess := func(n int) (status int, err error) { // each another: equal forms are handled one after the other
		form := url.Values{"csrf": {page.Value("csrf")}, "username": {"demo"}, "password": {fmt.Sprintf("not the password of the demo person, %d", n)}}
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, page.URL.String(), strings.NewReader(form.Encode()))
		if err != nil {
			return 0, err
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json") // a program, which is told at once what is refused
		response, err := via.Do(r)
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}
	began := time.Now()
	if status, err := guess(people); err != nil || status != http.StatusSeeOther {
		t.Fatalf("a guess before the flood: %d, %v", status, err)
	}
	patience := max(2*time.Second, 20*time.Since(began)) // on a slow machine everything takes long
	before := node.PeakMemory()
	over, waits := make(chan struct{}), make(chan []time.Duration)
	go func() { waits <- waitsForKeys(node, over) }()
	counts := map[int]int{}
	var mu sync.Mutex
	var group sync.WaitGroup
	start := make(chan struct{})
	for n := range people {
		group.Go(func() {
			<-start
			status, err := guess(n)
			if err != nil {
				t.Errorf("a guess was lost: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			counts[status]++
		})
	}
	close(start)
	group.Wait()
	close(over)
	took := <-waits
	if counts[http.StatusSeeOther] == 0 || counts[http.StatusServiceUnavailable] == 0 || counts[http.StatusSeeOther]+counts[http.StatusServiceUnavailable] != people {
		t.Errorf("answers by status are %v: want wrong passwords, and the rest turned away", counts)
	}
	grown := node.PeakMemory() - before
	t.Logf("memory grew by %d MB, answers are %v", grown>>20, counts)
	if grown > bound {
		t.Errorf("memory grew by %d MB", grown>>20)
	}
	slices.Sort(took)
	if p99 := took[len(took)*99/100]; p99 > patience {
		t.Errorf("meanwhile the keys took %s (p99 of %d)", p99, len(took))
	}
	if ready := b.Get("/readyz"); ready.Status != http.StatusOK {
		t.Errorf("after the flood the node is not ready: %s", ready.Body)
	}
}

// waitsForKeys fetches the JWKS again and again until it is told to stop.
func waitsForKeys(node *testenv.Node, over <-chan struct{}) []time.Duration {
	via := node.HTTP()
	var took []time.Duration
	for {
		start := time.Now()
		if response, err := via.Get(node.Issuer + "/jwks"); err != nil || response.Body.Close() != nil || response.StatusCode != http.StatusOK {
			took = append(took, time.Hour) // never
		} else {
			took = append(took, time.Since(start))
		}
		select {
		case <-over:
			return took
		default:
		}
	}
}
