// Command mutate removes or inverts checks that requirements of docs/security.md
// rest on, one at a time, and runs the tests that should notice. It fails where no
// test does, or where a check is no longer where the list says. The tree is not
// touched: the go command lays the changed file over it.
//
//	go run ./test/mutate -only 'FE2|own undo'
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// mutants are the checks that are taken away.
var mutants = slices.Concat(protocol, factors, accounts, pages)

func main() {
	only := flag.String("only", "", "a regular expression: the requirements, or what is taken away")
	flag.Parse()
	if err := run(os.Stdout, *only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

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
	var problems []error
	for i, m := range mutants {
		if !wanted.MatchString(m.requirement) && !wanted.MatchString(m.what) {
			continue
		}
		survived, err := m.survives(filepath.Join(dir, fmt.Sprint(i)))
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("%s: %s: %w", m.requirement, m.what, err))
		case survived:
			problems = append(problems, fmt.Errorf("%s: nothing notices that %s", m.requirement, m.what))
		default:
			fmt.Fprintf(out, "%s: noticed that %s\n", m.requirement, m.what)
		}
	}
	return errors.Join(problems...)
}

// mutant is a change that takes a check away.
type mutant struct {
	requirement, what string
	// place is the file, or a folder that holds the file, where the check is: from
	// its text, which is there once, to another.
	place, from, to string
	// pkg and tests are whose tests should notice.
	pkg, tests string
}

// find returns the file of the check, and what it is without it; root is where the
// module is.
func (m mutant) find(root string) (file string, changed []byte, err error) {
	found := 0
	err = filepath.WalkDir(filepath.Join(root, m.place), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		content, err := os.ReadFile(name)
		if n := bytes.Count(content, []byte(m.from)); n > 0 {
			found += n
			file, changed = name, bytes.Replace(content, []byte(m.from), []byte(m.to), 1)
		}
		return err
	})
	if err != nil {
		return "", nil, fmt.Errorf("look for the check: %w", err)
	}
	if found != 1 {
		return "", nil, fmt.Errorf("the check is %d times in %s: bring the list up to date", found, m.place)
	}
	return file, changed, nil
}

// survives reports whether the tests pass in spite of the change. dir is for the
// changed file.
func (m mutant) survives(dir string) (bool, error) {
	file, content, err := m.find(".")
	if err != nil {
		return false, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return false, fmt.Errorf("make a folder: %w", err)
	}
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(changed, content, 0o600); err != nil {
		return false, fmt.Errorf("write the change: %w", err)
	}
	original, err := filepath.Abs(file)
	if err != nil {
		return false, fmt.Errorf("find the check: %w", err)
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return false, fmt.Errorf("lay the change over: %w", err)
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		return false, fmt.Errorf("lay the change over: %w", err)
	}
	output, err := exec.CommandContext(context.Background(),
		"go", "test", "-short", "-failfast", "-timeout", "1h", "-overlay", overlay, "-run", m.tests, m.pkg).CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return false, fmt.Errorf("run the tests: %w", err)
	}
	for _, broken := range []string{"[build failed]", "[setup failed]"} {
		if strings.Contains(string(output), broken) {
			return false, fmt.Errorf("%s:\n%s", broken, output)
		}
	}
	return err == nil, nil
}
