package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/cmd/internal/userimport"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// importFlags are what `user import` is told.
type importFlags struct {
	format                          string
	apply, verified, skips, verbose bool
	json                            bool

	accounts *account.Service // of the installation, once it is known
	total    int              // people to import, once the file was read
}

func userImportCommand() *cobra.Command {
	var from storeFlags
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Import accounts with their password hashes; without --apply only say what would happen",
		Long: "import reads what Django's dumpdata writes, CSV or JSON lines (docs/import.md describes them).\n" +
			"Without --apply it changes nothing and reports every problem at once. With it, all people are\n" +
			"imported or, if one cannot be, nobody is. FILE may be - for standard input.\n\n" +
			"With --apply --json standard output has a line of JSON for each person: where they stand in the file, their key\n" +
			"there (a primary key, or the column id), and the sub that they have here.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if !slices.Contains(userimport.Formats, f.format) {
				return usagef("--format is missing or unknown; use %s", strings.Join(userimport.Formats, ", "))
			}
			source, err := openImport(f.format, cmd.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, source.close()) }()
			return from.withStore(cmd, func(store *sqlstore.Store, p *dependencies) error { return f.run(cmd, store, p, source) })
		},
	}
	from.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "", "format of the file (required): "+strings.Join(userimport.Formats, ", "))
	flags.BoolVar(&f.apply, "apply", false, "import, instead of saying what would happen")
	flags.BoolVar(&f.verified, "verified", false, "all addresses are known to be theirs")
	flags.BoolVar(&f.skips, "skip-existing", false, "leave out people whose address or username is here already")
	flags.BoolVar(&f.verbose, "verbose", false, "print each note by itself, instead of how many there are of a kind")
	flags.BoolVar(&f.json, "json", false, "with --apply, print a line of JSON for each person; the report goes to standard error")
	return cmd
}

// importSource is a file that is read twice: judged first, then imported.
type importSource struct {
	format string
	file   *os.File
}

// openImport opens the file; standard input is kept on disk, in a file without a name.
func openImport(format string, stdin io.Reader, name string) (*importSource, error) {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("open import: %w", err)
		}
		return &importSource{format: format, file: file}, nil
	}
	file, err := os.CreateTemp("", "latchkey-import-")
	if err != nil {
		return nil, fmt.Errorf("keep standard input: %w", err)
	}
	_, err = io.Copy(file, stdin)
	if err = errors.Join(err, os.Remove(file.Name())); err != nil {
		return nil, errors.Join(fmt.Errorf("keep standard input: %w", err), file.Close())
	}
	return &importSource{format: format, file: file}, nil
}

// scan reads the file from its beginning.
func (s *importSource) scan(to userimport.Sink) error {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read import: %w", err)
	}
	return userimport.Scan(s.format, s.file, to)
}

func (s *importSource) close() error { return s.file.Close() }

// run judges the file, says what would happen, and then, where it may, does it.
func (f *importFlags) run(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, source *importSource) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	f.accounts = d.accounts(store)
	if f.json {
		out = cmd.ErrOrStderr()
	}
	report := newImportReport(out, f.verbose)
	reading := newProgress(cmd.ErrOrStderr(), "people read")
	err := f.eachNew(ctx, store, source, report, func(*userimport.Person) error {
		reading.add(1)
		return nil
	})
	reading.end()
	if err != nil {
		return err
	}
	f.total = reading.n
	report.print()
	if n := report.problems; n > 0 {
		return fmt.Errorf("%s: nothing was imported", counted(n, "problem", "problems"))
	}
	if !f.apply {
		fmt.Fprintln(out, "nothing was imported: this was a dry run; add --apply")
		return nil
	}
	done, err := f.importPeople(cmd, store, d, source)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "imported %s\n", counted(done, "person", "people"))
	return nil
}

// existingBatch is how many people are looked up at once.
const existingBatch = 200

// eachNew shows the people of the file who are to be imported; report is told of
// everybody else.
func (f *importFlags) eachNew(
	ctx context.Context, store *sqlstore.Store, source *importSource, report *importReport, show func(*userimport.Person) error,
) error {
	waiting := make([]*userimport.Person, 0, existingBatch)
	flush := func() error {
		rest, err := f.meetExisting(ctx, store, report, waiting)
		waiting = waiting[:0]
		for _, p := range rest {
			f.judgeAttributes(report, p)
			if f.verified {
				p.User.EmailVerified = p.User.Email != ""
			}
			report.person(p)
			if err := show(p); err != nil {
				return err
			}
		}
		return err
	}
	err := source.scan(userimport.Sink{Problem: report.problem, Note: report.add, Person: func(p *userimport.Person) error {
		if waiting = append(waiting, p); len(waiting) < existingBatch {
			return ctx.Err()
		}
		return flush()
	}})
	if err != nil {
		return err
	}
	return flush()
}

// importPeople makes the accounts, all or none.
func (f *importFlags) importPeople(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, source *importSource) (done int, err error) {
	subs, err := newSubjects(f.json)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, subs.close()) }()
	importing := newProgress(cmd.ErrOrStderr(), "people imported").of(f.total)
	done, err = f.accounts.Import(cmd.Context(), operator(), func(yield func(*account.Imported, error) bool) {
		importing.reset()
		err := subs.reset()
		if err == nil {
			err = f.eachNew(cmd.Context(), store, source, newImportReport(io.Discard, false), func(p *userimport.Person) error {
				importing.add(1)
				if !yield(subs.imported(p), nil) {
					return errStopped
				}
				return nil
			})
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	})
	importing.end()
	if errors.Is(err, account.ErrTaken) {
		return 0, errors.New("two of them, or somebody who came in meanwhile, have one address or username: nobody was imported; try again")
	}
	if err != nil {
		return 0, err
	}
	return done, subs.print(cmd.OutOrStdout())
}

// errStopped ends the reading of a file whose people nobody wants any more.
var errStopped = errors.New("stopped")
