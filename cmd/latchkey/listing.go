package main

import "github.com/spf13/cobra"

// listing writes a list one element at a time, as a table for people or as a JSON array for
// programs: a million elements take no more memory than a hundred.
type listing struct {
	table *table
	json  *jsonList // nil where a table is wanted
}

// newListing begins a list, whose table has these heads.
func newListing(cmd *cobra.Command, asJSON bool, heads ...string) *listing {
	l := &listing{table: newTable(cmd.OutOrStdout(), heads...)}
	if asJSON {
		l.json = newJSONList(cmd.OutOrStdout())
	}
	return l
}

// mayCut says which columns are text that can be cut.
func (l *listing) mayCut(heads ...string) *listing {
	l.table.mayCut(heads...)
	return l
}

// show adds an element: what programs read of it, and its cells for people.
func (l *listing) show(element any, cells ...any) error {
	if l.json != nil {
		return l.json.add(element)
	}
	return l.table.row(cells...)
}

// end ends the list, which may be empty.
func (l *listing) end() error {
	if l.json != nil {
		return l.json.end()
	}
	return l.table.end()
}
