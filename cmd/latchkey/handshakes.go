package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// The reasons for which a TLS handshake fails, as the metric names them.
const (
	handshakeTimeout = "timeout" // the other side did not go on in time
	handshakeHangUp  = "hang_up" // the other side closed the connection
	handshakeRefused = "refused" // no version, cipher or certificate that both take, or no TLS
)

var handshakeReasons = []string{handshakeTimeout, handshakeHangUp, handshakeRefused}

// handshakePrefix begins what net/http logs of a handshake that failed; nothing but
// that line tells of it.
const handshakePrefix = "http: TLS handshake error from "

// handshakeLine is how often a failed handshake is a line of the log (rate limit):
// whoever scans the network makes thousands of them.
const handshakeLine = time.Minute

// handshakes is where net/http logs to: TLS handshakes that fail are counted, and one
// in a while is a line at info; everything else goes to debug.
type handshakes struct {
	log   *slog.Logger
	now   func() time.Time
	count func(reason string)

	mu     sync.Mutex
	told   time.Time
	untold int // handshakes since
}

// Write implements io.Writer for one line.
func (h *handshakes) Write(line []byte) (int, error) {
	text := string(bytes.TrimSpace(line))
	from, failed := strings.CutPrefix(text, handshakePrefix)
	if !failed {
		h.log.Debug(text)
		return len(line), nil
	}
	reason := handshakeReason(from)
	h.count(reason)
	address, why, _ := strings.Cut(from, ": ")
	h.mu.Lock()
	now := h.now()
	tell := h.told.IsZero() || now.Sub(h.told) >= handshakeLine
	untold := h.untold
	if tell {
		h.told, h.untold = now, 0
	} else {
		h.untold++
	}
	h.mu.Unlock()
	if tell {
		h.log.LogAttrs(context.Background(), slog.LevelInfo, "TLS handshake failed", slog.String("reason", reason),
			slog.String("address", address), slog.String("error", why), slog.Int("others_before", untold))
	}
	return len(line), nil
}

func handshakeReason(text string) string {
	switch {
	case strings.Contains(text, "timeout"):
		return handshakeTimeout
	case strings.HasSuffix(text, "EOF"), strings.Contains(text, "connection reset"), strings.Contains(text, "broken pipe"):
		return handshakeHangUp
	}
	return handshakeRefused
}
