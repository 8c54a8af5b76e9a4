package testenv

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// Patience is for how long a test waits for what comes in a moment on a quick
// machine, before it calls it hung: a slow one makes tests slow, never red.
const Patience = 5 * time.Minute

// FreePort returns a loopback port that nobody listens on, and that no other test is
// given while this process lives.
func FreePort(t testing.TB) int {
	t.Helper()
	return freePort(t)
}

// WaitForPort returns when somebody listens at an address. Where nobody comes to,
// it fails the test with what log says.
func WaitForPort(t testing.TB, address string, log fmt.Stringer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		var dialer net.Dialer
		if conn, err := dialer.DialContext(ctx, "tcp", address); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("nobody listens at %s:\n%s", address, log)
		case <-again.C:
		}
	}
}

// WaitForLog returns when a log says something. Where it never does, it fails the test.
func WaitForLog(t testing.TB, log fmt.Stringer, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !strings.Contains(log.String(), text) {
		select {
		case <-ctx.Done():
			t.Fatalf("nothing says %q:\n%s", text, log)
		case <-again.C:
		}
	}
}

// CertPool returns the certificates of a file.
func CertPool(t testing.TB, file string) *x509.CertPool {
	t.Helper()
	pem, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("read certificates: %v", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("%s holds no certificate", file)
	}
	return pool
}
