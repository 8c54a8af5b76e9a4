package main

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// namesWait bounds the look at names: all of them are read.
const namesWait = 5 * time.Minute

// renames are the commands that end a clash of names, by what they are names of.
var renames = map[string]string{
	"email":    "latchkey user edit %s --email ADDRESS",
	"username": "latchkey user edit %s --username NAME",
	"group":    "latchkey group edit %q --name NAME",
}

// doctorNames looks for names that an older version held apart and this one does not:
// whoever has the second of them cannot be found by it.
func doctorNames(ctx context.Context, store *sqlstore.Store, _ *dependencies) error {
	if requireMigrated(ctx, store) != nil {
		return nil
	}
	report, err := store.Names(ctx)
	switch {
	case err != nil:
		return err
	case len(report.Clashes) > 0:
		return ails(clashFix(report.Clashes[0]), "%s", clashText(report.Clashes))
	case report.Outdated > 0:
		return ails("run `latchkey migrate up`", "%s stored in the form of an older version and cannot be found", counted(report.Outdated, "name is", "names are"))
	}
	return nil
}

// clashText names every clash.
func clashText(clashes []sqlstore.NameClash) string {
	text := ""
	for i, c := range clashes {
		if i > 0 {
			text += "; "
		}
		text += fmt.Sprintf("the %s %q of %s and %q of %s are the same name", c.What, c.HolderName, c.Holder, c.OtherName, c.Other)
	}
	return text + ": the second of each cannot be found by it"
}

// clashFix is what ends a clash: one of the two gets another name.
func clashFix(c sqlstore.NameClash) string {
	who := string(c.Other)
	if c.What == "group" {
		who = c.HolderName // a group goes by its name
	}
	return "give one another name with `" + fmt.Sprintf(renames[c.What], who) + "`, then run `latchkey migrate up`"
}
