package testenv

import (
	"fmt"
	"os"
	"strconv"
	"testing"
)

// RedisServer is a Redis of one test, which may stop and start it.
type RedisServer struct {
	URL  string
	t    testing.TB
	port int
	dir  string
	s    *server
}

// Redis starts an empty Redis server for the test and returns its URL.
func Redis(t testing.TB) string {
	t.Helper()
	if url := os.Getenv("LATCHKEY_TEST_REDIS"); url != "" {
		return url
	}
	return StartRedis(t).URL
}

// StartRedis starts an empty Redis server that the test may stop.
func StartRedis(t testing.TB) *RedisServer {
	t.Helper()
	r := &RedisServer{t: t, port: freePort(t), dir: t.TempDir()}
	r.URL = fmt.Sprintf("redis://127.0.0.1:%d/0", r.port)
	r.Start()
	t.Cleanup(r.Stop)
	return r
}

// Start starts the server again, empty, where it was.
func (r *RedisServer) Start() {
	r.t.Helper()
	path := find(r.t, "redis-server", "redis-server")
	address := fmt.Sprintf("127.0.0.1:%d", r.port)
	r.s = start(r.t, "", func() error { return dial(address) }, path,
		"--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", r.dir)
}

// Stop kills the server: what it held is lost.
func (r *RedisServer) Stop() {
	if r.s != nil {
		_ = r.s.cmd.Process.Kill()
		r.s.wait()
		r.s = nil
	}
}
