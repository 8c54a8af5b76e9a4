package test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// hurried gives up on slow senders soon, hashes two passwords at once, and lets
// a test send as many as it likes.
const hurried = `
timeouts: {read: 1s, read_header: 1s}
password: {max_concurrent: 2, queue_timeout: 1s, argon2: {memory_kib: 19456}}
limits:
  sign_in:
    per_account: {free: 100000}
    per_address: {free: 100000}
    per_pair: {free: 100000}
    known_device: {free: 100000}
`

func TestDS1_WhatIsTooMuchIsCutOff(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: hurried})
	scopes := strings.Repeat("s ", 100_000)
	for name, tc := range map[string]struct {
		form   url.Values
		query  string
		status int
	}{
		"9 MB":                     {form: url.Values{"grant_type": {strings.Repeat("x", 9<<20)}}, status: http.StatusRequestEntityTooLarge},
		"100,000 scopes":           {form: url.Values{"grant_type": {"client_credentials"}, "scope": {scopes}}, status: http.StatusRequestEntityTooLarge},
		"100,000 scopes in a link": {query: url.Values{"scope": {scopes}}.Encode(), status: http.StatusRequestHeaderFieldsTooLarge},
	} {
		address, body := node.Issuer+"/token", tc.form.Encode()
		if tc.query != "" {
			address = node.Issuer + "/authorize?" + tc.query
		}
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := node.HTTP().Do(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if response.Body.Close(); response.StatusCode != tc.status {
			t.Errorf("%s is answered %d, want %d", name, response.StatusCode, tc.status)
		}
	}
}

func TestDS1_SlowSendersAreCutOff(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: hurried})
	host := strings.TrimPrefix(node.Issuer, "http://")
	for name, begun := range map[string]string{
		"says nothing":       "",
		"stops in a header":  "POST /token HTTP/1.1\r\nHost: " + host + "\r\nContent-Ty",
		"stops in a body":    "POST /token HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant_type=",
		"stops in a chunk":   "POST /login HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nusername=",
		"never ends a chunk": "POST /token HTTP/1.1\r\nHost: " + host + "\r\nTransfer-Encoding: chunked\r\n\r\nffffffff",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d net.Dialer
			c, err := d.DialContext(t.Context(), "tcp", node.Address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Write([]byte(begun)); err != nil {
				t.Fatal(err)
			}
			answer, err := bufio.NewReader(c).ReadString(0) // until it is closed
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("the connection stays open; so far it said %q", answer)
			}
			if strings.HasPrefix(answer, "HTTP/1.1 200") {
				t.Errorf("half a request is answered %q", answer)
			}
		})
	}
}

// TestDS2_AFloodOfSignInsIsBounded has 500 people guess at once. Hashed all at
// once, that would take 9.5 GB; two at a time take 38 MB.
func TestDS2_AFloodOfSignInsIsBounded(t *testing.T) {
	t.Parallel()
	const people, bound, patience = 500, 512 << 20, 2 * time.Second
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: hurried})
	b := node.Browser(t)
	page := b.Get("/login")
	via := node.HTTP()
	via.Jar = b.Jar()
	guess := func(int) answer {
		form := url.Values{"csrf": {page.Value("csrf")}, "username": {"demo"}, "password": {"not the password of the demo person"}}
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, page.URL.String(), strings.NewReader(form.Encode()))
		if err != nil {
			return answer{Lost: err}
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := via.Do(r)
		if err != nil {
			return answer{Lost: err}
		}
		return answer{Status: response.StatusCode, Lost: response.Body.Close()}
	}
	before := node.PeakMemory()
	over, waits := make(chan struct{}), make(chan []time.Duration)
	go func() { waits <- waitsForKeys(node, over) }()
	counts := map[int]int{}
	for _, a := range atOnce(people, guess) {
		if a.Lost != nil {
			t.Fatalf("a guess was lost: %v", a.Lost)
		}
		counts[a.Status]++
	}
	close(over)
	took := <-waits
	if counts[http.StatusOK] == 0 || counts[http.StatusServiceUnavailable] == 0 || counts[http.StatusOK]+counts[http.StatusServiceUnavailable] != people {
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
