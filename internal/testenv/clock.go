package testenv

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ClockVariable is by how much the clock of a [SkewedBinary] is off, such as -5m; without
// it the clock is right.
const ClockVariable = "TEST_CLOCK_OFFSET"

// ClockFileVariable names a file with such an offset, which may change while the program
// runs: see [MovedClock].
const ClockFileVariable = "TEST_CLOCK_FILE"

// MovedClock is the clock of one node that runs [SkewedBinary]: a test moves it on while
// the node serves.
type MovedClock struct {
	t      testing.TB
	file   string
	offset time.Duration
}

// NewMovedClock makes one that is right so far.
func NewMovedClock(t testing.TB) *MovedClock {
	c := &MovedClock{t: t, file: filepath.Join(t.TempDir(), "clock")}
	c.Advance(0)
	return c
}

// Env is the variable that a node needs.
func (c *MovedClock) Env() string { return ClockFileVariable + "=" + c.file }

// Advance moves the clock of the node on, whole or not at all.
func (c *MovedClock) Advance(d time.Duration) {
	c.t.Helper()
	c.offset += d
	write(c.t, c.file+".new", c.offset.String())
	if err := os.Rename(c.file+".new", c.file); err != nil {
		c.t.Fatal(err)
	}
}

// Now is the time of the node.
func (c *MovedClock) Now() time.Time { return time.Now().Add(c.offset) }

// clockFile is laid over the sources of cmd/latchkey.
const clockFile = `package main

import (
	"os"
	"time"
)

func skewedNow() time.Time {
	text := os.Getenv("` + ClockVariable + `")
	if file := os.Getenv("` + ClockFileVariable + `"); file != "" {
		read, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		text = string(read)
	}
	if text == "" {
		return time.Now()
	}
	offset, err := time.ParseDuration(text)
	if err != nil {
		panic(err)
	}
	return time.Now().Add(offset)
}
`

// SkewedBinary is [Binary] with a clock that [ClockVariable] sets: the sources are
// the same but for the one place where the program reads the time. A preloaded
// library cannot do that, for Go asks the kernel itself.
func SkewedBinary(t testing.TB) string {
	t.Helper()
	folder, dir := filepath.Join(moduleRoot(t), "cmd", "latchkey"), t.TempDir()
	overlay := map[string]string{filepath.Join(folder, "skewednow.go"): filepath.Join(dir, "skewednow.go")}
	write(t, filepath.Join(dir, "skewednow.go"), clockFile)
	for _, name := range []string{"serve.go", "dev.go"} {
		source, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		const from = "now: time.Now,"
		if strings.Count(string(source), from) != 1 {
			t.Fatalf("%s no longer reads the time in one place, as %q", name, from)
		}
		changed := filepath.Join(dir, name)
		write(t, changed, strings.Replace(string(source), from, "now: skewedNow,", 1)+"\nvar _ = time.Now\n")
		overlay[filepath.Join(folder, name)] = changed
	}
	text, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	write(t, file, string(text))
	name, flags := "latchkey-skewed", []string{"-ldflags=-s -w", "-overlay", file}
	if raceDetector {
		name, flags = name+"-race", append(flags, "-race")
	}
	return goBuild(t, openFolder(t), name, "./cmd/latchkey", flags...)
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
