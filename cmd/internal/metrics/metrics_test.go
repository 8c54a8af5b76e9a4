package metrics

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape reads the metrics as Prometheus does.
func scrape(t *testing.T, m *Metrics) map[string]*dto.MetricFamily {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if format := expfmt.ResponseFormat(answer.Header()); format.FormatType() != expfmt.TypeTextPlain {
		t.Errorf("format %q", format)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	found, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// sample returns the metric of a family that has exactly the labels.
func sample(t *testing.T, family *dto.MetricFamily, labels map[string]string) *dto.Metric {
	t.Helper()
metrics:
	for _, metric := range family.GetMetric() {
		for _, pair := range metric.GetLabel() {
			if labels[pair.GetName()] != pair.GetValue() {
				continue metrics
			}
		}
		if len(metric.GetLabel()) == len(labels) {
			return metric
		}
	}
	t.Fatalf("%s has no metric with %v", family.GetName(), labels)
	return nil
}

func TestCounts(t *testing.T) {
	m := New("v1.2.3")
	m.Swept("sessions", 7)
	m.Job("sweep", 7, nil)
	m.Check("database", true)
	m.Check("redis", false)
	m.RedisFailed(errors.New("gone"))
	m.ClockOffset(-1500 * time.Millisecond)
	m.Job("sweep", 0, errors.New("no database"))
	m.SignedIn("urn:a:\"b\"\\\nc")
	m.SignInFailed()
	m.Throttled("sign_in")
	m.Factor(storage.FactorTOTP, "wrong")
	m.Pot("confirmation", "day", "low")
	m.Delivery(storage.TopicEmail, storage.MessageDeleted, "sent")
	now := time.Now()
	m.Backlog(storage.Backlog{Queued: 3, Due: 2, Oldest: now.Add(-90 * time.Second)}, now)

	found := scrape(t, m)
	for _, c := range []struct {
		name   string
		labels map[string]string
		want   float64
	}{
		{"latchkey_build_info", map[string]string{"version": "v1.2.3"}, 1},
		{"latchkey_swept_rows_total", map[string]string{"table": "sessions"}, 7},
		{"latchkey_job_runs_total", map[string]string{"job": "sweep", "result": "success"}, 1},
		{"latchkey_job_runs_total", map[string]string{"job": "sweep", "result": "failure"}, 1},
		{"latchkey_job_rows_total", map[string]string{"job": "sweep"}, 7},
		{"latchkey_sign_ins_total", map[string]string{"acr": "urn:a:\"b\"\\\nc"}, 1},
		{"latchkey_check_ok", map[string]string{"check": "database"}, 1},
		{"latchkey_check_ok", map[string]string{"check": "redis"}, 0},
		{"latchkey_redis_errors_total", nil, 1},
		{"latchkey_clock_offset_seconds", nil, -1.5},
		{"latchkey_sign_ins_total", map[string]string{"acr": "failed"}, 1},
		{"latchkey_throttled_total", map[string]string{"limit": "sign_in"}, 1},
		{"latchkey_factor_attempts_total", map[string]string{"factor": "totp", "result": "wrong"}, 1},
		{"latchkey_sms_pot_total", map[string]string{"purpose": "confirmation", "scope": "day", "state": "low"}, 1},
		{"latchkey_sms_pot_total", map[string]string{"purpose": "factor", "scope": "country", "state": "empty"}, 0},
		{"latchkey_outbox_messages_total", map[string]string{
			"topic": string(storage.TopicEmail), "kind": string(storage.MessageDeleted), "result": "sent",
		}, 1},
		{"latchkey_outbox_queued", nil, 3},
		{"latchkey_outbox_due", nil, 2},
		{"latchkey_outbox_oldest_seconds", nil, 90},
	} {
		metric := sample(t, found[c.name], c.labels)
		if got := metric.GetCounter().GetValue() + metric.GetGauge().GetValue(); got != c.want {
			t.Errorf("%s%v is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
}

// Each of our metrics is described, has the type that its name promises, and
// the process' own are there.
func TestEveryMetricIsDescribed(t *testing.T) {
	m := New("v1.2.3")
	m.Swept("sessions", 1)
	m.Wrap([]string{"/token"}, http.NotFoundHandler())
	found := scrape(t, m)
	for name, family := range found {
		if !strings.HasPrefix(name, "latchkey_") {
			continue
		}
		if family.GetHelp() == "" {
			t.Errorf("%s has no help", name)
		}
		if counter := family.GetType() == dto.MetricType_COUNTER; counter != strings.HasSuffix(name, "_total") {
			t.Errorf("%s is a %s", name, family.GetType())
		}
	}
	for _, name := range []string{
		"go_goroutines", "go_memstats_heap_alloc_bytes", "go_gc_duration_seconds", "go_info",
		"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds",
	} {
		if found[name] == nil {
			t.Errorf("no %s", name)
		}
	}
}

func TestWrapCountsRequestsByRouteAndStatus(t *testing.T) {
	m := New("v1.2.3")
	handler := m.Wrap([]string{"/token"}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	for _, path := range []string{"/token", "/token", "/made-up", "/up-made"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	}
	found := scrape(t, m)
	requests, duration := found["latchkey_http_requests_total"], found["latchkey_http_request_duration_seconds"]
	for _, c := range []struct {
		route, status string
		want          float64
	}{{"/token", "200", 2}, {"/token", "400", 0}, {otherRoute, "418", 2}} {
		metric := sample(t, requests, map[string]string{"route": c.route, "status": c.status})
		if got := metric.GetCounter().GetValue(); got != c.want {
			t.Errorf("%v answers of %s with %s, want %v", got, c.route, c.status, c.want)
		}
	}
	for _, route := range []string{"/token", otherRoute} {
		h := sample(t, duration, map[string]string{"route": route}).GetHistogram()
		if h.GetSampleCount() != 2 || h.GetSampleSum() <= 0 {
			t.Errorf("%d requests of %s in %vs", h.GetSampleCount(), route, h.GetSampleSum())
		}
		if got, want := len(h.GetBucket()), len(longWaits)+1; got != want {
			t.Errorf("%d buckets, want %d", got, want)
		}
	}
}

// What an alert asks about is there before it happens: an increase over a series
// that is born at one is none.
func TestSeriesExistFromZero(t *testing.T) {
	m := New("v1.2.3")
	m.Jobs("sweep", "link_audit")
	m.TokenRequests([]string{"refresh_token"}, []string{"issued", "invalid_grant"})
	found := scrape(t, m)
	for _, c := range []struct {
		name   string
		labels map[string]string
	}{
		{"latchkey_job_runs_total", map[string]string{"job": "link_audit", "result": "failure"}},
		{"latchkey_job_runs_total", map[string]string{"job": "sweep", "result": "success"}},
		{"latchkey_outbox_messages_total", map[string]string{"topic": "email", "kind": "password_reset", "result": "failed"}},
		{"latchkey_outbox_messages_total", map[string]string{"topic": "sms", "kind": "sms_code", "result": "expired"}},
		{"latchkey_grants_revoked_total", map[string]string{"reason": storage.RevokedReuse}},
		{"latchkey_sign_ins_total", map[string]string{"acr": "failed"}},
		{"latchkey_config_reloads_total", map[string]string{"result": "failure"}},
		{"latchkey_token_requests_total", map[string]string{"grant_type": "refresh_token", "outcome": "invalid_grant"}},
		{"latchkey_redis_errors_total", nil},
		{"latchkey_password_hash_refused_total", nil},
	} {
		if got := sample(t, found[c.name], c.labels).GetCounter(); got == nil || got.GetValue() != 0 {
			t.Errorf("%s%v is %v, want a counter at 0", c.name, c.labels, got)
		}
	}
}

// Each kind of message that there is has its series.
func TestEveryTopicHasKinds(t *testing.T) {
	for _, topic := range storage.Topics() {
		if len(topic.Kinds()) == 0 {
			t.Errorf("%s has no kinds", topic)
		}
	}
}

func TestKeysTellTheirAge(t *testing.T) {
	m, now := New("v1.2.3"), time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	m.SigningKeys([]storage.SigningKey{
		{Alg: "ES256", SignsFrom: now.AddDate(0, -2, 0), SignsUntil: now.AddDate(0, -1, 0)},
		{Alg: "ES256", SignsFrom: now.Add(-time.Hour)},
		{Alg: "ES256", SignsFrom: now.Add(time.Hour)},
	}, now)
	found := scrape(t, m)
	es256 := map[string]string{"alg": "ES256"}
	if got := sample(t, found["latchkey_signing_key_age_seconds"], es256).GetGauge().GetValue(); got != 3600 {
		t.Errorf("the age is %v", got)
	}
	if got := sample(t, found["latchkey_signing_key_next_timestamp_seconds"], es256).GetGauge().GetValue(); got != float64(now.Add(time.Hour).Unix()) {
		t.Errorf("the next takes over at %v", got)
	}
}

// A client that hung up is neither an answer of 503 nor a failure.
func TestAbortedRequestsAreCountedApart(t *testing.T) {
	m := New("v1.2.3")
	handler := m.Wrap([]string{"/token"}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, http.MethodGet, "/token", nil))
	requests := scrape(t, m)["latchkey_http_requests_total"]
	for status, want := range map[string]float64{"499": 1, "503": 0} {
		if got := sample(t, requests, map[string]string{"route": "/token", "status": status}).GetCounter().GetValue(); got != want {
			t.Errorf("%v requests with %s, want %v", got, status, want)
		}
	}
}

// TestBucketsReachAMinute: what hangs until a deadline is told apart from what is only
// slow, by bounds on both sides of each deadline, in every histogram.
func TestBucketsReachAMinute(t *testing.T) {
	m := New("v1.2.3")
	m.Wrap([]string{"/token"}, http.NotFoundHandler())
	m.HashWaited(59*time.Second, false)
	m.HashWaited(61*time.Second, false)
	found, histograms := scrape(t, m), 0
	for name, family := range found {
		if family.GetType() != dto.MetricType_HISTOGRAM || !strings.HasPrefix(name, "latchkey_") {
			continue
		}
		histograms++
		for _, metric := range family.GetMetric() {
			var bounds []float64
			for _, bucket := range metric.GetHistogram().GetBucket() {
				bounds = append(bounds, bucket.GetUpperBound())
			}
			for _, want := range []float64{5, 15, 20, 30, 60} {
				if !slices.Contains(bounds, want) {
					t.Errorf("%s has no bucket to %v s but %v", name, want, bounds)
				}
			}
		}
	}
	if histograms < 2 {
		t.Errorf("%d histograms", histograms)
	}
	waits := sample(t, found["latchkey_password_hash_wait_seconds"], nil).GetHistogram()
	counted := map[float64]uint64{}
	for _, bucket := range waits.GetBucket() {
		counted[bucket.GetUpperBound()] = bucket.GetCumulativeCount()
	}
	if counted[30] != 0 || counted[60] != 1 || waits.GetSampleCount() != 2 {
		t.Errorf("waits of 59 s and 61 s are counted as %v of %d", counted, waits.GetSampleCount())
	}
}
