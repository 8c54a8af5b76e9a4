package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	// columnGap is between two columns.
	columnGap = 2
	// cutTo is the least to which a column that may be cut is.
	cutTo = 12
)

// table is rows for people, in columns as wide as what they show: a CJK character takes two
// cells of a terminal, and a combining one none. A pipe gets every cell whole. At a terminal
// no line is longer than that is wide: where the columns do not fit, those that may be cut
// are, and where that is not enough each row is shown as a record, a line for each cell.
//
// Rows are written by batches, so that a million of them take no more memory than a hundred.
type table struct {
	out   io.Writer
	width int // of the terminal; 0 where there is none
	heads []string
	short []bool // of columns that may be cut
	rows  [][]string
	wide  []int // what each column needed until now
	// begun is that something was written, and records that rows are since.
	begun, records bool
}

// newTable begins a table with a column for each head.
func newTable(out io.Writer, heads ...string) *table {
	t := &table{out: out, width: terminalWidth(out), heads: heads, short: make([]bool, len(heads)), wide: make([]int, len(heads))}
	t.measure(heads)
	return t
}

// mayCut says which columns are text that can be cut, and no id that somebody copies.
func (t *table) mayCut(heads ...string) *table {
	for i, head := range t.heads {
		t.short[i] = slices.Contains(heads, head)
	}
	return t
}

// row adds one; it has a cell for each head.
func (t *table) row(values ...any) error {
	row := make([]string, len(t.heads))
	for i := range row {
		row[i] = plain(fmt.Sprint(values[i]))
	}
	t.rows = append(t.rows, row)
	if len(t.rows) < listBatch {
		return nil
	}
	return t.flush()
}

// end writes the rows that are left, and of a table without any its heads.
func (t *table) end() error {
	if len(t.rows) == 0 && t.begun {
		return nil
	}
	return t.flush()
}

func (t *table) flush() error {
	for _, row := range t.rows {
		t.measure(row)
	}
	var text strings.Builder
	widths, fit := t.columns()
	switch t.records = t.records || !fit && len(t.rows) > 0; {
	case t.records:
		t.asRecords(&text)
	case !t.begun:
		writeLine(&text, t.heads, widths, t.width)
		fallthrough
	default:
		for _, row := range t.rows {
			writeLine(&text, row, widths, t.width)
		}
	}
	t.begun, t.rows = true, t.rows[:0]
	_, err := t.out.Write([]byte(text.String()))
	return err
}

func (t *table) measure(row []string) {
	for i, cell := range row {
		t.wide[i] = max(t.wide[i], cells(cell))
	}
}

// columns are the widths of the columns, and whether they fit.
func (t *table) columns() (widths []int, fit bool) {
	widths = slices.Clone(t.wide)
	line := columnGap * (len(widths) - 1)
	for _, w := range widths {
		line += w
	}
	for t.width > 0 && line > t.width {
		widest := -1
		for i, w := range widths {
			if t.short[i] && w > max(cutTo, cells(t.heads[i])) && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return widths, false
		}
		widths[widest]--
		line--
	}
	return widths, true
}

func (t *table) asRecords(text *strings.Builder) {
	for i, row := range t.rows {
		if t.begun || i > 0 {
			text.WriteByte('\n')
		}
		pairs := make([][2]string, len(row))
		for j, cell := range row {
			pairs[j] = [2]string{t.heads[j], cell}
		}
		writePairs(text, pairs, t.width)
	}
}

// writeLine writes cells below those of the line before; the last has nothing after it.
func writeLine(text *strings.Builder, row []string, widths []int, most int) {
	var line strings.Builder
	for i, cell := range row {
		cell = cut(cell, widths[i], "…")
		line.WriteString(cell)
		if i < len(row)-1 {
			line.WriteString(strings.Repeat(" ", widths[i]-cells(cell)+columnGap))
		}
	}
	whole := line.String()
	if most > 0 { // the heads of an empty table
		whole = cut(whole, most, "…")
	}
	text.WriteString(whole + "\n")
}
