package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/cmd/internal/userimport"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// The most that a report holds of one kind: examples of a kind of notes, and problems
// that are printed.
const (
	noteExamples = 3
	mostProblems = 1000
)

// importReport says what an import would do. It holds numbers, not people.
type importReport struct {
	out     io.Writer
	verbose bool
	notes   map[userimport.Kind]*notes

	problems, people, verified, disabled, authenticators int
	algorithms                                           map[string]int
	groups                                               map[string]int // how many people come to each
}

// notes are those of one kind.
type notes struct {
	n     int
	first []string
}

func newImportReport(out io.Writer, verbose bool) *importReport {
	return &importReport{out: out, verbose: verbose, notes: map[userimport.Kind]*notes{}, algorithms: map[string]int{}, groups: map[string]int{}}
}

func (r *importReport) problem(f userimport.Finding) {
	if r.problems++; r.problems <= mostProblems {
		fmt.Fprintln(r.out, "problem:", f)
	}
}

func (r *importReport) add(f userimport.Finding) {
	if r.verbose {
		fmt.Fprintln(r.out, "note:", f)
		return
	}
	kind := r.notes[f.Of]
	if kind == nil {
		kind = &notes{}
		r.notes[f.Of] = kind
	}
	if kind.n++; kind.n <= noteExamples {
		kind.first = append(kind.first, f.Where)
	}
}

func (r *importReport) person(p *userimport.Person) {
	r.people++
	if p.User.EmailVerified {
		r.verified++
	}
	if p.Disabled {
		r.disabled++
	}
	for _, name := range p.User.Groups {
		r.groups[name]++
	}
	r.authenticators += len(p.Authenticators)
	if p.User.PasswordHash != "" {
		r.algorithms[userimport.Algorithm(p.User.PasswordHash)]++
	}
}

// print writes what there is many of, and the sum.
func (r *importReport) print() {
	if more := r.problems - mostProblems; more > 0 {
		fmt.Fprintf(r.out, "and %s\n", counted(more, "problem more", "problems more"))
	}
	kinds := slices.SortedFunc(maps.Keys(r.notes), func(a, b userimport.Kind) int {
		return cmp.Or(r.notes[b].n-r.notes[a].n, strings.Compare(a.Many, b.Many))
	})
	for _, kind := range kinds {
		found := r.notes[kind]
		rest := ""
		if found.n > noteExamples {
			rest = ", …"
		}
		fmt.Fprintf(r.out, "note: %s (%s%s)\n", counted(found.n, kind.One, kind.Many), strings.Join(found.first, ", "), rest)
	}
	names := slices.SortedFunc(maps.Keys(r.algorithms), func(a, b string) int {
		return cmp.Or(r.algorithms[b]-r.algorithms[a], strings.Compare(a, b))
	})
	for _, name := range names {
		fmt.Fprintf(r.out, "%s\n", counted(r.algorithms[name],
			fmt.Sprintf("person has a password by %s; it is rehashed when they sign in", name),
			fmt.Sprintf("people have a password by %s; they are rehashed when their owners sign in", name)))
	}
	for _, name := range slices.Sorted(maps.Keys(r.groups)) {
		fmt.Fprintf(r.out, "group %s gets %s\n", name, counted(r.groups[name], "person", "people"))
	}
	fmt.Fprintf(r.out, "%s: %s with a verified address, %s disabled, %s\n", counted(r.people, "person", "people"),
		grouped(r.verified), grouped(r.disabled), counted(r.authenticators, "authenticator", "authenticators"))
}

// alreadyHere is the kind of notes on people who are left out.
var alreadyHere = userimport.Kind{One: "person is here already and left out", Many: "people are here already and left out"}

// meetExisting finds people who are here already, and leaves them out if told so.
func (f *importFlags) meetExisting(
	ctx context.Context, store *sqlstore.Store, report *importReport, people []*userimport.Person,
) (rest []*userimport.Person, err error) {
	if len(people) == 0 {
		return nil, nil
	}
	var names []string
	for _, p := range people {
		names = append(names, namesOf(p)...)
	}
	taken := map[string]bool{}
	if len(names) > 0 {
		if taken, err = store.Users().Taken(ctx, names); err != nil {
			return nil, err
		}
	}
	for _, p := range people {
		i := slices.IndexFunc(namesOf(p), func(name string) bool { return taken[name] })
		switch {
		case i < 0:
			rest = append(rest, p)
		case f.skips:
			report.add(userimport.Finding{Where: p.Where, Message: fmt.Sprintf("%q is here already; left out", namesOf(p)[i]), Of: alreadyHere})
		default:
			report.problem(userimport.Finding{Where: p.Where, Message: fmt.Sprintf("%q is here already; --skip-existing leaves such people out", namesOf(p)[i])})
		}
	}
	return rest, nil
}

// namesOf are the person's names in the spelling in which they are compared.
func namesOf(p *userimport.Person) []string {
	var names []string
	for _, name := range []string{p.User.Email, p.User.Username} {
		if canonical := ident.Canonical(name); canonical != "" {
			names = append(names, canonical)
		}
	}
	return names
}

// judgeAttributes reads the custom attributes of a person by the schema.
func (f *importFlags) judgeAttributes(report *importReport, p *userimport.Person) {
	problem := func(err error) {
		report.problem(userimport.Finding{Where: p.Where, Message: err.Error()})
	}
	for _, name := range slices.Sorted(maps.Keys(p.AttributeTexts)) {
		text := p.AttributeTexts[name]
		if text == "" {
			continue
		}
		var value any = text
		if d := f.accounts.Attributes().Find(name); d != nil {
			var err error
			if value, err = d.Parse(text); err != nil {
				problem(err)
				continue
			}
		}
		if p.User.Attributes == nil {
			p.User.Attributes = storage.Attributes{}
		}
		p.User.Attributes[name] = value
	}
	_, problems := f.accounts.CheckImported(p.User.Attributes)
	for _, err := range problems {
		problem(err)
	}
}
