// Package health answers whether a server lives and whether it can do its work.
package health

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// checkTimeout bounds all checks of one probe together.
const checkTimeout = 3 * time.Second

// Check is one thing that a server needs. Its error is shown to whoever may
// reach the probe, so it names no secret.
type Check struct {
	Name string
	Ask  func(context.Context) error
}

// Live answers 200 while the process serves, whatever else is broken: a restart
// would mend nothing.
func Live(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]string{"status": "ok"})
}

// Degraded makes an error of a check that names a fault which does not keep the
// server from its work: to take it out of rotation would mend nothing.
func Degraded(err error) error { return &degraded{err} }

type degraded struct{ error }

// Unwrap returns the fault.
func (d *degraded) Unwrap() error { return d.error }

// result is the answer of one check.
type result struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

// Ready answers 200 when every check passes, else 503; it names each. A check
// that is only [Degraded] is named and leaves it at 200.
func Ready(checks []Check) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
		defer cancel()
		status, code := "ok", http.StatusOK
		results := make(map[string]result, len(checks))
		for _, c := range checks {
			if err := c.Ask(ctx); err != nil {
				results[c.Name] = result{Error: err.Error()}
				var only *degraded
				if !errors.As(err, &only) {
					status, code = "unavailable", http.StatusServiceUnavailable
				} else if code == http.StatusOK {
					status = "degraded"
				}
				continue
			}
			results[c.Name] = result{OK: true}
		}
		write(w, code, map[string]any{"status": status, "checks": results})
	}
}

func write(w http.ResponseWriter, code int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(answer) // whoever asked went away
}
