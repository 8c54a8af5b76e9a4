package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestAnswersAreKeptAsTheySay(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	var control atomic.Pointer[http.Header]
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range *control.Load() {
			w.Header()[name] = values
		}
		fmt.Fprint(w, calls.Add(1))
	}))
	w.names["example.com"] = [][]string{{"8.8.8.8"}}
	begun := w.now
	stamp := func(d time.Duration) string { return begun.Add(d).UTC().Format(http.TimeFormat) }
	for name, tc := range map[string]struct {
		header http.Header
		keep   time.Duration
		until  time.Duration
	}{
		"max-age":         {http.Header{"Cache-Control": {"public, Max-Age=60"}}, 0, time.Minute},
		"with an age":     {http.Header{"Cache-Control": {"max-age=60"}, "Age": {"20"}}, 0, 40 * time.Second},
		"no-store":        {http.Header{"Cache-Control": {"max-age=60, no-store"}}, 0, 0},
		"expires":         {http.Header{"Expires": {stamp(30 * time.Second)}, "Date": {stamp(0)}}, 0, 30 * time.Second},
		"max-age wins":    {http.Header{"Expires": {stamp(time.Hour)}, "Date": {stamp(0)}, "Cache-Control": {"max-age=10"}}, 0, 10 * time.Second},
		"nothing":         {http.Header{}, 0, 0},
		"nothing, kept":   {http.Header{}, time.Minute, time.Minute},
		"for years":       {http.Header{"Cache-Control": {"max-age=1000000000"}}, 0, 24 * time.Hour},
		"expired already": {http.Header{"Expires": {"0"}}, 0, 0},
	} {
		control.Store(&tc.header)
		w.now = begun
		c := w.client()
		before := calls.Load()
		get := func(after time.Duration) int64 {
			w.now = begun.Add(after)
			if _, err := c.Get(t.Context(), "https://example.com/", Request{Keep: tc.keep}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return calls.Load() - before
		}
		get(0)
		if tc.until > 0 {
			if got := get(tc.until - time.Second); got != 1 {
				t.Errorf("%s: called %d times before it is over", name, got)
			}
		}
		if got := get(tc.until); got != 2 {
			t.Errorf("%s: called %d times when it is over, want 2", name, got)
		}
	}
}

// Whoever misses something in an answer may ask for a newer one, but not in a loop.
func TestNewerAnswers(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	var fail atomic.Bool
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.Header().Set("Cache-Control", "max-age=3600")
		if fail.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	w.names["example.com"] = [][]string{{"8.8.8.8"}}
	c := w.client()
	get := func(r Request) (*Answer, error) { return c.Get(t.Context(), "https://example.com/", r) }
	first, err := get(Request{Keep: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	newer := Request{Keep: time.Minute, NewerThan: first.FetchedAt}
	w.now = w.now.Add(59 * time.Second)
	if again, err := get(newer); err != nil || again != first || calls.Load() != 1 {
		t.Errorf("within the limit: %v, %v, %d calls", again, err, calls.Load())
	}
	w.now = w.now.Add(time.Second)
	fail.Store(true)
	for range 3 {
		if _, err := get(newer); err == nil || calls.Load() != 2 {
			t.Errorf("a failure: %v after %d calls, want one more", err, calls.Load())
		}
	}
	if still, err := get(Request{}); err != nil || still != first {
		t.Errorf("a failure takes the answer away that is there: %v, %v", still, err)
	}
	fail.Store(false)
	w.now = w.now.Add(failedFor)
	if again, err := get(newer); err != nil || again == first || calls.Load() != 3 {
		t.Errorf("after a while: %v, %v, %d calls", again, err, calls.Load())
	}
}

// However many wait for an address, it is called once, and no one of them can call
// it off for the others.
func TestOneCallForAll(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		arrived <- struct{}{}
		<-release
		w.Header().Set("Cache-Control", "max-age=60")
	}))
	w.names["example.com"] = [][]string{{"8.8.8.8"}}
	c := w.client(func(c *Config) { c.Timeout = time.Minute })
	first, hangUp := context.WithCancel(t.Context())
	gaveUp := make(chan error, 1)
	go func() {
		_, err := c.Get(first, "https://example.com/", Request{})
		gaveUp <- err
	}()
	<-arrived
	hangUp()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("who hung up got %v", err)
	}
	var waiting sync.WaitGroup
	for range 50 {
		waiting.Go(func() {
			if _, err := c.Get(t.Context(), "https://example.com/", Request{}); err != nil {
				t.Error(err)
			}
		})
	}
	close(release)
	waiting.Wait()
	if calls.Load() != 1 {
		t.Errorf("%d calls", calls.Load())
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	t.Parallel()
	var c cache
	for i := range 3 * maxEntries {
		c.put(fmt.Sprintf("https://example.com/%d", i), nil, ErrTooLarge, time.Unix(int64(i), 0))
	}
	if len(c.entries) != maxEntries {
		t.Errorf("%d entries", len(c.entries))
	}
}
