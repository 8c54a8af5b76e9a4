package faults

import (
	"strconv"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// durable are the kinds of calls that need nothing short-lived.
var durable = []string{refresh, introspect, userinfo, revoke}

// TestTH5_FaultsOfRedis breaks the short-lived store in every way that it has, and
// the log of a node, which is no store at all. Nothing of this takes a node out.
func TestTH5_FaultsOfRedis(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	in := startNodes(t, parts{database: testenv.Postgres(t), redis: server.URL, config: "log: {level: debug}\n"})
	for _, f := range []fault{
		{
			name: "killed", lasts: 2 * time.Second, status: "degraded", check: "redis", works: durable[:3], losesCodes: true,
			breaks: func(*testing.T) func() {
				server.Stop()
				return server.Start
			},
		},
		{
			name: "full", lasts: time.Second, status: "degraded", check: "redis", works: durable[:3],
			breaks: func(*testing.T) func() {
				server.Ask("CONFIG SET maxmemory 1") // it forgets nothing: noeviction
				return func() { server.Ask("CONFIG SET maxmemory 0") }
			},
		},
		{
			name: "read only", lasts: time.Second, status: "degraded", check: "redis", works: durable[:3],
			breaks: func(t *testing.T) func() {
				// A replica whose master is away, as after a failover that left it behind.
				server.Ask("REPLICAOF 127.0.0.1 " + strconv.Itoa(testenv.FreePort(t)))
				return func() { server.Ask("REPLICAOF NO ONE") }
			},
		},
		{
			name: "log pipe stalled", lasts: 4 * time.Second, status: "ok", works: everything,
			breaks: func(*testing.T) func() { return in.nodes[1].StallLog() },
		},
	} {
		in.expose(t, f)
	}
}

// TestTH5_RedisThatIsMany runs on a Cluster, and on a group that Sentinel watches.
func TestTH5_RedisThatIsMany(t *testing.T) {
	t.Parallel()
	t.Run("Cluster", func(t *testing.T) {
		t.Parallel()
		in := startNodes(t, parts{database: testenv.Postgres(t), redis: testenv.RedisCluster(t)})
		in.expose(t, fault{
			name: "nothing broken", status: "ok", works: everything,
			breaks: func(*testing.T) func() { return func() {} },
		})
	})
	t.Run("Sentinel", func(t *testing.T) {
		t.Parallel()
		sentinel := testenv.StartSentinel(t)
		in := startNodes(t, parts{database: testenv.Postgres(t), redis: sentinel.URL})
		in.expose(t, fault{
			name: "the master killed", works: durable[:3], losesCodes: true,
			breaks: func(*testing.T) func() {
				sentinel.FailOver()
				return func() {}
			},
		})
	})
}
