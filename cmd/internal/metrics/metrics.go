// Package metrics counts what a server does, for Prometheus.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// Metrics holds the counters of one server.
type Metrics struct {
	families *families
	requests counters
	duration histograms
	swept    counters
	jobs     counters
	jobRows  counters
	signIns  counters
	refused  counters
	factors  counters
	revoked  counters
	outbox   *outboxMetrics
}

// New makes the counters of a server of a version.
func New(version string) *Metrics {
	f := newFamilies()
	m := &Metrics{
		families: f,
		requests: f.counters("latchkey_http_requests_total", "Requests answered, by route and status.", "route", "status"),
		duration: f.histograms("latchkey_http_request_duration_seconds", "Time to answer a request, by route.", "route",
			[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}),
		swept: f.counters("latchkey_swept_rows_total", "Expired rows deleted, by table.", "table"),
		jobs:  f.counters("latchkey_job_runs_total", "Runs of periodic jobs on this node, by job and result.", "job", "result"),
		jobRows: f.counters("latchkey_job_rows_total",
			"What periodic jobs were about: rows swept, accounts deleted, events pruned, by job.", "job"),
		signIns: f.counters("latchkey_sign_ins_total", "Sign-ins, by the class that was reached; failed is none.", "acr"),
		refused: f.counters("latchkey_throttled_total", "Attempts refused unseen, by limit.", "limit"),
		factors: f.counters("latchkey_factor_attempts_total", "Attempts with a factor, by its kind and how they ended.",
			"factor", "result"),
		revoked: f.counters("latchkey_grants_revoked_total",
			"Grants ended because a code or refresh token was used twice, by reason.", "reason"),
		outbox: newOutboxMetrics(f),
	}
	for _, reason := range []string{storage.RevokedReuse, storage.RevokedCodeReplay} {
		m.revoked.with(reason) // an alert needs the zero before the first
	}
	f.gauges("latchkey_build_info", "1, with the version as a label.", "version").with(version).Set(1)
	return m
}

// Handler answers GET /metrics.
func (m *Metrics) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(m.families.text())
	})
}

// Swept counts rows that were deleted because they expired.
func (m *Metrics) Swept(table string, rows int64) { m.swept.with(table).AddInt64(rows) }

// Job counts a run of a periodic job, and the rows it was about.
func (m *Metrics) Job(name string, rows int64, err error) {
	result := "success"
	if err != nil {
		result = "failure"
	}
	m.jobs.with(name, result).Inc()
	m.jobRows.with(name).AddInt64(rows)
}

// GrantRevoked counts a grant that ended because a code or refresh token was used twice.
func (m *Metrics) GrantRevoked(reason string) { m.revoked.with(reason).Inc() }

// SignedIn counts a sign-in that was completed.
func (m *Metrics) SignedIn(acr string) { m.signIns.with(acr).Inc() }

// SignInFailed counts a wrong password or passkey.
func (m *Metrics) SignInFailed() { m.signIns.with("failed").Inc() }

// Throttled counts an attempt that a limit refused.
func (m *Metrics) Throttled(limit string) { m.refused.with(limit).Inc() }

// Factor counts an attempt with a kind of factor.
func (m *Metrics) Factor(kind storage.FactorKind, result string) {
	m.factors.with(string(kind), result).Inc()
}

// other is the route of every path that is not counted by itself, so that
// nobody can make labels up.
const other = "other"

// usual are the statuses whose counters are looked up once.
var usual = []int{200, 303, 400, 401, 403, 404, 429, 500, 503}

// route is a path's counters.
type route struct {
	duration *vm.PrometheusHistogram
	requests map[int]*vm.Counter
}

// Wrap counts the requests to next. Each of the paths is a route of its own.
func (m *Metrics) Wrap(paths []string, next http.Handler) http.Handler {
	routes := make(map[string]*route, len(paths))
	for _, path := range append(paths, other) {
		routes[path] = &route{duration: m.duration.with(path), requests: make(map[int]*vm.Counter, len(usual))}
		for _, status := range usual {
			routes[path].requests[status] = m.requests.with(path, strconv.Itoa(status))
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, counted := time.Now(), &web.StatusWriter{ResponseWriter: w}
		next.ServeHTTP(counted, r)
		status := counted.Status()
		to, known := routes[r.URL.Path]
		if !known {
			to = routes[other]
		}
		to.duration.UpdateDuration(start)
		if counter := to.requests[status]; counter != nil {
			counter.Inc()
			return
		}
		path := other
		if known {
			path = r.URL.Path
		}
		m.requests.with(path, strconv.Itoa(status)).Inc()
	})
}
