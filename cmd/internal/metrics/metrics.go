// Package metrics counts what a server does, for Prometheus.
//
// Invariants:
//
//   - A series that an alert asks about exists from the start, at zero: the first
//     failure is an increase, which a series that is born at one never shows.
//   - No label takes a value from a request.
package metrics

import (
	"database/sql"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics holds the counters of one server. Its methods may be called concurrently.
type Metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	swept     *prometheus.CounterVec
	jobs      *prometheus.CounterVec
	jobRows   *prometheus.CounterVec
	signIns   *prometheus.CounterVec
	refused   *prometheus.CounterVec
	factors   *prometheus.CounterVec
	pots      *prometheus.CounterVec
	revoked   *prometheus.CounterVec
	tokens    *prometheus.CounterVec
	shaken    *prometheus.CounterVec
	digest    *prometheus.GaugeVec
	checks    *prometheus.GaugeVec
	redis     prometheus.Counter
	hashWait  prometheus.Histogram
	hashBusy  prometheus.Counter
	offset    prometheus.Gauge
	reloads   *prometheus.CounterVec
	reloaded  prometheus.Gauge
	unlinked  prometheus.Gauge
	linkLag   prometheus.Gauge
	messages  *prometheus.CounterVec
	queued    prometheus.Gauge
	due       prometheus.Gauge
	oldest    prometheus.Gauge
	keyAge    *prometheus.GaugeVec
	keyEnds   *prometheus.GaugeVec
	buildInfo *prometheus.GaugeVec
}

// longWaits are the buckets of what may take as long as a request may: its
// deadlines are among them.
var longWaits = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15, 20, 30, 60}

// maker makes metrics and registers them.
type maker struct{ *prometheus.Registry }

func (m maker) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.MustRegister(c)
	return c
}

func (m maker) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	m.MustRegister(g)
	return g
}

func (m maker) histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: longWaits}, labels)
	m.MustRegister(h)
	return h
}

// New makes the counters of a server of a version.
func New(version string) *Metrics {
	make := maker{prometheus.NewRegistry()}
	make.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m := &Metrics{
		registry: make.Registry,
		requests: make.counter("latchkey_http_requests_total", "Requests answered, by route and status; 499 where the client had gone.", "route", "status"),
		duration: make.histogram("latchkey_http_request_duration_seconds", "Time to answer a request, by route.", "route"),
		swept:    make.counter("latchkey_swept_rows_total", "Expired rows deleted, by table.", "table"),
		jobs:     make.counter("latchkey_job_runs_total", "Runs of periodic jobs on this node, by job and result.", "job", "result"),
		jobRows: make.counter("latchkey_job_rows_total",
			"What periodic jobs were about: rows swept, accounts deleted, events pruned, by job.", "job"),
		signIns: make.counter("latchkey_sign_ins_total", "Sign-ins, by the class that was reached; failed is none.", "acr"),
		refused: make.counter("latchkey_throttled_total", "Attempts refused unseen, by limit.", "limit"),
		factors: make.counter("latchkey_factor_attempts_total", "Attempts with a factor, by its kind and how they ended.",
			"factor", "result"),
		pots: make.counter("latchkey_sms_pot_total",
			"Text messages with which a pot of a day ran low (four fifths are spent), or which found it empty, by what they are for and whether it is one country's or the day's.",
			"purpose", "scope", "state"),
		revoked: make.counter("latchkey_grants_revoked_total",
			"Grants ended because a code or refresh token was used twice, by reason.", "reason"),
		tokens: make.counter("latchkey_token_requests_total",
			"Requests for tokens, by grant type and by how they ended: issued, or the error code.", "grant_type", "outcome"),
		shaken: make.counter("latchkey_tls_handshake_errors_total",
			"TLS handshakes that failed, by reason: timeout, hang_up, refused.", "reason"),
		digest: make.gauge("latchkey_config_info",
			"1, with the digest of the configuration that serves as a label: nodes that run with the same have the same.", "digest"),
		checks:   make.gauge("latchkey_check_ok", "1 while a check of readiness passes, else 0, by check.", "check"),
		redis:    make.counter("latchkey_redis_errors_total", "Commands that Redis did not answer, or answered with an error.").WithLabelValues(),
		hashWait: observer(make.histogram("latchkey_password_hash_wait_seconds", "Time that a password hash waited for its turn.")),
		hashBusy: make.counter("latchkey_password_hash_refused_total",
			"Password hashes that were refused because their turn did not come in time.").WithLabelValues(),
		offset: make.gauge("latchkey_clock_offset_seconds", "How far this node's clock is ahead of the database's.").WithLabelValues(),
		reloads: make.counter("latchkey_config_reloads_total", "Reloads of the configuration, by result; after a failure nothing has changed.",
			"result"),
		reloaded: make.gauge("latchkey_config_loaded_timestamp_seconds", "When the configuration that serves was loaded.").WithLabelValues(),
		unlinked: make.gauge("latchkey_audit_unlinked_events", "Security events that are not linked to the chain yet, counted up to 10,000.").WithLabelValues(),
		linkLag: make.gauge("latchkey_audit_link_lag_seconds",
			"Age of the oldest security event that is not linked to the chain yet; 0 when there is none.").WithLabelValues(),
		messages: make.counter("latchkey_outbox_messages_total",
			"Tries to deliver messages, by how they ended: sent, delayed, failed, expired, skipped.", "topic", "kind", "result"),
		queued: make.gauge("latchkey_outbox_queued", "Messages that are not delivered yet.").WithLabelValues(),
		due:    make.gauge("latchkey_outbox_due", "Messages that should be on their way by now.").WithLabelValues(),
		oldest: make.gauge("latchkey_outbox_oldest_seconds",
			"Age of the oldest message that is not delivered yet; 0 when there is none.").WithLabelValues(),
		keyAge:    make.gauge("latchkey_signing_key_age_seconds", "For how long the key that signs has signed, by algorithm.", "alg"),
		keyEnds:   make.gauge("latchkey_signing_key_next_timestamp_seconds", "When the next key takes over, by algorithm; absent while none is published.", "alg"),
		buildInfo: make.gauge("latchkey_build_info", "1, with the version as a label.", "version"),
	}
	m.buildInfo.WithLabelValues(version).Set(1)
	m.startFromZero()
	return m
}

