package op

import (
	"context"
	"net/http"
	"slices"
	"strings"
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
				allowPreflight(h, r, origin, allowed)
			}
			h.Set("Allow", allowed)
			w.WriteHeader(http.StatusNoContent)
		case origin == "":
			next.ServeHTTP(w, r)
		default:
			next.ServeHTTP(&corsWriter{ResponseWriter: w, provider: p, ctx: r.Context(), origin: origin}, r)
		}
	})
}

// publicCORS answers the preflight of a document that is the same for everybody,
// and so may be read by any page.
func publicCORS(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if r.Header.Get("Origin") != "" {
		allowPreflight(h, r, "*", http.MethodGet)
	}
	h.Set("Allow", "GET, HEAD, OPTIONS")
	w.WriteHeader(http.StatusNoContent)
}

// allowPreflight answers a preflight (Fetch standard, CORS protocol) with the
// request's own headers, as far as they are harmless: tracing and frameworks add
// theirs to every call of a page.
func allowPreflight(h http.Header, r *http.Request, origin, methods string) {
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Max-Age", corsMaxAge)
	h.Add("Vary", "Access-Control-Request-Headers")
	allowed := []string{"Authorization", "Content-Type"}
	for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
		name = http.CanonicalHeaderKey(strings.TrimSpace(name))
		if isHarmlessHeader(name) && !slices.Contains(allowed, name) && len(allowed) < maxCORSHeaders {
			allowed = append(allowed, name)
		}
	}
	h.Set("Access-Control-Allow-Headers", strings.Join(allowed, ", "))
}

const (
	maxCORSHeaders      = 32
	maxCORSHeaderLength = 64
)

// isHarmlessHeader reports whether a page may send the header: anything but what
// speaks for a proxy between it and us.
func isHarmlessHeader(name string) bool {
	if name == "" || len(name) > maxCORSHeaderLength {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !isUnreserved(c) || c == '~' {
			return false
		}
	}
	return name != "Forwarded" && name != "X-Real-Ip" && name != "X-Request-Id" && !strings.HasPrefix(name, "X-Forwarded")
}

// corsWriter adds the header as late as it can: by then the handler has found out
// which client asked.
type corsWriter struct {
	http.ResponseWriter
	provider *Provider
	ctx      context.Context
	origin   string
	clientID string
	decided  bool
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
		w.Header().Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After, DPoP-Nonce")
	}
	w.decided = true
}

func (w *corsWriter) allows() bool {
	// An error leaves it unknown who asked.
	if c, err := w.provider.cfg.Clients.Client(w.ctx, w.clientID); err == nil {
		return slices.Contains(c.Origins, w.origin)
	}
	return w.provider.hasOrigin(w.ctx, w.origin)
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
func answersTo(w http.ResponseWriter, clientID string) {
	if cw, ok := w.(*corsWriter); ok {
		cw.clientID = clientID
	}
}
