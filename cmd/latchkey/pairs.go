package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// pairs are names with what they stand for, a line for each: how one thing is shown to
// people. At a terminal what is longer than a line goes on below.
type pairs struct {
	out io.Writer
	all [][2]string
}

func (p *pairs) add(name, format string, args ...any) {
	p.all = append(p.all, [2]string{name, plain(fmt.Sprintf(format, args...))})
}

func (p *pairs) end() error {
	var text strings.Builder
	writePairs(&text, p.all, terminalWidth(p.out))
	_, err := io.WriteString(p.out, text.String())
	return err
}

// leastValue is how much of a line a value has at least.
const leastValue = 16

func writePairs(text *strings.Builder, all [][2]string, width int) {
	names := 0
	for _, pair := range all {
		names = max(names, cells(pair[0]))
	}
	for _, pair := range all {
		hang(text, pair[0]+strings.Repeat(" ", names-cells(pair[0])+columnGap), pair[1], width)
	}
}

// hang writes a text after what it begins with, and what is longer than a line below it.
func hang(text *strings.Builder, first, rest string, width int) {
	indent := cells(first)
	lines := []string{rest}
	if width > 0 {
		lines = wrapped(rest, max(leastValue, width-indent))
	}
	for _, line := range lines {
		text.WriteString(first + line + "\n")
		first = strings.Repeat(" ", indent)
	}
}

// tell writes a line of prose. At a terminal what is longer than a line goes on below.
func tell(out io.Writer, first, format string, args ...any) error {
	var text strings.Builder
	hang(&text, first, plain(fmt.Sprintf(format, args...)), terminalWidth(out))
	_, err := io.WriteString(out, text.String())
	return err
}

// wrapped are the lines of a text, broken between words where that is possible.
func wrapped(text string, width int) (lines []string) {
	for cells(text) > width {
		line := cut(text, width, "")
		if at := strings.LastIndexByte(line, ' '); at > 0 && text[len(line)] != ' ' {
			line = line[:at]
		}
		lines = append(lines, strings.TrimRight(line, " "))
		text = strings.TrimLeft(text[len(line):], " ")
	}
	return append(lines, text)
}

// plain is text without what a terminal would obey (terminal escape injection): names,
// user agents and errors come from strangers. Neither control characters nor those that
// turn the direction of a line are in it.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
}

// terminalWidth is how many cells a line of a terminal has; 0 of what is none.
func terminalWidth(out io.Writer) int {
	if !isTerminal(out) {
		return 0
	}
	width, _, err := term.GetSize(int(out.(*os.File).Fd()))
	if err != nil {
		return 0
	}
	return width
}
