package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// NameClash is a name that two accounts or groups have in the canonical form of this
// version ([ident.Canonical]), where an older version held their names apart.
type NameClash struct {
	// What the name is: "email", "username" or "group".
	What string
	// Holder has the name, which is found by it; Other cannot be found by its name until one of
	// them is renamed. Their names are as they were typed.
	Holder, Other         storage.ID
	HolderName, OtherName string
}

// NameReport tells of names whose stored form is not that of this version.
type NameReport struct {
	Clashes []NameClash
	// Outdated counts those that only wait for [Store.Migrate].
	Outdated int
}

// canonicalColumn is a column that keeps the canonical form of another.
type canonicalColumn struct {
	what, table, name, canonical string
	unique                       bool
}

var canonicalColumns = []canonicalColumn{
	{"email", "users", "email", "email_canonical", true},
	{"username", "users", "username", "username_canonical", true},
	{"group", "groups", "name", "canonical", true},
	{"invitation", "invitations", "email", "email_canonical", false},
}

// namedRow is a row with such a column.
type namedRow struct {
	bun.BaseModel
	ID        string     `bun:"id"`
	Name      string     `bun:"name"`
	Canonical nullString `bun:"canonical"`
}

const (
	// namesPage is how many names are read at once.
	namesPage = 1000
	// namesTimeout bounds each such read.
	namesTimeout = time.Minute
)

// Names looks for names whose stored form is not that of this version, and changes
// nothing. It reads every name, so it belongs in a command.
func (s *Store) Names(ctx context.Context) (NameReport, error) {
	return s.names(ctx, func(context.Context, canonicalColumn, namedRow) error { return nil })
}

// canonicalizeNames writes names in the form of this version. Of two that are one in
// it neither is changed, and both are named in the log: an operator decides who keeps it.
func (s *Store) canonicalizeNames(ctx context.Context) error {
	report, err := s.names(ctx, func(ctx context.Context, c canonicalColumn, row namedRow) error {
		_, err := s.exec(ctx, s.write, fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE id = $2 AND %s = $3`, c.table, c.canonical, c.name),
			nullString(ident.Canonical(row.Name)), row.ID, row.Name)
		return err
	})
	if err != nil {
		return err
	}
	for _, clash := range report.Clashes {
		s.cfg.Log.WarnContext(ctx, "two names are the same in this version; neither was changed, and one has to be renamed (latchkey doctor shows both)",
			"what", clash.What, "found_by_it", string(clash.Holder), "not_found_by_it", string(clash.Other))
	}
	if report.Outdated > 0 {
		s.cfg.Log.InfoContext(ctx, "names were brought into the canonical form of this version", "names", report.Outdated)
	}
	return nil
}

// names judges every name, and has those brought up to date that clash with none.
func (s *Store) names(ctx context.Context, update func(context.Context, canonicalColumn, namedRow) error) (NameReport, error) {
	ctx = patiently(ctx, namesTimeout)
	var report NameReport
	for _, c := range canonicalColumns {
		outdated, err := s.outdated(ctx, c)
		if err != nil {
			return report, wrap("read names", err)
		}
		first := map[string]namedRow{} // by the new form, among those that are outdated
		for _, row := range outdated {
			form := ident.Canonical(row.Name)
			holder, taken := first[form]
			if !taken && c.unique {
				if holder, taken, err = s.holderOf(ctx, c, form); err != nil {
					return report, wrap("read names", err)
				}
			}
			if taken {
				report.Clashes = append(report.Clashes, NameClash{
					What: c.what, Holder: storage.ID(holder.ID), Other: storage.ID(row.ID), HolderName: holder.Name, OtherName: row.Name,
				})
				continue
			}
			if c.unique {
				first[form] = row
			}
		}
		for _, row := range outdated {
			if report.concerns(c, row) {
				continue
			}
			if err := update(ctx, c, row); err != nil {
				return report, wrap("bring names up to date", err)
			}
			report.Outdated++
		}
	}
	return report, nil
}

// concerns reports whether a row is one of two that clash.
func (r *NameReport) concerns(c canonicalColumn, row namedRow) bool {
	for _, clash := range r.Clashes {
		if clash.What == c.what && (string(clash.Holder) == row.ID || string(clash.Other) == row.ID) {
			return true
		}
	}
	return false
}

// outdated are the rows whose stored form is another than the one of today.
func (s *Store) outdated(ctx context.Context, c canonicalColumn) (found []namedRow, err error) {
	query := fmt.Sprintf(`SELECT id, %s, %s FROM %s WHERE id > $1 ORDER BY id LIMIT $2`, c.name, c.canonical, c.table)
	for after := ""; ; {
		page, err := list[namedRow](ctx, s, s.read, query, after, namesPage)
		if err != nil {
			return nil, err
		}
		for _, row := range page {
			if string(row.Canonical) != ident.Canonical(row.Name) {
				found = append(found, row)
			}
		}
		if len(page) < namesPage {
			return found, nil
		}
		after = page[len(page)-1].ID
	}
}

// holderOf is the row that has a canonical form, if there is one.
func (s *Store) holderOf(ctx context.Context, c canonicalColumn, form string) (namedRow, bool, error) {
	found, err := list[namedRow](ctx, s, s.read, fmt.Sprintf(`SELECT id, %s, %s FROM %s WHERE %s = $1`, c.name, c.canonical, c.table, c.canonical), form)
	if err != nil || len(found) == 0 {
		return namedRow{}, false, err
	}
	return found[0], true, nil
}
