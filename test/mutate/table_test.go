package main

import (
	"os"
	"path/filepath"
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
		if _, err := m.packages(root); err != nil {
			t.Errorf("%s: %v", m.requirement, err)
		}
	}
}
