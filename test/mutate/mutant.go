package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

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

var function = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// packages are those of the mutant that have a test by the name: the others need not be
// linked. root is where the module is.
func (m mutant) packages(root string) ([]string, error) {
	top, _, _ := strings.Cut(m.tests, "/")
	wanted, err := regexp.Compile(top)
	if err != nil {
		return nil, fmt.Errorf("names of tests: %w", err)
	}
	folder, below := strings.CutSuffix(m.pkg, "/...")
	var found []string
	err = filepath.WalkDir(filepath.Join(root, folder), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			if err == nil && entry.IsDir() && !below && name != filepath.Join(root, folder) {
				return filepath.SkipDir
			}
			return err
		}
		in, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil || len(found) > 0 && found[len(found)-1] == "./"+in {
			return err
		}
		content, err := os.ReadFile(name)
		for _, test := range function.FindAllSubmatch(content, -1) {
			if wanted.Match(test[1]) {
				found = append(found, "./"+in)
				break
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for tests: %w", err)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no test of %s is named %s", m.pkg, m.tests)
	}
	return found, nil
}

// lay writes the changed file, and the name of what it is laid over, into dir.
func (m mutant) lay(dir string) (overlay string, err error) {
	file, content, err := m.find(".")
	if err != nil {
		return "", err
	}
	original, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("find the check: %w", err)
	}
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err == nil {
		err = os.WriteFile(changed, content, 0o600)
	}
	if err == nil {
		err = os.WriteFile(overlay, replace, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("lay the change over: %w", err)
	}
	return overlay, nil
}

// test reports whether the tests of every package pass, with the overlay unless there is
// none.
func (m mutant) test(packages []string, overlay string) (passed bool, err error) {
	for _, pkg := range packages {
		arguments := []string{"test", "-short", "-failfast", "-vet=off", "-timeout", "20m", "-run", m.tests}
		if overlay != "" {
			arguments = append(arguments, "-overlay", overlay)
		}
		arguments = append(arguments, pkg)
		if hasProperties(pkg) {
			arguments = append(arguments, "-rapid.nofailfile") // or it leaves files in the tree
		}
		output, err := exec.CommandContext(context.Background(), "go", arguments...).CombinedOutput()
		var failed *exec.ExitError
		if err != nil && !errors.As(err, &failed) {
			return false, fmt.Errorf("run the tests: %w", err)
		}
		for _, broken := range []string{"[build failed]", "[setup failed]", "panic: test timed out"} {
			if bytes.Contains(output, []byte(broken)) {
				return false, fmt.Errorf("%s:\n%s", broken, output)
			}
		}
		if err != nil {
			return false, nil
		}
	}
	return true, nil
}

// hasProperties reports whether a test of the package takes the flags of rapid.
func hasProperties(pkg string) bool {
	files, err := filepath.Glob(filepath.Join(pkg, "*_test.go"))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(files, func(name string) bool {
		content, err := os.ReadFile(name)
		return err == nil && bytes.Contains(content, []byte("pgregory.net/rapid"))
	})
}
