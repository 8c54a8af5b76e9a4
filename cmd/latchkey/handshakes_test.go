package main

import (
	"crypto/tls"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// TestHandshakesThatFailAreCounted: one that stops in the middle until its time is
// over, one that hangs up, and one that speaks no TLS; each is counted by its reason,
// and of many within a minute one is a line of the log, at info.
func TestHandshakesThatFailAreCounted(t *testing.T) {
	var mu sync.Mutex
	counts, seen := map[string]int{}, make(chan struct{}, 100)
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	text := &testenv.Log{}
	h := &handshakes{
		log: slog.New(slog.NewTextHandler(text, nil)),
		now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		},
		count: func(reason string) {
			mu.Lock()
			defer mu.Unlock()
			counts[reason]++
			seen <- struct{}{}
		},
	}
	// serve starts a server of which a handshake may take as long, and returns what
	// connects to it.
	serve := func(within time.Duration) (dial func() net.Conn) {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ReadHeaderTimeout = within
		server.Config.ErrorLog = log.New(h, "", 0)
		server.StartTLS()
		t.Cleanup(server.Close)
		return func() net.Conn {
			t.Helper()
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			return conn
		}
	}
	hurried, dial := serve(time.Millisecond), serve(testenv.Patience)
	hurried()
	<-seen
	for range 3 {
		_ = dial().Close()
		<-seen
	}
	fmt.Fprint(dial(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-seen
	refusing := tls.Client(dial(), &tls.Config{ServerName: "other.example"})
	if err := refusing.HandshakeContext(t.Context()); err == nil {
		t.Error("a certificate of nobody's was taken")
	}
	<-seen
	mu.Lock()
	defer mu.Unlock()
	if counts[handshakeTimeout] != 1 || counts[handshakeHangUp] != 3 || counts[handshakeRefused] != 2 {
		t.Errorf("counted %v", counts)
	}
	if got := strings.Count(text.String(), "TLS handshake failed"); got != 1 || !strings.Contains(text.String(), "level=INFO") || !strings.Contains(text.String(), "reason=timeout") {
		t.Errorf("%d lines within a minute:\n%s", got, text)
	}
}

// After a minute there is another line, which says how many were passed over.
func TestALineOfAHandshakeSaysHowManyThereWere(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	text := &testenv.Log{}
	h := &handshakes{log: slog.New(slog.NewTextHandler(text, nil)), now: func() time.Time { return now }, count: func(string) {}}
	for range 5 {
		fmt.Fprintln(h, handshakePrefix+"192.0.2.1:4711: EOF")
	}
	now = now.Add(handshakeLine)
	fmt.Fprintln(h, handshakePrefix+"192.0.2.2:4711: EOF")
	fmt.Fprintln(h, "http: superfluous response.WriteHeader call")
	if lines := strings.Split(strings.TrimSpace(text.String()), "\n"); len(lines) != 2 || !strings.Contains(lines[1], "others_before=4") ||
		!strings.Contains(lines[1], "address=192.0.2.2:4711") {
		t.Errorf("the log is\n%s", text)
	}
}
