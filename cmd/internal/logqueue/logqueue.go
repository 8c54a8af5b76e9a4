// Package logqueue keeps a log whose reader is slow or gone from holding up or
// ending a server: lines wait in a bounded queue, and what does not fit is
// dropped and counted (backpressure becomes loss, never a blocked request).
package logqueue

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// maxLines bounds the queue, and maxBytes what its lines hold together.
const (
	maxLines = 8192
	maxBytes = 4 << 20
)

// Queue is an [io.Writer] of whole lines that never blocks and never fails. Its
// methods may be called concurrently.
type Queue struct {
	out     io.Writer
	gap     func(out io.Writer, lines int64) // may be nil
	lines   chan []byte
	bytes   atomic.Int64
	dropped atomic.Int64
	stop    sync.Once
	stopped chan struct{} // closed when nothing more is taken
	done    chan struct{} // closed when everything was written
}

// Start makes a Queue and begins to write what it takes to out. When lines were
// dropped, gap is called before the next one that is written; it may write of
// them to out. Call [Queue.Close] at the end.
func Start(out io.Writer, gap func(out io.Writer, lines int64)) *Queue {
	q := &Queue{out: out, gap: gap, lines: make(chan []byte, maxLines), stopped: make(chan struct{}), done: make(chan struct{})}
	go q.run()
	return q
}

// Write implements [io.Writer].
func (q *Queue) Write(line []byte) (int, error) {
	n := len(line)
	if q.bytes.Add(int64(n)) > maxBytes {
		q.drop(n)
		return n, nil
	}
	select {
	case q.lines <- append([]byte(nil), line...): // its owner uses it again
	default:
		q.drop(n)
	}
	return n, nil
}

func (q *Queue) drop(n int) {
	q.bytes.Add(-int64(n))
	q.dropped.Add(1)
}

// Dropped is how many lines were lost: they did not fit, or could not be written.
func (q *Queue) Dropped() int64 { return q.dropped.Load() }

// Close writes what is queued, for as long as wait: a reader that hangs holds up
// no end.
func (q *Queue) Close(wait time.Duration) {
	q.stop.Do(func() { close(q.stopped) })
	patience := time.NewTimer(wait)
	defer patience.Stop()
	select {
	case <-q.done:
	case <-patience.C:
	}
}

func (q *Queue) run() {
	defer close(q.done)
	var told int64
	for {
		select {
		case line := <-q.lines:
			told = q.write(line, told)
		case <-q.stopped:
			for { // what is queued already
				select {
				case line := <-q.lines:
					told = q.write(line, told)
				default:
					return
				}
			}
		}
	}
}

// write writes a line, and before it of those that were dropped since told.
func (q *Queue) write(line []byte, told int64) int64 {
	if dropped := q.dropped.Load(); dropped > told && q.gap != nil {
		q.gap(q.out, dropped-told)
		told = dropped
	}
	q.bytes.Add(-int64(len(line)))
	if _, err := q.out.Write(line); err != nil {
		q.dropped.Add(1) // a full disk, or a reader that is gone: the next may go
	}
	return told
}
