//go:build linux

package main

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestAnImportSaysHowFarItIs: at a terminal one line is written over and over, first
// how many were read and then a bar, and is gone in the end; a log or a pipe has the
// report alone.
func TestAnImportSaysHowFarItIs(t *testing.T) {
	installation := func() string {
		file := serveConfig(t, "sqlite://"+t.TempDir()+"/latchkey.db")
		if status, _, errs := latchkeyRun(t, "migrate", "up", "--config", file); status != 0 {
			t.Fatal(errs)
		}
		return file
	}
	args := []string{"user", "import", "--format", "django", "--apply", "../internal/userimport/testdata/django.json", "--config"}
	status, out, screen := atTerminal(t, "", append(args, installation())...)
	if status != 0 || !strings.Contains(out, "imported 6 people\n") || strings.ContainsAny(out, "\r\x1b") {
		t.Errorf("the import ends with %d and says\n%q", status, out)
	}
	shows := regexp.MustCompile(`^\r\d people read(\r\d people read)*\r\x1b\[K\r\[#*\.*\] \d of 6 people imported(\r\[#*\.*\] \d of 6 people imported)*\r\x1b\[K$`)
	if !shows.MatchString(screen) {
		t.Errorf("the terminal shows %q", screen)
	}
	status, out, errs := latchkeyRun(t, append(args, installation())...)
	if status != 0 || !strings.Contains(out, "imported 6 people\n") || strings.ContainsAny(out+errs, "\r\x1b") {
		t.Errorf("without a terminal: %d, %q, %q", status, out, errs)
	}
}

// TestAVerificationSaysHowFarItIs: at a terminal a bar that is gone before the report, and
// nothing of it elsewhere.
func TestAVerificationSaysHowFarItIs(t *testing.T) {
	i := newInstallation(t, "")
	i.person(t, "ada@example.com", time.Time{})
	if status, _, errs := i.run(t, "audit", "export"); status != 0 { // which links what waits
		t.Fatal(errs)
	}
	status, out, screen := atTerminal(t, "", "audit", "verify", "--config", i.file)
	if status != 0 || !strings.Contains(out, "0 waiting to be linked\n") || strings.ContainsAny(out, "\r\x1b") {
		t.Errorf("it ends with %d and says\n%q", status, out)
	}
	if shows := regexp.MustCompile(`^\r\[#{24}\] (\d+) of (\d+) events verified\r\x1b\[K$`).FindStringSubmatch(screen); shows == nil || shows[1] != shows[2] {
		t.Errorf("the terminal shows %q", screen)
	}
	if status, out, errs := i.run(t, "audit", "verify"); status != 0 || errs != "" || strings.ContainsAny(out, "\r\x1b") {
		t.Errorf("without a terminal: %d, %q, %q", status, out, errs)
	}
}

// TestProgressIsReadable: a bar of one width with its numbers grouped.
func TestProgressIsReadable(t *testing.T) {
	for want, p := range map[string]*progress{
		"1,234,567 people read":                                       {what: "people read", n: 1234567},
		"[........................] 0 of 20,000 people imported":      {what: "people imported", total: 20000},
		"[############............] 10,000 of 20,000 people imported": {what: "people imported", n: 10000, total: 20000},
		"[########################] 20,000 of 20,000 people imported": {what: "people imported", n: 20000, total: 20000},
	} {
		if got := p.line(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
