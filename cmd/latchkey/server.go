package main

import (
	"crypto/tls"
	"log"
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
	s.ErrorLog = log.New(&handshakes{log: p.log(), now: p.now, count: p.metrics.HandshakeFailed}, "", 0)
	if p.certificate != nil {
		s.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: p.certificate.Get}
		asking := s.TLSConfig.Clone()
		asking.ClientAuth, asking.NextProtos = tls.RequestClientCert, []string{"h2", "http/1.1"}
		s.TLSConfig.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if g := p.current.Load(); g != nil && g.cfg.MutualTLS.Asks(hello.ServerName) {
				return asking, nil
			}
			return nil, nil
		}
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

// probeServer answers Prometheus, and probes with the reasons that the public
// listener does not tell.
func (p *process) probeServer() *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", p.metrics.Handler())
	mux.HandleFunc("GET "+livePath, health.Live)
	mux.HandleFunc("GET "+readyPath, p.health.Details)
	return p.plainServer(mux)
}
