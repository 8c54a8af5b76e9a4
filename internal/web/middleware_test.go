package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// wrapped is a handler behind the middleware, with its log.
func wrapped(cfg Config, h HandlerFunc) (http.Handler, *bytes.Buffer) {
	log := &bytes.Buffer{}
	cfg.Log = slog.New(LogHandler(slog.NewTextHandler(log, nil)))
	cfg.Errors = &Errors{Log: cfg.Log, Render: func(w http.ResponseWriter, _ *http.Request, p ErrorPage) {
		w.WriteHeader(p.Status)
		fmt.Fprintf(w, "%s %s", p.Key, p.ID)
	}}
	return Wrap(cfg, cfg.Errors.Handle(h)), log
}

func fine(http.ResponseWriter, *http.Request) error { return nil }

// Hosts are compared as hosts are (RFC 9110 section 4.2.3).
func TestHostIsComparedAsHostsAre(t *testing.T) {
	for _, c := range []struct {
		ours, sent string
		https, ok  bool
	}{
		{"id.example.com", "id.example.com", true, true},
		{"id.example.com", "ID.Example.COM", true, true},
		{"id.example.com", "id.example.com:443", true, true},
		{"id.example.com", "id.example.com.", true, true},
		{"id.example.com", "id.example.com.:443", true, true},
		{"id.example.com:443", "id.example.com", true, true},
		{"id.example.com", "id.example.com:80", true, false},
		{"id.example.com", "id.example.com:8443", true, false},
		{"id.example.com", "other.example.com", true, false},
		{"id.example.com", "id.example.com..", true, false},
		{"id.example.com", "", true, false},
		{"localhost", "localhost:80", false, true},
		{"localhost:8080", "LOCALHOST:8080", false, true},
		{"[::1]:8080", "[::1]:8080", false, true},
		{"[::1]", "[::1]:80", false, true},
	} {
		h, _ := wrapped(Config{Hosts: []string{c.ours}, HSTS: c.https}, fine)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Host = c.sent
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		if ok := answer.Code == http.StatusOK; ok != c.ok {
			t.Errorf("%q is answered %d where we are %q", c.sent, answer.Code, c.ours)
		}
	}
}

func serveOne(ctx context.Context, h http.Handler) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/page", nil))
	return answer
}

// What waits for ever is given up at the deadline, and may be tried again.
func TestDL1_ARequestHasADeadline(t *testing.T) {
	h, _ := wrapped(Config{Hosts: []string{"localhost"}, Deadline: time.Millisecond}, func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return fmt.Errorf("read session: %w", r.Context().Err())
	})
	answer := serveOne(t.Context(), h)
	if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" || !strings.HasPrefix(answer.Body.String(), "unavailable ") {
		t.Errorf("%d %v %s", answer.Code, answer.Header(), answer.Body)
	}
}

// A client that hung up is no error of ours, however it comes out.
func TestAbortedRequestsAreNoErrors(t *testing.T) {
	for name, cause := range map[string]error{
		"as such":   context.Canceled,
		"as a 503":  Unavailable(fmt.Errorf("read session: %w", context.Canceled)),
		"as others": errors.New("sql: connection is closed"),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		h, log := wrapped(Config{Hosts: []string{"localhost"}}, func(http.ResponseWriter, *http.Request) error {
			cancel()
			return cause
		})
		if answer := serveOne(ctx, h); answer.Code != StatusClientGone {
			t.Errorf("%s: %d", name, answer.Code)
		}
		if strings.Contains(log.String(), "ERROR") || !strings.Contains(log.String(), "aborted") {
			t.Errorf("%s: %s", name, log)
		}
	}
}

func TestLogLinesOfAbortedRequestsAreInformation(t *testing.T) {
	log := &bytes.Buffer{}
	logger := slog.New(LogHandler(slog.NewTextHandler(log, nil)))
	ctx, cancel := context.WithCancel(withInfo(t.Context(), &requestInfo{id: "r1"}))
	cancel()
	logger.ErrorContext(ctx, "token", "error", fmt.Errorf("insert: %w", context.Canceled))
	if !strings.Contains(log.String(), "level=INFO") || !strings.Contains(log.String(), "aborted=true") {
		t.Errorf("%s", log)
	}
	log.Reset()
	logger.ErrorContext(ctx, "panic", "cause", "index out of range") // that it was aborted is no excuse
	logger.WarnContext(ctx, "grant revoked", "error", context.Canceled)
	if strings.Contains(log.String(), "level=INFO") {
		t.Errorf("%s", log)
	}
}
