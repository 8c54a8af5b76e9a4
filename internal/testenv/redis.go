package testenv

import (
	"bufio"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
)

// RedisServer is a Redis of one test, which may stop and start it.
type RedisServer struct {
	URL  string
	t    testing.TB
	port int
	dir  string
	s    *server.Process
}

// nextRedis is where this process begins to look for a database that is free.
var nextRedis atomic.Int64

// Redis returns the URL of an empty database of the shared Redis that is the
// test's own until it ends. Who stops or configures the server, or looks at all
// that it does, takes [StartRedis].
func Redis(t testing.TB) string {
	t.Helper()
	address := sharedServers(t).Redis
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("Redis URL: %v", err)
	}
	locks := openFolder(t).Join("redis-locks")
	if err := os.MkdirAll(locks, 0o700); err != nil {
		t.Fatalf("make folder of locks: %v", err)
	}
	conn := dialRedis(t, u)
	defer conn.close()
	databases := conn.databases(t)
	name := fnv.New32a()
	_, _ = name.Write([]byte(address))
	for i := int64(os.Getpid()) * 37; ; {
		// 0 is left to whoever looks at the server by hand.
		n := 1 + int((i+nextRedis.Add(1))%int64(databases-1))
		lock, err := server.TryLock(filepath.Join(locks, fmt.Sprintf("%08x-%d", name.Sum32(), n)), server.ByOne)
		if errors.Is(err, server.ErrLocked) {
			<-time.After(time.Millisecond) // where all are taken, until one is not
			continue
		}
		if err != nil {
			t.Fatalf("lock a Redis database: %v", err)
		}
		t.Cleanup(func() { _ = lock.Close() })
		conn.ask(t, fmt.Sprintf("SELECT %d", n))
		conn.ask(t, "FLUSHDB")
		u.Path = "/" + strconv.Itoa(n)
		return u.String()
	}
}

// redisConn speaks as much of Redis' protocol as handing out databases takes.
type redisConn struct {
	conn  net.Conn
	lines *bufio.Reader
}

func dialRedis(t testing.TB, u *url.URL) redisConn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", u.Host, time.Minute)
	if err != nil {
		t.Fatalf("reach Redis: %v", err)
	}
	c := redisConn{conn, bufio.NewReader(conn)}
	if password, ok := u.User.Password(); ok {
		c.ask(t, "AUTH "+password)
	}
	return c
}

func (c redisConn) close() { _ = c.conn.Close() }

// ask sends a command and returns the first line of the answer.
func (c redisConn) ask(t testing.TB, command string) string {
	t.Helper()
	if _, err := fmt.Fprintf(c.conn, "%s\r\n", command); err != nil {
		t.Fatalf("ask Redis: %v", err)
	}
	return c.line(t)
}

func (c redisConn) line(t testing.TB) string {
	t.Helper()
	line, err := c.lines.ReadString('\n')
	if err != nil {
		t.Fatalf("answer of Redis: %v", err)
	}
	if strings.HasPrefix(line, "-") {
		t.Fatalf("Redis says %s", line)
	}
	return strings.TrimSpace(line)
}

// databases returns how many databases the server has.
func (c redisConn) databases(t testing.TB) int {
	t.Helper()
	c.ask(t, "CONFIG GET databases") // an array of two: *2, $9, databases, $3, 512
	var last string
	for range 4 {
		last = c.line(t)
	}
	n, err := strconv.Atoi(last)
	if err != nil || n < 2 {
		t.Fatalf("Redis has %q databases: want two at least", last)
	}
	return n
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
	s, err := server.Redis(r.dir, r.port, 16)
	if err != nil {
		r.t.Fatalf("start Redis: %v", err)
	}
	r.s = s
}

// Stop kills the server: what it held is lost.
func (r *RedisServer) Stop() {
	if r.s != nil {
		r.s.Kill()
		r.s = nil
	}
}

// Ask sends the server a command, such as CONFIG SET, and returns the first line of
// its answer.
func (r *RedisServer) Ask(command string) string {
	r.t.Helper()
	u, err := url.Parse(r.URL)
	if err != nil {
		r.t.Fatalf("Redis URL: %v", err)
	}
	conn := dialRedis(r.t, u)
	defer conn.close()
	return conn.ask(r.t, command)
}
