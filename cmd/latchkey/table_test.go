//go:build linux

package main

import (
	"strings"
	"testing"
	"unicode"
)

// shows are the commands that show something to people in columns, each on an installation
// that has it; every command named list or show is here.
func (f *filled) shows() [][]string {
	return [][]string{
		{"audit", "list"}, {"client", "list"}, {"client", "registration-token", "list"}, {"client", "show", "wiki"}, {"client", "test", "wiki"},
		{"config", "status"}, {"events", "list"}, {"grant", "list", "--all"}, {"group", "list"}, {"group", "show", "人事部"}, {"invite", "list", "--all"},
		{"keys", "list"}, {"outbox", "list"}, {"session", "list"}, {"trace", "r1"}, {"user", "list"}, {"user", "sessions", "ada"}, {"user", "show", "ada"},
	}
}

// obeyed reports whether a terminal would do something else with a text than show it.
func obeyed(text string) bool {
	return strings.ContainsFunc(strings.ReplaceAll(text, "\n", ""), func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) })
}

// TestListsFitTheirTerminal: every list and every page of one thing has no line that is
// longer than the terminal is wide, whether 60, 80 or 200, and a pipe gets each row in one
// line and whole; neither gets an escape sequence, whatever strangers call themselves.
func TestListsFitTheirTerminal(t *testing.T) {
	f := newFilled(t)
	covered := map[string]bool{}
	for _, command := range f.shows() {
		args := append(command, "--config", f.file)
		path := strings.Join(command, " ")
		for leaf := range leaves(rootCommand()) {
			if strings.HasPrefix(path+" ", leaf+" ") {
				covered[leaf] = true
			}
		}
		_, piped, errs := latchkeyRun(t, args...)
		if strings.Count(piped, "\n") < 2 || errs != "" && command[0] != "config" || obeyed(piped) {
			t.Errorf("%s in a pipe:\n%q\n%s", path, piped, errs)
		}
		if path == "client show wiki" {
			continue // always JSON
		}
		for _, width := range []int{60, 80, 200} {
			_, shown, screen := onScreen(t, width, args...)
			if obeyed(shown) || shown == "" {
				t.Errorf("%s at %d columns:\n%q %s", path, width, shown, screen)
			}
			for line := range strings.Lines(shown) {
				if got := cells(strings.TrimSuffix(line, "\n")); got > width {
					t.Errorf("%s at %d columns has a line of %d:\n%s", path, width, got, line)
				}
			}
			for _, id := range []string{string(f.ada.ID), f.key, f.app} { // what somebody copies
				if strings.Contains(piped, id) && !strings.Contains(shown, id) {
					t.Errorf("%s at %d columns has no %s any more:\n%s", path, width, id, shown)
				}
			}
		}
	}
	for path, cmd := range leaves(rootCommand()) {
		if (cmd.Name() == "list" || cmd.Name() == "show") && !covered[path] {
			t.Errorf("nobody looks at %s", path)
		}
	}
}

// TestColumnsAreCountedInCells: columns stand below one another where characters take two
// cells or none. The widths are those that Unicode gives (UAX #11, UAX #29).
func TestColumnsAreCountedInCells(t *testing.T) {
	for text, cells := range map[string]int{
		"ada": 3, "漢字": 4, "ｱﾀﾞ": 3, "Ａ": 2, "한글": 4, "\u1112\u1161\u11ab": 2, "e\u0301": 1, "ก\u0e33": 2, "שָׁלוֹם": 4, "\U0001F469\u200d\U0001F469\u200d\U0001F467": 2, "🇩🇪": 2, "a\u200bb": 2, "…": 1,
	} {
		var b strings.Builder
		rows := newTable(&b, "A", "B")
		for _, first := range []string{text, strings.Repeat("x", 20)} {
			if err := rows.row(first, "|"); err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.end(); err != nil {
			t.Fatal(err)
		}
		if line := strings.Split(b.String(), "\n")[1]; line != text+strings.Repeat(" ", 22-cells)+"|" {
			t.Errorf("%q takes %d cells, not %d", text, 22-strings.Count(line, " "), cells)
		}
	}
}

// TestTablesGiveWay: what may be cut is cut first, and no further than to something that
// can be read; then rows become records, whose long values go on below.
func TestTablesGiveWay(t *testing.T) {
	at := func(width int, rows ...[]any) string {
		var b strings.Builder
		table := newTable(&b, "ID", "NAME", "NOTE").mayCut("NAME", "NOTE")
		table.width = width
		for _, row := range rows {
			if err := table.row(row...); err != nil {
				t.Fatal(err)
			}
		}
		if err := table.end(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	id, row := "0123456789abcdef", []any{"0123456789abcdef", "漢字漢字漢字漢字", "words that are many and go on"}
	for width, want := range map[int]string{
		0:  "ID                NAME              NOTE\n" + id + "  漢字漢字漢字漢字  words that are many and go on\n",
		65: "ID                NAME              NOTE\n" + id + "  漢字漢字漢字漢字  words that are many and go on\n",
		55: "ID                NAME              NOTE\n" + id + "  漢字漢字漢字漢字  words that are man…\n",
		45: "ID                NAME          NOTE\n" + id + "  漢字漢字漢…   words that a…\n",
		43: "ID    " + id + "\nNAME  漢字漢字漢字漢字\nNOTE  words that are many and go on\n",
		24: "ID    " + id + "\nNAME  漢字漢字漢字漢字\nNOTE  words that are\n      many and go on\n",
	} {
		if got := at(width, row); got != want {
			t.Errorf("at %d columns:\n%s\nwant\n%s", width, got, want)
		}
	}
	if got := at(24, row, row); strings.Count(got, "\n\n") != 1 {
		t.Errorf("two records:\n%s", got)
	}
	if got := at(8); got != "ID  NAM…\n" {
		t.Errorf("an empty table: %q", got)
	}
	many := make([][]any, listBatch+1)
	for i := range many {
		many[i] = []any{i, "x", "y"}
	}
	if lines := strings.Split(at(0, many...), "\n"); len(lines) != listBatch+3 || strings.HasPrefix(lines[listBatch+1], "ID") {
		t.Errorf("%d lines of %d rows", len(lines)-1, len(many))
	}
}