func observer(h *prometheus.HistogramVec) prometheus.Histogram {
	return h.WithLabelValues().(prometheus.Histogram)
}

// startFromZero makes the series that alerts ask about and whose labels are
// known beforehand.
func (m *Metrics) startFromZero() {
	for _, reason := range []string{storage.RevokedReuse, storage.RevokedCodeReplay} {
		m.revoked.WithLabelValues(reason)
	}
	m.signIns.WithLabelValues("failed")
	for _, result := range []string{resultSuccess, resultFailure} {
		m.reloads.WithLabelValues(result)
	}
	for _, purpose := range []string{"factor", "confirmation"} {
		for _, scope := range []string{"country", "day"} {
			for _, state := range []string{"low", "empty"} {
				m.pots.WithLabelValues(purpose, scope, state)
			}
		}
	}
	for _, topic := range storage.Topics() {
		for _, kind := range topic.Kinds() {
			for _, result := range deliveryResults {
				m.messages.WithLabelValues(string(topic), string(kind), result)
			}
		}
	}
}

// Handler answers GET /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// The results of what succeeds or fails.
const (
	resultSuccess = "success"
	resultFailure = "failure"
)

func resultOf(err error) string {
	if err != nil {
		return resultFailure
	}
	return resultSuccess
}

// Swept counts rows that were deleted because they expired.
func (m *Metrics) Swept(table string, rows int64) { m.swept.WithLabelValues(table).Add(float64(rows)) }

// Jobs names the periodic jobs, so that each is counted from zero.
func (m *Metrics) Jobs(names ...string) {
	for _, name := range names {
		m.jobRows.WithLabelValues(name)
		for _, result := range []string{resultSuccess, resultFailure} {
			m.jobs.WithLabelValues(name, result)
		}
	}
}

// Job counts a run of a periodic job, and the rows it was about.
func (m *Metrics) Job(name string, rows int64, err error) {
	m.jobs.WithLabelValues(name, resultOf(err)).Inc()
	m.jobRows.WithLabelValues(name).Add(float64(rows))
}

// GrantRevoked counts a grant that ended because a code or refresh token was used twice.
func (m *Metrics) GrantRevoked(reason string) { m.revoked.WithLabelValues(reason).Inc() }

// TokenRequests names the grants and how requests for tokens end, so that each is
// counted from zero.
func (m *Metrics) TokenRequests(grantTypes, outcomes []string) {
	for _, grantType := range grantTypes {
		for _, outcome := range outcomes {
			m.tokens.WithLabelValues(grantType, outcome)
		}
	}
}

// TokensAsked counts a request for tokens.
func (m *Metrics) TokensAsked(grantType, outcome string) {
	m.tokens.WithLabelValues(grantType, outcome).Inc()
}

// Handshakes names the reasons for which TLS handshakes fail, so that each is counted
// from zero.
func (m *Metrics) Handshakes(reasons ...string) {
	for _, reason := range reasons {
		m.shaken.WithLabelValues(reason)
	}
}

// HandshakeFailed counts a TLS handshake that failed.
func (m *Metrics) HandshakeFailed(reason string) { m.shaken.WithLabelValues(reason).Inc() }

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

// Pot counts a text message with which a pot that all people share ran low, or which
// found it empty.
func (m *Metrics) Pot(purpose, scope, state string) {
	m.pots.WithLabelValues(purpose, scope, state).Inc()
}

