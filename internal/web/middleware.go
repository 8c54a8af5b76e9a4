package web

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Config is how requests reach this service.
type Config struct {
	// Path is the issuer's, such as /auth; empty where it has none. Nothing behind it
	// knows of it: handlers, their redirects and pages speak of paths below it. AtRoot
	// lists paths that are answered without it as well.
	Path   string
	AtRoot []string
	// TrustedProxies are the networks whose X-Forwarded-* headers are believed.
	TrustedProxies []netip.Prefix
	// Hosts are the Host headers that are answered, with their ports. They are
	// compared as hosts are (RFC 9110 section 4.2.3): whatever the case, a trailing
	// dot, and the scheme's own port.
	Hosts []string
	// AnyHost lists paths that are answered under any Host, for probes.
	AnyHost []string
	// HSTS says that the issuer is https, now and for a year.
	HSTS bool
	// MaxBody bounds a request's body, in bytes.
	MaxBody int64
	// Larger are the bounds of bodies, in bytes, of addresses that begin so, instead.
	Larger map[string]int64
	// Deadline is when the context of a request ends, counted from its beginning:
	// whatever it waits for then is given up (requirement DL1). Zero is never.
	Deadline time.Duration
	Errors   *Errors
	Log      *slog.Logger
}

// Wrap gives every request its id and client address, refuses hosts that are not
// ours, bounds the body and the time, survives a panic, and sets the headers that
// every answer bears.
func Wrap(cfg Config, next http.Handler) http.Handler {
	if cfg.Path == "" {
		return wrap(cfg, next)
	}
	wrapped := wrap(cfg, &below{path: cfg.Path, atRoot: slices.Concat(cfg.AtRoot, cfg.AnyHost), next: next, errors: cfg.Errors})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		placed := &placedWriter{ResponseWriter: w, path: cfg.Path}
		wrapped.ServeHTTP(placed, r)
		placed.finish()
	})
}

func wrap(cfg Config, next http.Handler) http.Handler {
	hosts := make(map[string]bool, len(cfg.Hosts))
	for _, host := range cfg.Hosts {
		hosts[canonicalHost(host, cfg.HSTS)] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer := peerAddress(r)
		trusted := isTrusted(cfg.TrustedProxies, peer)
		info := &requestInfo{id: requestID(r, trusted), address: peer, trusted: trusted}
		if trusted {
			info.address = forwardedFor(r, cfg.TrustedProxies, peer)
		}
		ctx := withInfo(r.Context(), info)
		if cfg.Deadline > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, cfg.Deadline)
			defer cancel()
		}
		r = r.WithContext(ctx)
		setHeaders(w.Header(), cfg.HSTS, info.id)
		if cfg.MaxBody > 0 && r.Body != nil && r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, cfg.maxBody(r.URL.Path))
		}
		defer cfg.recovered(w, r)
		if !hosts[canonicalHost(r.Host, cfg.HSTS)] && !slices.Contains(cfg.AnyHost, r.URL.Path) {
			cfg.Errors.Show(w, r, misdirected(r.Host))
			return
		}
		if !cfg.Log.Enabled(r.Context(), slog.LevelDebug) {
			next.ServeHTTP(w, r)
			return
		}
		start, status := time.Now(), &StatusWriter{ResponseWriter: w}
		next.ServeHTTP(status, r)
		// The query is left out: it may hold codes and hints.
		cfg.Log.DebugContext(r.Context(), "request", "method", r.Method, "path", r.URL.Path,
			"status", status.Status(), "duration", time.Since(start), "address", info.address)
	})
}

// maxBody bounds the body of a request to an address.
func (cfg *Config) maxBody(path string) int64 {
	for prefix, most := range cfg.Larger {
		if strings.HasPrefix(path, prefix) {
			return most
		}
	}
	return cfg.MaxBody
}

// canonicalHost spells a Host header, and the port that it may hold, one way:
// lower case, without the root's dot, and without the port that its scheme has
// anyway.
func canonicalHost(host string, https bool) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), ""
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if https && port == "443" || !https && port == "80" {
		port = ""
	}
	return net.JoinHostPort(name, port)
}

// misdirected refuses a Host that is not ours: nothing is ever made from one.
func misdirected(host string) error {
	return &Error{
		Status: http.StatusMisdirectedRequest, Key: "misdirected",
		Title:  "Nothing is served at this address",
		Detail: "Open the service at the address that your administrator gave you.",
		Cause:  fmt.Errorf("host %q is neither the issuer's nor in allowed_hosts", host),
	}
}

// setHeaders sets what holds for every answer; a page adds its own policy.
// The default policy suits answers that are no pages: nothing may run or frame.
func setHeaders(h http.Header, hsts bool, id string) {
	h["X-Request-Id"] = []string{id}
	h["X-Content-Type-Options"] = noSniff
	h["Content-Security-Policy"] = nothingRuns
	h["Referrer-Policy"] = noReferrer
	h["Cross-Origin-Opener-Policy"] = sameOrigin
	if hsts {
		h["Strict-Transport-Security"] = oneYear
	}
}

// Shared, so that no answer allocates them; their keys are canonical already.
var (
	noSniff     = []string{"nosniff"}
	nothingRuns = []string{"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}
	noReferrer  = []string{"no-referrer"}
	sameOrigin  = []string{"same-origin"}
	oneYear     = []string{"max-age=31536000; includeSubDomains"}
)

// recovered turns a panic into an error page and a log line with its stack.
func (cfg *Config) recovered(w http.ResponseWriter, r *http.Request) {
	switch cause := recover(); cause {
	case nil:
	case http.ErrAbortHandler:
		panic(cause)
	default:
		cfg.Log.ErrorContext(r.Context(), "panic", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		cfg.Errors.Show(w, r, fmt.Errorf("panic: %v", cause))
	}
}
