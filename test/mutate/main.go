// Command mutate removes or inverts checks that requirements of docs/security.md
// rest on, one at a time, and runs the tests that should notice. It fails where no
// test does, or where a check is no longer where the list says. The tree is not
// touched: the go command lays the changed file over it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	dir, err := os.MkdirTemp("", "latchkey-mutate-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	var problems []error
	for i, m := range mutants {
		survived, err := m.survives(filepath.Join(dir, fmt.Sprint(i)))
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("%s: %w", m.requirement, err))
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

// survives reports whether the tests pass in spite of the change. dir is for the
// changed file.
func (m mutant) survives(dir string) (bool, error) {
	content, err := os.ReadFile(m.file)
	if err != nil {
		return false, fmt.Errorf("read the check: %w", err)
	}
	if n := strings.Count(string(content), m.from); n != 1 {
		return false, fmt.Errorf("the check is %d times in %s: bring the list up to date", n, m.file)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return false, fmt.Errorf("make a folder: %w", err)
	}
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(content), m.from, m.to, 1)), 0o600); err != nil {
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
	ctx := context.Background()
	if output, err := exec.CommandContext(ctx, "go", "vet", "-overlay", overlay, m.pkg).CombinedOutput(); err != nil {
		return false, fmt.Errorf("the change does not build: %w\n%s", err, output)
	}
	err = exec.CommandContext(ctx, "go", "test", "-short", "-timeout", "1h", "-overlay", overlay, "-run", m.tests, m.pkg).Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return false, fmt.Errorf("run the tests: %w", err)
	}
	return err == nil, nil
}
