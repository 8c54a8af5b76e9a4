package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/cmd/internal/userimport"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// importFlags are what `user import` is told.
type importFlags struct {
	format                 string
	apply, verified, skips bool
}

func userImportCommand() *cobra.Command {
	var from storeFlags
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Import accounts with their password hashes; without --apply only say what would happen",
		Long: "import reads what Django's dumpdata writes, CSV or JSON lines (docs/import.md describes them).\n" +
			"Without --apply it changes nothing and reports every problem at once. With it, all people are\n" +
			"imported or, if one cannot be, nobody is. FILE may be - for standard input.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			read, err := f.read(cmd.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			return from.withStore(cmd, func(store *sqlstore.Store, p *dependencies) error { return f.run(cmd, store, p, read) })
		},
	}
	from.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "", "format of the file (required): "+strings.Join(userimport.Formats, ", "))
	flags.BoolVar(&f.apply, "apply", false, "import, instead of saying what would happen")
	flags.BoolVar(&f.verified, "verified", false, "all addresses are known to be theirs")
	flags.BoolVar(&f.skips, "skip-existing", false, "leave out people whose address or username is here already")
	return cmd
}

func (f *importFlags) read(stdin io.Reader, name string) (_ *userimport.Read, err error) {
	if !slices.Contains(userimport.Formats, f.format) {
		return nil, fmt.Errorf("--format is missing or unknown; use %s", strings.Join(userimport.Formats, ", "))
	}
	if name == "-" {
		return userimport.From(f.format, stdin)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open import: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return userimport.From(f.format, file)
}

func (f *importFlags) run(cmd *cobra.Command, store *sqlstore.Store, p *dependencies, read *userimport.Read) error {
	skipped, err := f.meetExisting(cmd.Context(), store, read)
	if err != nil {
		return err
	}
	if f.verified {
		for i := range read.People {
			read.People[i].User.EmailVerified = read.People[i].User.Email != ""
		}
	}
	out := cmd.OutOrStdout()
	for _, n := range read.Notes {
		fmt.Fprintln(out, "note:", n)
	}
	for _, problem := range read.Problems {
		fmt.Fprintln(out, "problem:", problem)
	}
	summarize(out, read.People, skipped)
	if n := len(read.Problems); n > 0 {
		return fmt.Errorf("%d problems: nothing was imported", n)
	}
	if !f.apply {
		fmt.Fprintln(out, "nothing was imported: this was a dry run; add --apply")
		return nil
	}
	if err := importPeople(cmd.Context(), store, p, read.People); err != nil {
		return err
	}
	fmt.Fprintf(out, "imported %d people\n", len(read.People))
	return nil
}

// meetExisting finds people who are here already, and leaves them out if told so.
func (f *importFlags) meetExisting(ctx context.Context, store *sqlstore.Store, read *userimport.Read) (skipped int, err error) {
	var rest []userimport.Person
	for _, person := range read.People {
		taken := ""
		for _, name := range []string{person.User.Email, person.User.Username} {
			if name == "" {
				continue
			}
			_, err := store.Users().ByIdentifier(ctx, name)
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				return 0, err
			}
			if err == nil {
				taken = name
				break
			}
		}
		switch {
		case taken == "":
			rest = append(rest, person)
		case f.skips:
			skipped++
			read.Notes = append(read.Notes, userimport.Finding{Where: person.Where, Message: fmt.Sprintf("%q is here already; left out", taken)})
		default:
			read.Problems = append(read.Problems, userimport.Finding{Where: person.Where, Message: fmt.Sprintf("%q is here already; --skip-existing leaves such people out", taken)})
		}
	}
	read.People = rest
	return skipped, nil
}

// summarize counts what there is to import.
func summarize(out io.Writer, all []userimport.Person, skipped int) {
	var verified, without, disabled, authenticators int
	algorithms := map[string]int{}
	for _, p := range all {
		if p.User.EmailVerified {
			verified++
		}
		if p.User.PasswordHash == "" {
			without++
		} else {
			algorithms[userimport.Algorithm(p.User.PasswordHash)]++
		}
		if p.Disabled {
			disabled++
		}
		authenticators += len(p.Authenticators)
	}
	fmt.Fprintf(out, "%d people: %d with a verified address, %d disabled, %d authenticators\n", len(all), verified, disabled, authenticators)
	names := make([]string, 0, len(algorithms))
	for name := range algorithms {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(algorithms[b]-algorithms[a], strings.Compare(a, b)) })
	for _, name := range names {
		fmt.Fprintf(out, "passwords: %d %s\n", algorithms[name], name)
	}
	if without > 0 {
		fmt.Fprintf(out, "passwords: %d none\n", without)
	}
	if skipped > 0 {
		fmt.Fprintf(out, "left out: %d\n", skipped)
	}
}

// importPeople makes the accounts, all or none.
func importPeople(ctx context.Context, store *sqlstore.Store, d *dependencies, all []userimport.Person) error {
	people := make([]account.Imported, len(all))
	for i, p := range all {
		people[i] = account.Imported{User: p.User, Disabled: p.Disabled}
		for _, a := range p.Authenticators {
			people[i].Authenticators = append(people[i].Authenticators, account.ImportedAuthenticator(a))
		}
	}
	err := d.accounts(store).Import(ctx, operator(), people)
	if errors.Is(err, account.ErrTaken) {
		return errors.New("somebody with one of these addresses or usernames came in meanwhile: nothing was imported; try again")
	}
	return err
}
