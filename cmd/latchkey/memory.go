package main

import (
	"context"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/latchkey-id/latchkey/config"
)

// limitMemory tells the garbage collector how much memory the process may use:
// near that it collects more often, which bounds what slow hashes leave behind.
func limitMemory(ctx context.Context, log *slog.Logger, setting string) {
	if setting == "off" || setting == "auto" && os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	limit, err := config.ParseSize(setting)
	if err != nil { // auto
		container := cgroupLimit("/sys/fs/cgroup")
		if container == 0 {
			return
		}
		limit = container / 10 * 9 // the rest is for stacks, and what the kernel counts besides
	}
	debug.SetMemoryLimit(limit)
	log.DebugContext(ctx, "memory limit set", "bytes", limit)
}

// cgroupLimit is how many bytes the container that we run in may use, by either
// version of control groups mounted at root; 0 where there is no bound.
func cgroupLimit(root string) int64 {
	for _, file := range []string{"memory.max", "memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil || n > math.MaxInt64/2 { // "max", and what version 1 says for it
			return 0
		}
		return n
	}
	return 0
}
