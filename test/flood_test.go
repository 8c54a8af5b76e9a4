package test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
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
			if err := c.SetReadDeadline(time.Now().Add(testenv.Patience)); err != nil {
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
