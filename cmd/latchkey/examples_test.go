package main

import (
	"strings"
	"testing"
)

// TestEveryCommandShowsExamples that the command itself takes: each line of them, by its
// flags and arguments, and as its help prints it. No example is of a command that is not
// there, or speaks for one that says its own.
func TestEveryCommandShowsExamples(t *testing.T) {
	all := leaves(rootCommand())
	for path, cmd := range all {
		lines := strings.Split(strings.Trim(cmd.Example, "\n"), "\n")
		if !strings.Contains(cmd.Example+" ", "latchkey "+path) {
			t.Errorf("%s has no example of its own", path)
		}
		for _, line := range lines {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " < ")
			if why := (documented{text: line, whole: true}).wrong(); why != "" {
				t.Errorf("%s: the example %q: %s", path, line, why)
			}
		}
		if status, help, _ := latchkeyRun(t, append(strings.Fields(path), "--help")...); status != 0 || !strings.Contains(help, strings.TrimSpace(lines[0])) {
			t.Errorf("%s --help = %d, without its examples\n%s", path, status, help)
		}
	}
	for path, lines := range examples {
		cmd := all[path]
		if cmd == nil || !strings.HasPrefix(strings.TrimSpace(cmd.Example), "latchkey "+strings.Split(lines, "\n")[0]) {
			t.Errorf("the examples of %q are nobody's", path)
		}
	}
}
