package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// everything is what works where nothing is broken.
var everything = append([]string{authorize, exchange, page, signOut}, durable...)

// TestPgBouncer runs behind a pooler that lends a connection for one transaction.
func TestPgBouncer(t *testing.T) {
	t.Parallel()
	in := startNodes(t, parts{database: testenv.PgBouncer(t, testenv.Postgres(t)), redis: testenv.Redis(t)})
	in.expose(t, fault{
		name: "nothing broken", status: "ok", works: everything,
		breaks: func(*testing.T) func() { return func() {} },
	})
}

// TestDL1_ClocksFiveMinutesApart has a node ahead and one behind: they say that they
// are not ready, and judge nobody wrongly who reaches them all the same.
func TestDL1_ClocksFiveMinutesApart(t *testing.T) {
	t.Parallel()
	binary := testenv.SkewedBinary(t)
	offsets := []string{"0s", "5m", "-5m"}
	in := startNodes(t, parts{
		database: testenv.Postgres(t), redis: testenv.Redis(t),
		each: func(i int, l *testenv.Latchkey) {
			l.Binary, l.Env = binary, append(l.Env, testenv.ClockVariable+"="+offsets[i])
		},
	})
	in.balancer.Await(1)
	r := in.start(t)
	r.progress()
	r.until("the nodes whose clocks are off say so", func() bool {
		return in.says(t, 0, "ok", "") && in.says(t, 1, "unavailable", "clock") && in.says(t, 2, "unavailable", "clock")
	})
	r.wait(time.Second)
	r.progress()
	kinds := map[string]bool{}
	for _, c := range r.journal.all() {
		if c.Status == 200 {
			kinds[fmt.Sprint(c.Via, c.What)] = true
		}
	}
	for _, node := range []string{"node 1", "node 2", "node 3"} {
		for _, kind := range []string{exchange, refresh} {
			if !kinds[node+kind] {
				t.Errorf("%s answered no %s", node, kind)
			}
		}
	}
	r.stop()
	r.judge(rules{Deadline: deadline})
	in.audit(t, r.journal.all())
}
