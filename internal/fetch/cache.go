package fetch

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Bounds of how long an answer is kept, whatever its headers say.
const (
	maxFresh = 24 * time.Hour
	// failedFor is how long an address that failed is not called again.
	failedFor = 10 * time.Second
	// maxEntries bounds the cache; beyond it some are forgotten.
	maxEntries = 1000
)

// Request says what [Client.Get] may answer from its cache.
type Request struct {
	// Accept is the media type that is asked for; empty is any.
	Accept string
	// Keep is for how long an answer is taken from the cache at least, where its
	// headers say less: it bounds how often the address is called.
	Keep time.Duration
	// NewerThan wants an answer that was fetched later, where Keep allows it to be
	// asked for: what is looked for was not in that one. Zero takes any.
	NewerThan time.Time
	// Before is asked where the cache has no answer, by each caller for itself: it counts
	// them (rate limit). Its error is the answer to that caller, and is not kept: whoever
	// asks too often spoils nothing for those who wait for the same. It may be nil.
	Before func(ctx context.Context) error
}

// StatusError is an answer that is no success. Redirects are none.
type StatusError struct{ Status int }

// Error implements error.
func (e *StatusError) Error() string { return fmt.Sprintf("the server answered %d", e.Status) }

// Get returns what is at an address, from the cache where it may: an answer of the
// status 200. Whoever waits for the same address gets the same answer.
func (c *Client) Get(ctx context.Context, address string, r Request) (*Answer, error) {
	if found, err, ok := c.cache.get(address, c.cfg.Now(), r); ok {
		return found, err
	}
	if r.Before != nil {
		if err := r.Before(ctx); err != nil {
			return nil, err
		}
	}
	done := c.flight.DoChan(address, func() (any, error) {
		// It is fetched for all who wait, so that no one of them can call it off.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.Timeout)
		defer cancel()
		answer, err := c.fetch(ctx, address, r)
		c.cache.put(address, answer, err, c.cfg.Now())
		return answer, err
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-done:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*Answer), nil
	}
}

func (c *Client) fetch(ctx context.Context, address string, r Request) (*Answer, error) {
	header := http.Header{}
	if r.Accept != "" {
		header.Set("Accept", r.Accept)
	}
	answer, err := c.do(ctx, http.MethodGet, address, header, nil)
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, &StatusError{Status: answer.Status}
	}
	return answer, nil
}

// cache keeps answers, and that an address failed.
type cache struct {
	mu      sync.Mutex
	entries map[string]cached
}

type cached struct {
	// answer is the last that came, to be used for fresh; nil where none did.
	answer *Answer
	fresh  time.Duration
	// err is why a later call failed, at failedAt.
	err      error
	failedAt time.Time
}

// get returns what is kept of an address, if that will do.
func (c *cache) get(address string, now time.Time, r Request) (*Answer, error, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[address]
	if !ok {
		return nil, nil, false
	}
	if e.answer != nil {
		age, newer := now.Sub(e.answer.FetchedAt), r.NewerThan.IsZero() || e.answer.FetchedAt.After(r.NewerThan)
		if age >= 0 && (age < r.Keep || age < e.fresh && newer) {
			return e.answer, nil, true
		}
	}
	failed := e.err != nil && now.Sub(e.failedAt) < failedFor && !now.Before(e.failedAt)
	return nil, e.err, failed
}

// put keeps how a call ended. A failure takes nothing away from an answer before it:
// who makes a call fail cannot have it forgotten.
func (c *cache) put(address string, answer *Answer, err error, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, known := c.entries[address]
	if !known {
		c.makeRoom()
	}
	if err != nil {
		e.err, e.failedAt = err, now
	} else {
		e = cached{answer: answer, fresh: freshness(answer.Header, now)}
	}
	c.entries[address] = e
}

// makeRoom forgets any one entry where there are too many.
func (c *cache) makeRoom() {
	if c.entries == nil {
		c.entries = map[string]cached{}
	}
	for address := range c.entries {
		if len(c.entries) < maxEntries {
			return
		}
		delete(c.entries, address)
	}
}

// freshness is for how long an answer may be used again, as it says itself (RFC 9111
// section 4.2.1). Without a word on it that is not at all.
func freshness(h http.Header, now time.Time) time.Duration {
	var fresh time.Duration
	if expires, err := http.ParseTime(h.Get("Expires")); err == nil {
		date, err := http.ParseTime(h.Get("Date"))
		if err != nil {
			date = now
		}
		fresh = expires.Sub(date)
	}
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			if seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
				fresh = time.Duration(seconds) * time.Second
			}
		}
	}
	if age, err := strconv.ParseUint(h.Get("Age"), 10, 31); err == nil {
		fresh -= time.Duration(age) * time.Second
	}
	return max(0, min(fresh, maxFresh))
}
