package testenv

import (
	"bytes"
	"sync"
)

// Log is a log that is read while others still write to it.
type Log struct {
	held sync.Mutex
	mu   sync.Mutex
	b    bytes.Buffer
}

// Hold keeps everybody who writes waiting until release is called.
func (l *Log) Hold() (release func()) {
	l.held.Lock()
	return l.held.Unlock
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.held.Lock()
	defer l.held.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all that was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
