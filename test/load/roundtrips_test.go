package main

import (
	"bytes"
	"net"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// TestRoundTrips holds a node to what the rows say that a request costs, as
// counted on the wire: a refresh is one round trip to the database and asks
// nothing else, client_credentials and the documents ask nothing at all.
func TestRoundTrips(t *testing.T) {
	database := newProxy(t, testenv.DurablePostgres(t))
	redis := newRedisCounter(t, testenv.StartRedis(t).URL)
	in, err := newInstallation(t.TempDir(), buildBinary(t), stores{Database: database.url, Redis: redis.url})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	node, err := in.start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer node.stop()
	p, err := newParty(ctx, in, node, 1)
	if err == nil {
		err = p.join(ctx, in)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		t.Run(r.Name, func(t *testing.T) {
			w, err := dialWire(ctx, node.Address)
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			do, err := r.prepare(p, w, 0)
			if err != nil {
				t.Fatal(err)
			}
			// The first time prepares statements.
			if err := do(); err != nil {
				t.Fatal(err)
			}
			const times = 50
			var got cost
			// The node's own jobs ask now and then as well: more than the request does on a
			// machine that is busy, but not each time.
			for range 3 {
				got = cost{Database: database.trips.Load(), Redis: redis.commands(t)}
				signed := 0
				for range times {
					if err := do(); err != nil {
						t.Fatal(err)
					}
					signed += bytes.Count(w.body, []byte(`":"eyJ`)) // how every signed token begins
				}
				got = cost{each(database.trips.Load()-got.Database, times), each(redis.commands(t)-got.Redis, times), each(int64(signed), times)}
				if got == r.cost() {
					return
				}
			}
			t.Errorf("%+v for each, want %+v", got, r.cost())
		})
	}
}

// cost is what one request costs: round trips, and tokens signed.
type cost struct{ Database, Redis, Signatures int64 }

func (r row) cost() cost {
	return cost{int64(r.Database), int64(r.Redis), int64(r.Signatures)}
}

// each is how many there are for one of so many requests. The node's own jobs
// ask now and then as well, which is far less than once a request.
func each(got, times int64) int64 { return (got + times/2) / times }

// buildBinary builds the node's binary, as make build does.
func buildBinary(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "latchkey")
	output, err := exec.Command("go", "build", "-o", path, "github.com/latchkey-id/latchkey/cmd/latchkey").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	return path
}

// proxy stands before a server and counts round trips: how often a client
// speaks after the server did.
type proxy struct {
	url   string
	trips atomic.Int64
}

func newProxy(t *testing.T, server string) *proxy {
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	p, behind := &proxy{}, u.Host
	u.Host = l.Addr().String()
	p.url = u.String()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.join(client, behind)
		}
	}()
	return p
}

// join carries bytes both ways until one side ends.
func (p *proxy) join(client net.Conn, behind string) {
	defer client.Close()
	server, err := net.Dial("tcp", behind)
	if err != nil {
		return
	}
	defer server.Close()
	var answered atomic.Bool
	answered.Store(true)
	go func() {
		defer client.Close()
		carry(client, server, func() { answered.Store(true) })
	}()
	carry(server, client, func() {
		if answered.Swap(false) {
			p.trips.Add(1)
		}
	})
}

func carry(to, from net.Conn, seen func()) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		seen()
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// redisCounter reads from a Redis how many commands it has run.
type redisCounter struct {
	url string
	own *wire
}

func newRedisCounter(t *testing.T, server string) *redisCounter {
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	w, err := dialWire(t.Context(), u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return &redisCounter{url: server, own: w}
}

// commands counts what was asked of Redis, except by ourselves and by a
// connection that makes sure it still stands.
func (c *redisCounter) commands(t *testing.T) int64 {
	if err := c.own.redis("INFO commandstats"); err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for line := range strings.Lines(string(c.own.body)) {
		name, calls, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !ok || name == "info" || name == "ping" {
			continue
		}
		calls, _, _ = strings.Cut(calls, ",")
		n, err := strconv.ParseInt(calls, 10, 64)
		if err != nil {
			t.Fatalf("commandstats: %q", line)
		}
		total += n
	}
	return total
}
