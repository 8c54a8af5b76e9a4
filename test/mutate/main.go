// Command mutate removes or inverts checks that requirements of docs/security.md
// rest on, one at a time, and runs the tests that should notice (mutation testing). It
// fails where no test does, where the tests fail without the change too, or where a check
// is no longer where the list says. The tree is not touched: the go command lays the
// changed file over it.
//
//	go run ./test/mutate -only 'FE2|own undo'
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// mutants are the checks that are taken away.
var mutants = slices.Concat(protocol, grants, factors, accounts, pages, documents)

func main() {
	only := flag.String("only", "", "a regular expression: the requirements, or what is taken away")
	flag.Parse()
	if err := run(os.Stdout, *only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run tries the mutants that are wanted, those of one package after one another: what
// they do not change is compiled once.
func run(out io.Writer, only string) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	dir, err := os.MkdirTemp("", "latchkey-mutate-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	chosen := slices.DeleteFunc(slices.Clone(mutants), func(m mutant) bool {
		return !wanted.MatchString(m.requirement) && !wanted.MatchString(m.what)
	})
	slices.SortStableFunc(chosen, func(a, b mutant) int {
		return cmp.Or(cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.tests, b.tests), cmp.Compare(a.place, b.place))
	})
	began, sound := time.Now(), soundness{}
	var problems []error
	for i, m := range chosen {
		what := fmt.Sprintf("%d of %d: %s", i+1, len(chosen), m.requirement)
		if err := m.judge(sound, filepath.Join(dir, fmt.Sprint(i))); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", m.requirement, err))
			fmt.Fprintf(out, "%s: %v\n", what, err)
			continue
		}
		fmt.Fprintf(out, "%s: noticed that %s\n", what, m.what)
	}
	fmt.Fprintf(out, "%d checks were taken away, %d were noticed, in %s\n", len(chosen), len(chosen)-len(problems), time.Since(began).Round(time.Second))
	return errors.Join(problems...)
}

// soundness says of the tests of a mutant whether they pass without it: what fails
// in any case notices nothing.
type soundness map[string]error

func (s soundness) check(m mutant, packages []string) error {
	name := m.pkg + " " + m.tests
	if err, known := s[name]; known {
		return err
	}
	passed, err := m.test(packages, "")
	if err == nil && !passed {
		err = fmt.Errorf("the tests %s of %s fail where nothing is taken away", m.tests, m.pkg)
	}
	s[name] = err
	return err
}

// judge returns an error where nothing notices the mutant, or it cannot be told. dir is
// for the changed file.
func (m mutant) judge(sound soundness, dir string) error {
	packages, err := m.packages(".")
	if err != nil {
		return err
	}
	if err := sound.check(m, packages); err != nil {
		return err
	}
	overlay, err := m.lay(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", m.what, err)
	}
	passed, err := m.test(packages, overlay)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", m.what, err)
	case passed:
		return fmt.Errorf("nothing notices that %s", m.what)
	}
	return nil
}
