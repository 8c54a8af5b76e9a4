package health

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// gauges remembers the last answer of each check.
type gauges map[string]bool

func (g gauges) Check(name string, ok bool) { g[name] = ok }

// monitored is a server with two checks that fail as they are told.
type monitored struct {
	*Monitor
	database, outbox error
	asked            atomic.Int64
	now              time.Time
	log              bytes.Buffer
	gauges           gauges
}

func newMonitored() *monitored {
	m := &monitored{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), gauges: gauges{}}
	m.Monitor = New(Config{
		Checks: []Check{
			{Name: "database", Ask: func(context.Context) error { m.asked.Add(1); return m.database }},
			{Name: "outbox", Ask: func(context.Context) error { return m.outbox }},
		},
		Metrics: m.gauges, Log: slog.New(slog.NewTextHandler(&m.log, nil)), Now: func() time.Time { return m.now },
	})
	return m
}

// probe asks, a second later than before.
func (m *monitored) probe(t *testing.T, ask http.HandlerFunc) (int, report) {
	t.Helper()
	m.now = m.now.Add(keep)
	answer := httptest.NewRecorder()
	ask(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	var got report
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	return answer.Code, got
}

func TestReady(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		database, outbox error
		code             int
		status           string
	}{
		"well":            {nil, nil, http.StatusOK, "ok"},
		"degraded":        {nil, Degraded(broken), http.StatusOK, "degraded"},
		"broken":          {broken, nil, http.StatusServiceUnavailable, "unavailable"},
		"broken anyway":   {broken, Degraded(broken), http.StatusServiceUnavailable, "unavailable"},
		"broken outright": {Degraded(broken), broken, http.StatusServiceUnavailable, "unavailable"},
	} {
		m := newMonitored()
		m.database, m.outbox = c.database, c.outbox
		code, got := m.probe(t, m.Ready)
		if code != c.code || got.Status != c.status || got.Checks["outbox"].OK != (c.outbox == nil) {
			t.Errorf("%s: %d %+v", name, code, got)
		}
		if m.gauges["database"] != (c.database == nil) {
			t.Errorf("%s: the gauge says %v", name, m.gauges["database"])
		}
	}
}

// What a probe from outside is told names no user, host or database.
func TestWhyACheckFailsIsToldInsideOnly(t *testing.T) {
	m := newMonitored()
	m.database = errors.New("failed to connect to user=lk_app database=lk 127.0.0.1:18500")
	if _, got := m.probe(t, m.Ready); got.Checks["database"].Error != "" {
		t.Errorf("public: %+v", got)
	}
	if _, got := m.probe(t, m.Details); !strings.Contains(got.Checks["database"].Error, "lk_app") {
		t.Errorf("inside: %+v", got)
	}
	if !strings.Contains(m.log.String(), "lk_app") || strings.Count(m.log.String(), "check fails") != 1 {
		t.Errorf("logged %s", m.log.String())
	}
	m.database = nil
	m.probe(t, m.Ready)
	if !strings.Contains(m.log.String(), "passes again") {
		t.Errorf("logged %s", m.log.String())
	}
}

func TestAThousandProbesAskOnceASecond(t *testing.T) {
	m := newMonitored()
	m.probe(t, m.Ready)
	for range 1000 {
		m.Ready(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	}
	if n := m.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	m.now = m.now.Add(keep)
	m.Observe(t.Context())
	if n := m.asked.Load(); n != 2 {
		t.Errorf("a second later asked %d times", n)
	}
}

// A prober that hangs up must not make the next answer wrong.
func TestAProbeThatIsGivenUpFailsNoCheck(t *testing.T) {
	m := newMonitored()
	m.cfg.Checks[0].Ask = func(ctx context.Context) error { return ctx.Err() }
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	m.Ready(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, http.MethodGet, "/readyz", nil))
	answer := httptest.NewRecorder()
	m.Ready(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	if answer.Code != http.StatusOK {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

func TestNotReadyWhileDraining(t *testing.T) {
	m := newMonitored()
	m.probe(t, m.Ready)
	m.Drain()
	if code, got := m.probe(t, m.Ready); code != http.StatusServiceUnavailable || got.Checks["draining"].OK || !got.Checks["database"].OK {
		t.Errorf("%d %+v", code, got)
	}
	answer := httptest.NewRecorder()
	Live(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil))
	if answer.Code != http.StatusOK {
		t.Errorf("a draining server lives: %d", answer.Code)
	}
}
