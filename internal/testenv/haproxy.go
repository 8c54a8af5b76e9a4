package testenv

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
)

// FreeAddress is an address on this machine that nothing listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))
}

// HAProxy is a load balancer of one test.
type HAProxy struct {
	t       testing.TB
	address string
}

// StartHAProxy runs a load balancer at an address until the test ends, as an
// operator would set it up: it asks readiness three times a second, and sends
// requests to the nodes that are ready. The nodes need not run yet.
func StartHAProxy(t testing.TB, address string, nodes ...string) *HAProxy {
	t.Helper()
	return StartHAProxyWith(t, address, "", "", nodes...)
}

// StartHAProxyWith is [StartHAProxy] with further lines of its frontend and of its backend.
func StartHAProxyWith(t testing.TB, address, front, back string, nodes ...string) *HAProxy {
	t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, `
global
    maxconn 1000
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    option httpchk GET /readyz
    default-server check inter 300ms fall 1 rise 1
frontend front
    bind %s
    %s
    http-request return status 200 content-type text/plain lf-string "%%[nbsrv(nodes)]" if { path /haproxy-nodes }
    default_backend nodes
backend nodes
    %s
`, address, front, back)
	for i, node := range nodes {
		fmt.Fprintf(&text, "    server node%d %s\n", i+1, node)
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatalf("configure HAProxy: %v", err)
	}
	answers := func() error { return server.Dial(address) }
	s, err := server.Start("", answers, find(t, "haproxy", "haproxy", "/usr/sbin/haproxy"), "-db", "-f", file)
	if err != nil {
		t.Fatalf("start HAProxy: %v", err)
	}
	t.Cleanup(s.Kill)
	return &HAProxy{t: t, address: address}
}

// Await returns when the balancer sends requests to exactly so many nodes.
func (h *HAProxy) Await(nodes int) {
	h.t.Helper()
	for deadline := time.Now().Add(Patience); h.nodes() != strconv.Itoa(nodes); {
		if time.Now().After(deadline) {
			h.t.Fatalf("the balancer finds %s nodes, want %d", h.nodes(), nodes)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// nodes is how many nodes are ready, as the balancer sees it.
func (h *HAProxy) nodes() string {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, "http://"+h.address+"/haproxy-nodes", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		h.t.Fatalf("ask the balancer: %v", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatalf("ask the balancer: %v", err)
	}
	return string(text)
}
