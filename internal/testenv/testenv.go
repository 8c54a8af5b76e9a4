// Package testenv gives tests real servers: a database of the one PostgreSQL and
// of the one Redis that all test processes of this machine share (started at
// first need from the machine's binaries, stopped a minute after the last use),
// and latchkey itself, linked once a run, with a browser to use it. A missing
// binary is a failure that says what to install, never a skipped test.
//
// LATCHKEY_TEST_POSTGRES and LATCHKEY_TEST_REDIS name servers to use instead.
package testenv

import (
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
)

// find returns the path of a binary.
func find(t testing.TB, name, pkg string, patterns ...string) string {
	t.Helper()
	path, err := server.Find(name, pkg, patterns...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return path
}

// freePort returns a loopback port that nobody listens on.
func freePort(t testing.TB) int {
	t.Helper()
	port, err := server.FreePort()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return port
}
