package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// TestEveryCheckIsWhereTheListSays: a list that has rotted takes nothing away. The
// text of each check is once in its file, and the tests that should notice are there.
func TestEveryCheckIsWhereTheListSays(t *testing.T) {
	if len(mutants) < 55 {
		t.Errorf("%d mutants", len(mutants))
	}
	known, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range mutants {
		_, content, err := m.find(root)
		if err != nil {
			t.Errorf("%s: %s: %v", m.requirement, m.what, err)
		}
		if seen[m.what] || len(content) == 0 || m.from == m.to {
			t.Errorf("%s: %s: twice, or no change", m.requirement, m.what)
		}
		seen[m.what] = true
		if !strings.Contains(string(known), "| "+m.requirement+" |") {
			t.Errorf("%s: docs/security.md does not know the requirement", m.requirement)
		}
		if !named(t, m) {
			t.Errorf("%s: no test of %s is named %s", m.requirement, m.pkg, m.tests)
		}
	}
}

var function = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// named reports whether a test of the package has a name that the mutant asks for.
func named(t *testing.T, m mutant) bool {
	t.Helper()
	folder, below := strings.CutSuffix(m.pkg, "/...")
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	if below && err == nil {
		var more []string
		more, err = filepath.Glob(filepath.Join(root, folder, "*", "*_test.go"))
		files = append(files, more...)
	}
	if err != nil {
		t.Fatal(err)
	}
	top, _, _ := strings.Cut(m.tests, "/")
	wanted := regexp.MustCompile(top)
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range function.FindAllSubmatch(content, -1) {
			if wanted.Match(found[1]) {
				return true
			}
		}
	}
	return false
}
