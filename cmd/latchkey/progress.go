package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progressEvery is how often a progress line is written anew.
const progressEvery = 200 * time.Millisecond

// progress tells whoever waits at a terminal how far something is. Elsewhere it
// writes nothing.
type progress struct {
	out   io.Writer // nil where nobody looks
	what  string
	n     int
	total int // zero: not known
	shown time.Time
}

// newProgress begins one; what stands after the number.
func newProgress(w io.Writer, what string) *progress {
	if !isTerminal(w) {
		w = nil
	}
	return &progress{out: w, what: what}
}

// of says how many there will be, which makes a bar of it.
func (p *progress) of(total int) *progress {
	p.total = total
	return p
}

// barWidth is how many characters a full bar has.
const barWidth = 24

// line is what stands on the terminal.
func (p *progress) line() string {
	if p.total <= 0 {
		return grouped(p.n) + " " + p.what
	}
	full := min(p.n, p.total) * barWidth / p.total
	return fmt.Sprintf("[%s%s] %s of %s %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), grouped(p.n), grouped(p.total), p.what)
}

// add counts n more.
func (p *progress) add(n int) {
	p.n += n
	if p.out == nil || time.Since(p.shown) < progressEvery {
		return
	}
	p.shown = time.Now()
	fmt.Fprint(p.out, "\r", p.line())
}

// at says how far it is.
func (p *progress) at(n int) { p.add(n - p.n) }

// reset begins again.
func (p *progress) reset() { p.n = 0 }

// end takes the line away: the report that follows says the same.
func (p *progress) end() {
	if p.out != nil && !p.shown.IsZero() {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// counted is a number with what it is a number of.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// grouped writes a number with commas between its thousands.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
