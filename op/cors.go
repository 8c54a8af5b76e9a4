package op

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
)

// corsMaxAge is how long a browser may remember what a preflight said, in seconds.
const corsMaxAge = "3600"

// cors lets pages of registered web origins call an endpoint (security.md L7):
// an answer can be read by the origins of the client that asked, and where that
// is unknown, as in an error, by those of any client. Credentials are never
// allowed: no endpoint behind this reads a cookie.
func (p *Provider) cors(next http.Handler, methods ...string) http.Handler {
	allowed := strings.Join(methods, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		switch {
		case r.Method == http.MethodOptions:
			if origin != "" && p.hasOrigin(r.Context(), origin) {
				h.Set("Access-Control-Allow-Origin", origin)
				h.Set("Access-Control-Allow-Methods", allowed)
				h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
				h.Set("Access-Control-Max-Age", corsMaxAge)
			}
			h.Set("Allow", allowed)
			w.WriteHeader(http.StatusNoContent)
		case origin == "":
			next.ServeHTTP(w, r)
		default:
			next.ServeHTTP(&corsWriter{ResponseWriter: w, provider: p, request: r, origin: origin}, r)
		}
	})
}

// corsWriter adds the header as late as it can: by then the handler has parsed
// the form, which names the client.
type corsWriter struct {
	http.ResponseWriter
	provider *Provider
	request  *http.Request
	origin   string
	// client is who asked, where the handler found out by other means than the form.
	client  *client.Client
	decided bool
}

// WriteHeader implements http.ResponseWriter.
func (w *corsWriter) WriteHeader(status int) {
	w.decide()
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *corsWriter) Write(b []byte) (int, error) {
	w.decide()
	return w.ResponseWriter.Write(b)
}

func (w *corsWriter) decide() {
	if !w.decided && w.allows() {
		w.Header().Set("Access-Control-Allow-Origin", w.origin)
		w.Header().Set("Access-Control-Expose-Headers", "WWW-Authenticate")
	}
	w.decided = true
}

func (w *corsWriter) allows() bool {
	c := w.client
	if c == nil {
		// An error leaves it nil: who asked is unknown.
		c, _ = w.provider.cfg.Clients.Client(w.request.Context(), w.request.PostForm.Get("client_id"))
	}
	if c != nil {
		return slices.Contains(c.Origins, w.origin)
	}
	return w.provider.hasOrigin(w.request.Context(), w.origin)
}

// hasOrigin reports whether any client is registered for the origin. Where that
// cannot be told the answer is no: the browser may ask again.
func (p *Provider) hasOrigin(ctx context.Context, origin string) bool {
	has, err := p.cfg.Clients.HasOrigin(ctx, origin)
	if err != nil {
		p.cfg.Log.ErrorContext(ctx, "cannot tell whether an origin is registered", "reason", err.Error())
	}
	return err == nil && has
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (w *corsWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// answersTo tells a corsWriter which client asked.
func answersTo(w http.ResponseWriter, c *client.Client) {
	if cw, ok := w.(*corsWriter); ok {
		cw.client = c
	}
}
