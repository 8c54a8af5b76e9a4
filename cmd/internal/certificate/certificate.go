// Package certificate keeps a TLS certificate as its files are now: whoever
// renews it replaces them, and nobody restarts the server.
package certificate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files are the PEM files of a certificate with its chain, and of its key.
// Its methods may be called concurrently.
type Files struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	// seen are the states of both files when they were last read, so that a
	// pair that does not fit is complained about once.
	seen [2]fileState
}

// fileState tells one content of a file from another.
type fileState struct {
	modified time.Time
	size     int64
}

// Open reads the files.
func Open(certFile, keyFile string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: certFile, key: keyFile, log: log}
	seen, err := f.state()
	if err != nil {
		return nil, err
	}
	loaded, err := f.read()
	if err != nil {
		return nil, err
	}
	f.loaded, f.seen = loaded, seen
	return f, nil
}

// Get is for [tls.Config.GetCertificate]: it reads the files again when they
// have changed. While they do not fit together, as between the two writes of
// whoever renews them, the certificate of before is kept.
func (f *Files) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refresh()
	return f.loaded, nil
}

// NotAfter is when the certificate in use expires.
func (f *Files) NotAfter() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refresh()
	return f.loaded.Leaf.NotAfter
}

func (f *Files) refresh() {
	now, err := f.state()
	if err != nil || now == f.seen {
		return // a file that is being replaced may be away for a moment
	}
	f.seen = now
	next, err := f.read()
	if err != nil {
		f.log.Error("the certificate files changed and cannot be used; the previous certificate stays in use", "error", err)
		return
	}
	f.loaded = next
	f.log.Info("certificate renewed", "not_after", next.Leaf.NotAfter)
}

func (f *Files) state() (seen [2]fileState, err error) {
	for i, name := range []string{f.cert, f.key} {
		info, err := os.Stat(name) // follows links: mounted secrets are swapped by one
		if err != nil {
			return seen, fmt.Errorf("tls: %w", err)
		}
		seen[i] = fileState{info.ModTime(), info.Size()}
	}
	return seen, nil
}

func (f *Files) read() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return &pair, nil
}
