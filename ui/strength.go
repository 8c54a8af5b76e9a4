package ui

import (
	"encoding/json"
	"net/http"

	"github.com/latchkey-id/latchkey/internal/web"
)

// strengthPath is where a page asks how strong a password is that is being
// typed. It takes a form of ours, so that no other site has anything estimated.
const strengthPath = "/password/strength"

// strength answers with a number from 0 to 4. It keeps nothing and logs nothing:
// the password may become somebody's.
func (u *Renderer) strength(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	switch ours, err := u.VerifyForm(r); {
	case err != nil:
		web.SetRetryAfter(w, web.Unavailable(err).RetryAfter)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case !ours:
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	// The browser went away, or a number cannot be written: neither matters here.
	_ = json.NewEncoder(w).Encode(map[string]int{"strength": u.cfg.Strength(r.PostForm.Get("password"))})
}
