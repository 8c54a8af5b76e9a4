package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/cmd/internal/devdata"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
)

// idleServer has its stores and serves nothing; its clock is moved by hand.
type idleServer struct{ *process }

func newIdleServer(t *testing.T, now *time.Time) idleServer {
	t.Helper()
	data, err := devdata.Open(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.LoadOptions{Dev: true, Defaults: data.Defaults("http://localhost")})
	if err != nil {
		t.Fatal(err)
	}
	return newIdleServerOf(t, cfg, now)
}

// newIdleServerOf is one of a configuration.
func newIdleServerOf(t *testing.T, cfg *config.Config, now *time.Time) idleServer {
	t.Helper()
	log, err := openLog(cfg.Log, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.close)
	p, err := openProcess(t.Context(), serveOptions{
		cfg: cfg, log: log, now: func() time.Time { return *now },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := p.store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	first, err := newGeneration(p, cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.serve(first)
	return idleServer{p}
}

func (n idleServer) person(t *testing.T, email string, deleteAt time.Time) *storage.User {
	t.Helper()
	u, err := n.boot.accounts(n.store).Create(t.Context(), operator(), account.NewAccount{Email: email, Password: "correct horse battery staple"})
	if err != nil {
		t.Fatal(err)
	}
	if deleteAt.IsZero() {
		return u
	}
	e, err := storage.NewEvent(n.now(), rand.Reader, storage.EventDeletionPlanned)
	if err == nil {
		err = n.store.Users().PlanDeletion(t.Context(), storage.DeletionPlan{UserID: u.ID, At: deleteAt}, e)
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (n idleServer) job(t *testing.T, name string) job {
	t.Helper()
	for _, j := range n.jobs() {
		if j.name == name {
			return j
		}
	}
	t.Fatalf("no job %s", name)
	return job{}
}

// counted returns the value of a metric.
func (n idleServer) counted(t *testing.T, metric string) string {
	t.Helper()
	answer := httptest.NewRecorder()
	n.metrics.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	for line := range strings.Lines(answer.Body.String()) {
		if value, ok := strings.CutPrefix(line, metric+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func TestAccountsGoWhenTheirTimeHasComeAndAreTold(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	n := newIdleServer(t, &now)
	due, later := n.person(t, "due@example.com", now.Add(time.Hour)), n.person(t, "later@example.com", now.Add(48*time.Hour))
	job := n.job(t, "delete_accounts")

	n.runJob(t.Context(), job)
	if _, err := n.store.Users().ByID(t.Context(), due.ID); err != nil {
		t.Fatalf("an account that is not due: %v", err)
	}
	now = now.Add(2 * time.Hour)
	n.runJob(t.Context(), job)
	if _, err := n.store.Users().ByID(t.Context(), due.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("an account that was due: %v", err)
	}
	if _, err := n.store.Users().ByID(t.Context(), later.ID); err != nil {
		t.Errorf("another account: %v", err)
	}
	queued, err := n.store.Outbox().List(t.Context(), "", storage.DeliveryQueued, 10)
	if err != nil || len(queued) != 1 || queued[0].Kind != storage.MessageDeleted {
		t.Errorf("queued %+v, %v", queued, err)
	}
	if got := n.counted(t, `latchkey_job_rows_total{job="delete_accounts"}`); got != "1" {
		t.Errorf("%s accounts were counted", got)
	}
}

func TestAJobRunsOnceInAPeriodWhicheverNodeBegins(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	n := newIdleServer(t, &now)
	runs := 0
	failing := errors.New("failed")
	j := job{name: "test", every: time.Minute, do: func(context.Context) (int64, error) {
		runs++
		if runs == 2 {
			return 0, failing
		}
		return 3, nil
	}}
	for _, step := range []struct {
		wait time.Duration
		want int
	}{{0, 1}, {0, 1}, {30 * time.Second, 1}, {25 * time.Second, 2}, {time.Second, 2}, {time.Minute, 3}} {
		now = now.Add(step.wait)
		n.runJob(t.Context(), j)
		if runs != step.want {
			t.Fatalf("%d runs at %s, want %d", runs, now, step.want)
		}
	}
	for metric, want := range map[string]string{
		`latchkey_job_runs_total{job="test",result="success"}`: "2", `latchkey_job_runs_total{job="test",result="failure"}`: "1",
		`latchkey_job_rows_total{job="test"}`: "6",
	} {
		if got := n.counted(t, metric); got != want {
			t.Errorf("%s = %q, want %s", metric, got, want)
		}
	}
}

func TestLG3_OldEventsArePrunedAndTheRestStaysProvable(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	n := newIdleServer(t, &now)
	n.person(t, "old@example.com", time.Time{})
	now = now.Add(time.Minute)
	n.observe(t.Context())
	if got := n.counted(t, "latchkey_audit_link_lag_seconds"); got != "60" {
		t.Errorf("the chain lags %q seconds behind, want 60", got)
	}
	n.runJob(t.Context(), n.job(t, "link_audit"))
	n.observe(t.Context())
	if got := n.counted(t, "latchkey_audit_unlinked_events"); got != "0" {
		t.Errorf("%q events are unlinked after linking", got)
	}
	now = now.Add(n.cfg().Audit.Retention + time.Hour)
	n.person(t, "new@example.com", time.Time{})
	n.runJob(t.Context(), n.job(t, "link_audit"))
	n.runJob(t.Context(), n.job(t, "prune_audit"))
	report, err := n.store.Events().Verify(t.Context(), nil)
	if err != nil || report.Events != 1 || len(report.Findings) > 0 {
		t.Errorf("after pruning: %+v, %v", report, err)
	}
	for metric, want := range map[string]string{
		`latchkey_job_rows_total{job="link_audit"}`: "2", `latchkey_job_rows_total{job="prune_audit"}`: "1",
	} {
		if got := n.counted(t, metric); got != want {
			t.Errorf("%s = %q, want %s", metric, got, want)
		}
	}
}
