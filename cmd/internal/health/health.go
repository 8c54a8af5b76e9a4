// Package health answers whether a server lives and whether it can do its work.
//
// Invariants:
//
//   - A server is ready while it can do something that others of its kind could
//     not do in its place. What all share (Redis, a mail server) only degrades it:
//     to take every node out of a load balancer would turn a part's failure into
//     everybody's.
//   - However often it is probed, the checks run at most once a second.
//   - In public an answer names checks and says whether they pass. Why one fails
//     may hold names and addresses: that is for the log and the inner listener.
package health

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// checkTimeout bounds all checks of one round together.
	checkTimeout = 3 * time.Second
	// keep is how long the answers of a round are good for.
	keep = time.Second
)

// Check is one thing that a server needs.
type Check struct {
	Name string
	// Ask answers why the server cannot do its work. An error that is [Degraded]
	// leaves it ready.
	Ask func(context.Context) error
}

// ErrDegraded is what every error of [Degraded] is.
var ErrDegraded = errors.New("degraded")

// Degraded makes an error of a check that names a fault which does not keep the
// server from its work: to take it out of rotation would mend nothing.
func Degraded(err error) error {
	if err == nil {
		return nil
	}
	return &degraded{err}
}

type degraded struct{ error }

// Unwrap returns the fault.
func (d *degraded) Unwrap() error { return d.error }

// Is makes it an [ErrDegraded].
func (d *degraded) Is(target error) bool { return target == ErrDegraded }

// Optional makes a check of which every failure is [Degraded].
func Optional(ask func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error { return Degraded(ask(ctx)) }
}

// observer is shown each answer; cmd/internal/metrics in the binary.
type observer interface {
	Check(name string, ok bool)
}

// Config is what a [Monitor] is made of. Every field is required.
type Config struct {
	Checks  []Check
	Metrics observer
	Log     *slog.Logger
	Now     func() time.Time
	// Info is what the answers on the inner listener say besides; nil is nothing.
	Info func() map[string]string
}

// Monitor runs checks and answers probes. Its methods may be called concurrently.
type Monitor struct {
	cfg      Config
	draining atomic.Bool

	mu      sync.Mutex // one round at a time
	asked   time.Time
	answers []error // of the checks, in their order; nil before the first round
}

// New makes a Monitor, which has asked nothing yet.
func New(cfg Config) *Monitor { return &Monitor{cfg: cfg} }

// Drain makes the server not ready from now on: it is about to stop.
func (m *Monitor) Drain() { m.draining.Store(true) }

// Draining reports whether the server is about to stop.
func (m *Monitor) Draining() bool { return m.draining.Load() }

// Observe runs the checks, for the metrics and the log, unless a probe just did.
func (m *Monitor) Observe(ctx context.Context) { m.round(ctx) }

// round returns the answers of the checks, which are asked anew where the last
// ones are too old.
func (m *Monitor) round(ctx context.Context) []error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := m.cfg.Now(); m.answers != nil && now.Sub(m.asked) < keep && !now.Before(m.asked) {
		return m.answers
	}
	// A probe that is given up must not be everybody's answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	answers := make([]error, len(m.cfg.Checks))
	var asking sync.WaitGroup
	for i, c := range m.cfg.Checks {
		asking.Go(func() { answers[i] = c.Ask(ctx) })
	}
	asking.Wait()
	m.report(ctx, answers)
	m.asked, m.answers = m.cfg.Now(), answers
	return answers
}

// report counts the answers, and logs those that changed.
func (m *Monitor) report(ctx context.Context, answers []error) {
	for i, c := range m.cfg.Checks {
		err := answers[i]
		m.cfg.Metrics.Check(c.Name, err == nil)
		failed := m.answers != nil && m.answers[i] != nil
		switch {
		case err != nil && !failed:
			m.cfg.Log.WarnContext(ctx, "check fails", "check", c.Name, "error", err)
		case err == nil && failed:
			m.cfg.Log.InfoContext(ctx, "check passes again", "check", c.Name)
		}
	}
}

// The statuses of an answer.
const (
	statusOK          = "ok"
	statusDegraded    = "degraded"
	statusUnavailable = "unavailable"
)

// drainingCheck is the name under which an answer says that the server stops.
const drainingCheck = "draining"

// result is the answer of one check.
type result struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

// report is the answer to a probe.
type report struct {
	Status string            `json:"status"`
	Checks map[string]result `json:"checks"`
	// Info is only in the details.
	Info map[string]string `json:"info,omitempty"`
}

func (m *Monitor) reportOf(answers []error, details bool) report {
	r := report{Status: statusOK, Checks: make(map[string]result, len(answers))}
	for i, c := range m.cfg.Checks {
		err := answers[i]
		if err == nil {
			r.Checks[c.Name] = result{OK: true}
			continue
		}
		if !errors.Is(err, ErrDegraded) {
			r.Status = statusUnavailable
		} else if r.Status == statusOK {
			r.Status = statusDegraded
		}
		failed := result{}
		if details {
			failed.Error = err.Error()
		}
		r.Checks[c.Name] = failed
	}
	if details && m.cfg.Info != nil {
		r.Info = m.cfg.Info()
	}
	if m.Draining() {
		r.Status = statusUnavailable
		r.Checks[drainingCheck] = result{}
	}
	return r
}

// Live answers 200 while the process serves, whatever else is broken: a restart
// would mend nothing.
func Live(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]string{"status": statusOK})
}

// Ready answers 200 while the server can do its work, else 503. It says of each
// check whether it passes, and nothing else.
func (m *Monitor) Ready(w http.ResponseWriter, r *http.Request) { m.answer(w, r, false) }

// Details is Ready for an inner listener: it also says why a check fails.
func (m *Monitor) Details(w http.ResponseWriter, r *http.Request) { m.answer(w, r, true) }

func (m *Monitor) answer(w http.ResponseWriter, r *http.Request, details bool) {
	found := m.reportOf(m.round(r.Context()), details)
	code := http.StatusOK
	if found.Status == statusUnavailable {
		code = http.StatusServiceUnavailable
	}
	write(w, code, found)
}

func write(w http.ResponseWriter, code int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(answer) // whoever asked went away
}
