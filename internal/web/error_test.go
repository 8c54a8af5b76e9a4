package web_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// TestKY5_WhatIsNoVerdictIsA503: whichever page meets it, and whether it thought of that
// or not, an error that says nothing of what was asked is a 503 that says when to try
// again, and no fault of ours.
func TestKY5_WhatIsNoVerdictIsA503(t *testing.T) {
	for cause, want := range map[error]int{
		keys.ErrUnknownKey: http.StatusServiceUnavailable, storage.ErrUnknownKey: http.StatusServiceUnavailable,
		storage.ErrUnavailable: http.StatusServiceUnavailable, context.DeadlineExceeded: http.StatusServiceUnavailable,
		keys.ErrRevokedKey: http.StatusInternalServerError, keys.ErrSealBroken: http.StatusInternalServerError,
		errors.New("a bug"): http.StatusInternalServerError,
	} {
		errs := &web.Errors{
			Log:    slog.New(slog.DiscardHandler),
			Render: func(w http.ResponseWriter, _ *http.Request, page web.ErrorPage) { w.WriteHeader(page.Status) },
		}
		w := httptest.NewRecorder()
		errs.Handle(func(http.ResponseWriter, *http.Request) error { return fmt.Errorf("open something: %w", cause) }).
			ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		if w.Code != want || (w.Header().Get("Retry-After") != "") != (want == http.StatusServiceUnavailable) {
			t.Errorf("%v: %d, Retry-After %q", cause, w.Code, w.Header().Get("Retry-After"))
		}
	}
}
