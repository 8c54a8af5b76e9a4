package logqueue

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// pipe is a reader that stalls until it is released.
type pipe struct {
	mu      sync.Mutex
	got     bytes.Buffer
	stalled chan struct{} // closed when it is read again
	writing chan struct{} // closed at the first write
	once    sync.Once
	fail    error
}

func newPipe() *pipe { return &pipe{stalled: make(chan struct{}), writing: make(chan struct{})} }

func (p *pipe) Write(b []byte) (int, error) {
	p.once.Do(func() { close(p.writing) })
	<-p.stalled
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return 0, p.fail
	}
	return p.got.Write(b)
}

func (p *pipe) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got.String()
}

func TestAStalledReaderHoldsNobodyUp(t *testing.T) {
	p := newPipe()
	q := Start(p, func(out io.Writer, lines int64) { fmt.Fprintf(out, "%d dropped\n", lines) })
	fmt.Fprintln(q, "first")
	<-p.writing
	for i := range 2 * maxLines { // none of these may block
		fmt.Fprintf(q, "line %d\n", i)
	}
	dropped := q.Dropped()
	if dropped != maxLines {
		t.Errorf("%d lines dropped, want %d", dropped, maxLines)
	}
	close(p.stalled)
	q.Close(time.Minute)
	text := p.text()
	if !strings.HasPrefix(text, fmt.Sprintf("first\n%d dropped\nline 0\nline 1\n", dropped)) {
		t.Errorf("written %.80q", text)
	}
	if n := strings.Count(text, "\n"); n != maxLines+2 {
		t.Errorf("%d lines written, want %d", n, maxLines+2)
	}
}

func TestHugeLinesAreBounded(t *testing.T) {
	p := newPipe()
	q := Start(p, nil)
	big := bytes.Repeat([]byte("x"), maxBytes/4)
	for range 20 {
		_, _ = q.Write(big)
	}
	if q.Dropped() < 14 {
		t.Errorf("%d dropped: the queue holds more than %d bytes", q.Dropped(), maxBytes)
	}
	close(p.stalled)
	q.Close(time.Minute)
}

func TestAReaderThatIsGoneLosesLinesAndNothingElse(t *testing.T) {
	p := newPipe()
	p.fail = errors.New("broken pipe")
	close(p.stalled)
	q := Start(p, nil)
	for range 3 {
		if _, err := fmt.Fprintln(q, "line"); err != nil {
			t.Error(err)
		}
	}
	q.Close(time.Minute)
	if q.Dropped() != 3 {
		t.Errorf("%d dropped", q.Dropped())
	}
}

func TestCloseGivesUpOnAStalledReader(t *testing.T) {
	p := newPipe()
	q := Start(p, nil)
	fmt.Fprintln(q, "line")
	<-p.writing
	q.Close(time.Millisecond)
	close(p.stalled)
}
