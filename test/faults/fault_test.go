package faults

import (
	"flag"
	"testing"
	"time"
)

// seed draws the load; a failure names it.
var seed = flag.Uint64("seed", uint64(time.Now().UnixNano()), "what the random load is drawn from")

// TestMain lets all installations run at once: most of the time they wait.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	m.Run()
}

// fault is a row of the table: something that breaks and is mended.
type fault struct {
	name string
	// breaks breaks it and returns what mends it.
	breaks func(t *testing.T) (mend func())
	// lasts is for how long at least.
	lasts time.Duration
	// status is what the nodes say meanwhile, and the check that fails; "ok" is that
	// they are ready all the time, and empty is that it may change.
	status, check string
	// works are kinds of calls that succeed meanwhile.
	works []string
	// losesCodes says that what is short-lived is lost.
	losesCodes bool
}

// expose runs the installation under load while the fault lasts, and judges what was
// answered from before to after.
func (in *installation) expose(t *testing.T, f fault) {
	t.Run(f.name, func(t *testing.T) {
		in.allReady(t)
		r := in.start(t)
		r.progress()
		mend := f.breaks(t)
		broken := r.journal.now()
		r.wait(f.lasts)
		if f.status != "" && f.status != "ok" {
			r.until("each node says "+f.status+" because of "+f.check, func() bool { return in.allSay(t, f.status, f.check) })
		}
		if len(f.works) > 0 {
			r.until("what is not broken works", func() bool {
				kinds := succeeded(r.journal.all(), broken, r.journal.now())
				for _, kind := range f.works {
					if !kinds[kind] {
						return false
					}
				}
				return true
			})
		}
		mend()
		r.until("each node is ready again", func() bool { return in.allSay(t, "ok", "") })
		r.progress()
		r.stop()
		r.judge(rules{Deadline: deadline, CodesMayBeLost: f.losesCodes, Ready: f.status == "ok" || f.status == "degraded"})
		in.audit(t, r.journal.all())
	})
}

// allSay reports whether every node says so.
func (in *installation) allSay(t *testing.T, status, check string) bool {
	t.Helper()
	for i := range in.nodes {
		if !in.says(t, i, status, check) {
			return false
		}
	}
	return true
}

// allReady returns when every node is ready, and the balancer knows.
func (in *installation) allReady(t *testing.T) {
	t.Helper()
	if in.balancer != nil {
		in.balancer.Await(len(in.nodes))
	}
}
