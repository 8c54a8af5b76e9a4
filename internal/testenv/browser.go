package testenv

import (
	"testing"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
)

// Browser returns a fresh browser that reaches this node.
func (n *Node) Browser(t testing.TB) *testbrowser.Browser {
	t.Helper()
	return testbrowser.New(t, n.Issuer, n.HTTP())
}