// Check shows whether a check of readiness passes.
func (m *Metrics) Check(name string, ok bool) {
	value := 0.0
	if ok {
		value = 1
	}
	m.checks.WithLabelValues(name).Set(value)
}

// RedisFailed counts a command that Redis did not answer.
func (m *Metrics) RedisFailed(error) { m.redis.Inc() }

// HashWaited counts a password hash that waited for its turn, or was refused.
func (m *Metrics) HashWaited(wait time.Duration, refused bool) {
	if refused {
		m.hashBusy.Inc()
	}
	m.hashWait.Observe(wait.Seconds())
}

// ClockOffset shows how far the node's clock is ahead of the database's.
func (m *Metrics) ClockOffset(offset time.Duration) { m.offset.Set(offset.Seconds()) }

// Reloaded counts a reload of the configuration.
func (m *Metrics) Reloaded(now time.Time, err error) {
	m.reloads.WithLabelValues(resultOf(err)).Inc()
	if err == nil {
		m.Loaded(now)
	}
}

// ConfigDigest shows which configuration serves.
func (m *Metrics) ConfigDigest(digest string) {
	m.digest.Reset()
	m.digest.WithLabelValues(digest).Set(1)
}

// Loaded shows when the configuration that serves was loaded.
func (m *Metrics) Loaded(now time.Time) { m.reloaded.Set(float64(now.Unix())) }

// ChainLag shows how many events wait to be linked, and since when.
func (m *Metrics) ChainLag(events int, oldest, now time.Time) {
	m.unlinked.Set(float64(events))
	m.linkLag.Set(age(oldest, now))
}

// age is how long ago something was, in seconds; 0 where it never was.
func age(since, now time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since).Seconds())
}

// SigningKeys shows how old the keys are that sign at now.
func (m *Metrics) SigningKeys(keys []storage.SigningKey, now time.Time) {
	m.keyAge.Reset()
	m.keyEnds.Reset()
	for _, k := range keys {
		switch {
		case k.SignsFrom.After(now):
			m.keyEnds.WithLabelValues(k.Alg).Set(float64(k.SignsFrom.Unix()))
		case k.SignsUntil.IsZero() || k.SignsUntil.After(now):
			m.keyAge.WithLabelValues(k.Alg).Set(age(k.SignsFrom, now))
		}
	}
}

// CertificateExpires shows when the certificate in use ends.
func (m *Metrics) CertificateExpires(notAfter func() time.Time) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "latchkey_tls_certificate_not_after_timestamp_seconds", Help: "When the certificate that is served expires.",
	}, func() float64 { return float64(notAfter().Unix()) }))
}

// DroppedLines shows how many lines of the log were lost.
func (m *Metrics) DroppedLines(lines func() int64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "latchkey_log_lines_dropped_total", Help: "Lines of the log that were lost because their reader was slow or gone.",
	}, func() float64 { return float64(lines()) }))
}

// Pool shows the connections to the database.
func (m *Metrics) Pool(stats func() sql.DBStats) {
	gauges := []struct {
		name, help string
		value      func(sql.DBStats) float64
	}{
		{"latchkey_database_connections_max", "Connections to the database that may be open.",
			func(s sql.DBStats) float64 { return float64(s.MaxOpenConnections) }},
		{"latchkey_database_connections_open", "Connections to the database that are open.",
			func(s sql.DBStats) float64 { return float64(s.OpenConnections) }},
		{"latchkey_database_connections_in_use", "Connections to the database that are in use.",
			func(s sql.DBStats) float64 { return float64(s.InUse) }},
	}
	for _, g := range gauges {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: g.name, Help: g.help},
			func() float64 { return g.value(stats()) }))
	}
	counters := []struct {
		name, help string
		value      func(sql.DBStats) float64
	}{
		{"latchkey_database_waits_total", "Times that a connection to the database was waited for.",
			func(s sql.DBStats) float64 { return float64(s.WaitCount) }},
		{"latchkey_database_wait_seconds_total", "Time that connections to the database were waited for.",
			func(s sql.DBStats) float64 { return s.WaitDuration.Seconds() }},
	}
	for _, c := range counters {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: c.name, Help: c.help},
			func() float64 { return c.value(stats()) }))
	}
}

// HashQueue shows the password hashes that are computed now and that wait.
func (m *Metrics) HashQueue(queue func() (computing, waiting int)) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "latchkey_password_hashes_computing", Help: "Password hashes that are computed now.",
		}, func() float64 { computing, _ := queue(); return float64(computing) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "latchkey_password_hashes_waiting", Help: "Password hashes that wait for their turn.",
		}, func() float64 { _, waiting := queue(); return float64(waiting) }),
	)
}

// Names returns the names of all metrics of ours that exist now.
func (m *Metrics) Names() ([]string, error) {
	families, err := m.registry.Gather()
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	slices.Sort(names)
	return names, err
}
