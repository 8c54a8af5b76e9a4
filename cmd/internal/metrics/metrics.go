// Package metrics counts what a server does, for Prometheus.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics holds the counters of one server.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	swept    *prometheus.CounterVec
	jobs     *prometheus.CounterVec
	jobRows  *prometheus.CounterVec
	signIns  *prometheus.CounterVec
	refused  *prometheus.CounterVec
	factors  *prometheus.CounterVec
	outbox   *outboxMetrics
}

// New makes the counters of a server of a version.
func New(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_http_requests_total", Help: "Requests answered, by route and status.",
		}, []string{"route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "latchkey_http_request_duration_seconds", Help: "Time to answer a request, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"route"}),
		swept: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_swept_rows_total", Help: "Expired rows deleted, by table.",
		}, []string{"table"}),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_job_runs_total", Help: "Runs of periodic jobs on this node, by job and result.",
		}, []string{"job", "result"}),
		jobRows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_job_rows_total", Help: "What periodic jobs were about: rows swept, accounts deleted, events pruned, by job.",
		}, []string{"job"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_sign_ins_total", Help: "Sign-ins, by the class that was reached; failed is none.",
		}, []string{"acr"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_throttled_total", Help: "Attempts refused unseen, by limit.",
		}, []string{"limit"}),
		factors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_factor_attempts_total", Help: "Attempts with a factor, by its kind and how they ended.",
		}, []string{"factor", "result"}),
	}
	m.outbox = newOutboxMetrics(m.registry)
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "latchkey_build_info", Help: "1, with the version as a label.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.duration, m.swept, m.jobs, m.jobRows, m.signIns, m.refused, m.factors, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers GET /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Swept counts rows that were deleted because they expired.
func (m *Metrics) Swept(table string, rows int64) { m.swept.WithLabelValues(table).Add(float64(rows)) }

// Job counts a run of a periodic job, and the rows it was about.
func (m *Metrics) Job(name string, rows int64, err error) {
	result := "success"
	if err != nil {
		result = "failure"
	}
	m.jobs.WithLabelValues(name, result).Inc()
	m.jobRows.WithLabelValues(name).Add(float64(rows))
}

// SignedIn counts a sign-in that was completed.
func (m *Metrics) SignedIn(acr string) { m.signIns.WithLabelValues(acr).Inc() }

// SignInFailed counts a wrong password or passkey.
func (m *Metrics) SignInFailed() { m.signIns.WithLabelValues("failed").Inc() }

// Throttled counts an attempt that a limit refused.
func (m *Metrics) Throttled(limit string) { m.refused.WithLabelValues(limit).Inc() }

// Factor counts an attempt with a kind of factor.
func (m *Metrics) Factor(kind storage.FactorKind, result string) {
	m.factors.WithLabelValues(string(kind), result).Inc()
}

// other is the route of every path that is not counted by itself, so that
// nobody can make labels up.
const other = "other"

// statuses bounds the statuses that are counted by themselves.
const statuses = 600

// route is a path's counters, looked up once.
type route struct {
	duration prometheus.Observer
	requests [statuses]prometheus.Counter
}

// Wrap counts the requests to next. Each of the paths is a route of its own.
func (m *Metrics) Wrap(paths []string, next http.Handler) http.Handler {
	routes := make(map[string]*route, len(paths))
	for _, path := range append(paths, other) {
		routes[path] = &route{duration: m.duration.WithLabelValues(path)}
		for _, status := range []int{200, 303, 400, 401, 403, 404, 429, 500, 503} {
			routes[path].requests[status] = m.requests.WithLabelValues(path, strconv.Itoa(status))
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, counted := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(counted, r)
		to, known := routes[r.URL.Path]
		if !known {
			to = routes[other]
		}
		to.duration.Observe(time.Since(start).Seconds())
		if counter := to.requests[min(counted.status, statuses-1)]; counter != nil {
			counter.Inc()
			return
		}
		path := other
		if known {
			path = r.URL.Path
		}
		m.requests.WithLabelValues(path, strconv.Itoa(counted.status)).Inc()
	})
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
