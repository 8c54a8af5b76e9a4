package console

import (
	"time"

	"github.com/latchkey-id/latchkey/ui"
)

// block is a part of a page: a heading and what stands below it, each where it is there.
type block struct {
	ID, Heading, Lead string
	Facts             []fact
	Table             *table
	Charts            []*chart
	Found             *found
	Form              *form
	Acts              []link
	// Registered says that the facts bear names for machines, which are long.
	Registered bool
}

// found are links to what was looked for, and what is said where there are none.
type found struct {
	Links []link
	None  string
}

// fact is what something is.
type fact struct {
	Label string
	Cells []cell
}

// table shows rows: cards on a phone, where each cell bears its column's name.
type table struct {
	// Label names it for who does not see it.
	Label   string
	Columns []string
	Rows    []row
	// Pick has rows be picked; nil has not.
	Pick *picking
	// None is said where there are no rows.
	None string
	// Start and Next lead to the first page of a list and to the next one; Exports to what
	// is downloaded of it.
	Start, Next string
	Exports     []link
	// What these are called.
	StartLabel, NextLabel, ExportLabel string
}

// row is one row of a table; its first cell names it.
type row struct {
	Cells []cell
	// Pick is what stands for the row where rows are picked; empty: it is not to be picked.
	Pick string
}

// picking is the form that the rows of a table are picked in.
type picking struct {
	Action, Name, Submit, Label string
	Danger                      bool
}

// cell is what stands in a table or in a fact.
type cell struct {
	Text string
	// URL is where it leads.
	URL string
	// Tag shows it as a tag: "plain", "good" or "warn".
	Tag string
	// Code says that it is a word for machines.
	Code bool
	// Danger says that the link ends something.
	Danger bool
	At     *ui.Moment
	// Soft stands below, smaller.
	Soft string
	// Label says more for who does not see it: what the link is about.
	Label string
	// Share shows the text as a bar too: how much of a hundred it is, in a hundredth.
	Share string
	// All are several, in the place of one.
	All []cell
}

// empty reports whether nothing stands there.
func (c cell) Empty() bool { return c.Text == "" && c.At == nil && len(c.All) == 0 && c.Soft == "" }

func text(t string) cell { return cell{Text: t} }

// abbreviatedID is the end of an id, which tells it from others: ids begin with their time.
func abbreviatedID(id string) string {
	const kept = 8
	if len(id) <= kept {
		return id
	}
	return "…\u2060" + id[len(id)-kept:]
}

func code(t string) cell { return cell{Text: t, Code: true} }

func tag(kind, t string) cell { return cell{Text: t, Tag: kind} }

// tags shows names that policies speak of.
func tags(names []string) cell {
	var all []cell
	for _, name := range names {
		all = append(all, tag("plain", name))
	}
	return cell{All: all}
}

// at shows a time; nothing where there is none.
func (s *screen) at(t time.Time) cell {
	if t.IsZero() {
		return cell{}
	}
	moment := s.Time(t)
	return cell{At: &moment}
}

// columns are the headings of a table, by their keys.
func (s *screen) columns(keys ...string) []string {
	names := make([]string, len(keys))
	for i, key := range keys {
		if key != "" {
			names[i] = s.T(key)
		}
	}
	return names
}

// Cell is a cell with the name of its column.
type namedCell struct {
	cell
	Column string
}

// Named are the cells of a row with the names of their columns.
func (t table) Named(r row) []namedCell {
	named := make([]namedCell, len(r.Cells))
	for i, c := range r.Cells {
		named[i].cell = c
		if i < len(t.Columns) {
			named[i].Column = t.Columns[i]
		}
	}
	return named
}

// form is a form of a page: fields, boxes to tick, and what is said besides.
type form struct {
	// Method is get, of a search, or post.
	Method, Action string
	Fields         []ui.Select
	// Groups are fields with a legend each.
	Groups []ui.ProfileGroup
	Boxes  []box
	// Areas are fields of several lines, and Last the fields below them.
	Areas      []area
	Last       []ui.Select
	Submit, ID string
	Danger     bool
	// Any is what a choice of a search is called where nothing is chosen.
	Any string
	// Back leads to where nothing is done.
	Back string
	// Page has the tokens of a form that posts.
	Page *ui.Page
}

// area is a field of several lines.
type area struct {
	Name, Label, Hint, Error, Value string
	Rows                            int
}

// DescribedBy names what explains the field, for aria-describedby.
func (a area) DescribedBy() string {
	if a.Error != "" {
		return a.Name + "-error " + a.Name + "-hint"
	}
	return a.Name + "-hint"
}

// box is a box to tick.
type box struct {
	Name, Label string
	Checked     bool
}
