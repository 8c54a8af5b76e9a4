package metrics

import (
	"errors"
	"net/http"
	"net/http/httptest"
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
	m.Job("sweep", 0, errors.New("no database"))
	m.SignedIn("urn:a:\"b\"\\\nc")
	m.SignInFailed()
	m.Throttled("sign_in")
	m.Factor(storage.FactorTOTP, "wrong")
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
		{"latchkey_sign_ins_total", map[string]string{"acr": "failed"}, 1},
		{"latchkey_throttled_total", map[string]string{"limit": "sign_in"}, 1},
		{"latchkey_factor_attempts_total", map[string]string{"factor": "totp", "result": "wrong"}, 1},
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
	}{{"/token", "200", 2}, {"/token", "400", 0}, {other, "418", 2}} {
		metric := sample(t, requests, map[string]string{"route": c.route, "status": c.status})
		if got := metric.GetCounter().GetValue(); got != c.want {
			t.Errorf("%v answers of %s with %s, want %v", got, c.route, c.status, c.want)
		}
	}
	for _, route := range []string{"/token", other} {
		h := sample(t, duration, map[string]string{"route": route}).GetHistogram()
		if h.GetSampleCount() != 2 || h.GetSampleSum() <= 0 {
			t.Errorf("%d requests of %s in %vs", h.GetSampleCount(), route, h.GetSampleSum())
		}
		if got, want := len(h.GetBucket()), 12; got != want {
			t.Errorf("%d buckets, want %d", got, want)
		}
	}
}
