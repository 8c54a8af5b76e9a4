package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
)

// RedisCluster starts a Redis Cluster of three empty masters for the test and
// returns its URL.
func RedisCluster(t testing.TB) string {
	t.Helper()
	const masters, slots = 3, 16384
	ports, buses := make([]int, masters), make([]int, masters)
	for i := range ports {
		ports[i], buses[i] = freePort(t), freePort(t)
		startRedis(t, ports[i], "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(buses[i]))
		first, last := i*slots/masters, (i+1)*slots/masters-1
		redisCLI(t, ports[i], "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(first), strconv.Itoa(last))
	}
	for i := 1; i < masters; i++ {
		redisCLI(t, ports[0], "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(ports[i]), strconv.Itoa(buses[i]))
	}
	for _, port := range ports {
		waitForRedis(t, port, "cluster_state:ok", "CLUSTER", "INFO")
		waitForRedis(t, port, "cluster_known_nodes:3", "CLUSTER", "INFO")
	}
	return fmt.Sprintf("redis://127.0.0.1:%d?addr=127.0.0.1:%d&addr=127.0.0.1:%d", ports[0], ports[1], ports[2])
}

// RedisSentinel is [StartSentinel] for who only wants its URL.
func RedisSentinel(t testing.TB) string {
	t.Helper()
	return StartSentinel(t).URL
}

// Sentinel is a Redis with a replica, and one Sentinel that watches both.
type Sentinel struct {
	// URL is by which the master is found, whichever it is.
	URL string

	t                        testing.TB
	sentinel, first, replica int // ports
	master                   *server.Process
}

// StartSentinel starts an empty Redis with a replica and a Sentinel, for the test.
func StartSentinel(t testing.TB) *Sentinel {
	t.Helper()
	s := &Sentinel{t: t, sentinel: freePort(t), first: freePort(t), replica: freePort(t)}
	s.master = startRedis(t, s.first)
	startRedis(t, s.replica, "--replicaof", fmt.Sprintf("127.0.0.1 %d", s.first), "--repl-diskless-sync-delay", "0")
	waitForRedis(t, s.replica, "master_link_status:up", "INFO", "replication")
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Sprintf(`port %d
bind 127.0.0.1
sentinel monitor latchkey 127.0.0.1 %d 1
sentinel down-after-milliseconds latchkey 1000
`, s.sentinel, s.first)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	runRedis(t, s.sentinel, file, "--sentinel")
	waitForRedis(t, s.sentinel, strconv.Itoa(s.replica), "SENTINEL", "REPLICAS", "latchkey")
	s.URL = fmt.Sprintf("redis://127.0.0.1:%d?master_set=latchkey", s.sentinel)
	return s
}

// FailOver kills the master, and returns when the replica has taken its place.
func (s *Sentinel) FailOver() {
	s.t.Helper()
	s.master.Kill()
	waitForRedis(s.t, s.sentinel, strconv.Itoa(s.replica), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "latchkey")
}

func startRedis(t testing.TB, port int, options ...string) *server.Process {
	t.Helper()
	return runRedis(t, port, append([]string{
		"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir(),
	}, options...)...)
}

// runRedis runs a server that listens on the port until the test ends.
func runRedis(t testing.TB, port int, args ...string) *server.Process {
	t.Helper()
	answers := func() error { return server.Dial(fmt.Sprintf("127.0.0.1:%d", port)) }
	s, err := server.Start("", answers, find(t, "redis-server", "redis-server"), args...)
	if err != nil {
		t.Fatalf("start Redis: %v", err)
	}
	t.Cleanup(s.Kill)
	return s
}

func redisCLI(t testing.TB, port int, command ...string) string {
	t.Helper()
	args := append([]string{"-h", "127.0.0.1", "-p", strconv.Itoa(port)}, command...)
	out, err := exec.CommandContext(t.Context(), find(t, "redis-cli", "redis-cli"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("redis-cli %v: %v: %s", command, err, out)
	}
	return string(out)
}

// waitForRedis asks until the answer holds the text.
func waitForRedis(t testing.TB, port int, text string, command ...string) {
	t.Helper()
	deadline := time.Now().Add(Patience)
	for !strings.Contains(redisCLI(t, port, command...), text) {
		if time.Now().After(deadline) {
			t.Fatalf("redis on port %d never said %q to %v", port, text, command)
		}
		<-time.After(50 * time.Millisecond)
	}
}
