package main

import (
	"context"
	"runtime/debug"
)

// returnMemory gives back what only the start needed, once: a node that nobody
// asks anything would hold it for good.
func (n *node) returnMemory(ctx context.Context) error {
	debug.FreeOSMemory()
	if err := releaseBinary(); err != nil {
		n.log.DebugContext(ctx, "pages of the binary were not released", "error", err)
	}
	return nil
}
