//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal: what people sit at.
type terminal struct {
	// keyboard is their side, and screen what they see: what is typed too, as terminals echo.
	keyboard, process *os.File
	screen            chan string
	seen              *lockedBuffer
}

// waitFor waits until a text is on the screen.
func (term *terminal) waitFor(t *testing.T, text string) {
	t.Helper()
	look, late := time.NewTicker(10*time.Millisecond), time.After(testenv.Patience)
	defer look.Stop()
	for !strings.Contains(term.seen.String(), text) {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("%q never came:\n%s", text, term.seen.String())
		}
	}
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	if err := unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	process, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{keyboard: keyboard, process: process, screen: make(chan string, 1), seen: &lockedBuffer{}}
	go func() {
		_, err := io.Copy(term.seen, keyboard) // ends with EIO when the process' side is closed
		if err != nil && !errors.Is(err, syscall.EIO) {
			fmt.Fprint(term.seen, err)
		}
		term.screen <- term.seen.String()
	}()
	return term
}

// onScreen runs a command whose standard output is a terminal too, so many columns wide.
func onScreen(t *testing.T, columns int, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	term := newTerminal(t)
	if err := unix.IoctlSetWinsize(int(term.process.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(""), term.process, &errs)
	if err := term.process.Close(); err != nil {
		t.Fatal(err)
	}
	return status, strings.ReplaceAll(<-term.screen, "\r\n", "\n"), errs.String()
}

// atTerminal runs a command at a terminal at which keys are typed: what it writes on standard
// output goes elsewhere. "\x04" is Ctrl-D, the end of the input.
func atTerminal(t *testing.T, keys string, args ...string) (status int, stdout, screen string) {
	t.Helper()
	term := newTerminal(t)
	if _, err := term.keyboard.WriteString(keys); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	status = run(t.Context(), args, term.process, &out, term.process)
	if err := term.process.Close(); err != nil {
		t.Fatal(err)
	}
	return status, out.String(), strings.ReplaceAll(<-term.screen, "\r\n", "\n")
}
