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
	// file is where the check is, from its text, once in the file, to another.
	file, from, to string
	// pkg and tests are whose tests should notice.
	pkg, tests string
}

// changed is the file without the check; root is where the module is.
func (m mutant) changed(root string) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, fmt.Errorf("read the check: %w", err)
	}
	if n := bytes.Count(content, []byte(m.from)); n != 1 {
		return nil, fmt.Errorf("the check is %d times in %s: bring the list up to date", n, m.file)
	}
	return bytes.Replace(content, []byte(m.from), []byte(m.to), 1), nil
}

// survives reports whether the tests pass in spite of the change. dir is for the
// changed file.
func (m mutant) survives(dir string) (bool, error) {
	content, err := m.changed(".")
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
	original, err := filepath.Abs(m.file)
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
	for _, broken := range []string{"[build failed]", "[setup failed]", "no tests to run"} {
		if strings.Contains(string(output), broken) {
			return false, fmt.Errorf("%s:\n%s", broken, output)
		}
	}
	return err == nil, nil
}
