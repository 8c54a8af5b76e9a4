package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"

	"github.com/latchkey-id/latchkey/cmd/internal/health"
)

// The probes, which are answered under any Host.
const (
	livePath  = "/healthz"
	readyPath = "/readyz"
)

// server is an HTTP server with the limits of the configuration; it speaks TLS
// where there is a certificate.
func (p *process) server(h http.Handler) *http.Server {
	s := p.plainServer(h)
	if p.certificate != nil {
		s.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: p.certificate.Get}
	}
	return s
}

func (p *process) plainServer(h http.Handler) *http.Server {
	t := p.boot.cfg.Timeouts
	return &http.Server{
		Handler: h, ReadHeaderTimeout: t.ReadHeader, ReadTimeout: t.Read, WriteTimeout: t.Write, IdleTimeout: t.Idle,
		MaxHeaderBytes: p.boot.cfg.Limits.HeaderKiB << 10, ErrorLog: slog.NewLogLogger(p.log().Handler(), slog.LevelDebug),
	}
}

// probeServer answers Prometheus.
func (p *process) probeServer() *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", p.metrics.Handler())
	return p.plainServer(mux)
}

// checks are what readiness names.
func (p *process) checks() []health.Check {
	short := "redis"
	if p.boot.cfg.Redis.URL.IsZero() {
		short = "ephemeral"
	}
	return []health.Check{
		{Name: "database", Ask: p.store.Ping},
		{Name: "migrations", Ask: p.checkMigrations},
		{Name: short, Ask: p.ephemeral.Ping},
		{Name: "signing_keys", Ask: p.checkKeys},
		{Name: "outbox", Ask: p.checkOutbox},
	}
}

// checkMigrations refuses to serve on tables of another version.
func (p *process) checkMigrations(ctx context.Context) error { return requireMigrated(ctx, p.store) }

func (p *process) checkKeys(context.Context) error { return p.ring.Ready() }
