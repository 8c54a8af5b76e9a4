package testenv

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
)

// highWater is the line of /proc/PID/status with the most memory ever held.
var highWater = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// PeakMemory returns the most memory, in bytes, that the process ever held.
func (n *Node) PeakMemory() int64 {
	n.t.Helper()
	if !n.running() {
		n.t.Fatalf("memory of latchkey: it has ended: %v\n%s", n.exit, n.Log())
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		n.t.Fatalf("memory of latchkey: %v", err)
	}
	found := highWater.FindSubmatch(status)
	if found == nil {
		n.t.Fatalf("no VmHWM in %s", status)
	}
	kib, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		n.t.Fatalf("memory of latchkey: %v", err)
	}
	return kib << 10
}
