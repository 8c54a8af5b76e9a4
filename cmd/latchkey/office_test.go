package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// TestAnOfficeOf200WithTheDefaults: rate limits as they come let 200 people behind one
// address (NAT), whose devices nobody knows, sign up, forget their passwords, sign in and
// type the code of a device within one minute. Whoever goes on from there is refused, at
// that address alone, and does little more in the next hour: what guesses and what has
// things sent needs thousands (requirement LK1).
func TestAnOfficeOf200WithTheDefaults(t *testing.T) {
	const office = 200
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	n := newIdleServer(t, &now)
	f, err := newFoundation(n.process, n.boot.cfg)
	if err != nil {
		t.Fatal(err)
	}
	factors, devices, err := newFactors(n.process, f)
	if err != nil {
		t.Fatal(err)
	}
	limiter := loginConfig(n.process, f, newAccounts(n.process, f, factors, devices), factors, devices).Limits
	people := 0
	// at is one more person at an address, who does something.
	at := func(address string, act func(r *http.Request, who string) error) (err error) {
		people++
		visit := web.Wrap(web.Config{Hosts: []string{"localhost"}, Errors: f.errors, Log: f.log}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			err = act(r, fmt.Sprintf("person%d@example.com", people))
		}))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/", nil)
		r.RemoteAddr = address + ":40000"
		visit.ServeHTTP(httptest.NewRecorder(), r)
		return err
	}
	acts := []struct {
		name string
		do   func(r *http.Request, who string) error
		// hourly is the most that one address does in an hour, once it has spent what an office may at once.
		hourly int
	}{
		{"sign up", func(r *http.Request, who string) error {
			return errors.Join(limiter.SignUp(r, who), limiter.AnonymousMessage(r, who))
		}, 84},
		{"forget the password", func(r *http.Request, who string) error { return limiter.Reset(r, who, nil) }, 84},
		{"sign in", func(r *http.Request, who string) error {
			_, err := limiter.SignIn(r, who, &storage.User{ID: storage.ID(who)})
			return err
		}, 70},
		{"type the code of a device", func(r *http.Request, who string) error {
			return limiter.UserCode(r, &storage.User{ID: storage.ID(who)})
		}, 84},
	}
	for _, act := range acts {
		for i := range office {
			if err := at("192.0.2.1", act.do); err != nil {
				t.Fatalf("%s: person %d of an office: %v", act.name, i+1, err)
			}
		}
	}
	for i, act := range acts {
		stranger := fmt.Sprintf("198.51.100.%d", i)
		let := 0
		for let < 2*office && at(stranger, act.do) == nil {
			let++
		}
		if let == 2*office {
			t.Errorf("%s: %d times within a minute from one address, and never refused", act.name, let)
		}
		if err := at("192.0.2.1", act.do); err != nil {
			t.Errorf("%s: the office meanwhile: %v", act.name, err)
		}
		again := 0
		for range 60 {
			now = now.Add(time.Minute)
			for again <= act.hourly && at(stranger, act.do) == nil {
				again++
			}
		}
		if again > act.hourly {
			t.Errorf("%s: more than %d within an hour after that", act.name, act.hourly)
		}
	}
}
