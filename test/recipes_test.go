package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// triedBy is the link to the test that a recipe is tried by.
	triedBy = regexp.MustCompile(`\[tests?\]\(((?:\.\./)+[^)]+)\)`)
	// mark begins the one sentence that says how far a recipe was tried.
	mark = regexp.MustCompile(`(?m)^\*\*(Checked|Checked in part|Checked by hand|Not checked):\*\* [^.]`)
)

// TestRecipesSayHowTheyWereTried: before its first block, each recipe says in one form
// whether it was checked, and where a test checks it, links to that: who follows it knows
// how far to trust it.
func TestRecipesSayHowTheyWereTried(t *testing.T) {
	recipes, err := filepath.Glob("../docs/recipes/*.md")
	if err != nil || len(recipes) < 30 {
		t.Fatalf("%d recipes: %v", len(recipes), err)
	}
	for _, recipe := range recipes {
		text, err := os.ReadFile(recipe)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(string(text), "\n    ")
		marks := mark.FindAllStringSubmatch(head, -1)
		if len(marks) != 1 {
			t.Errorf("%s says %d times whether it was checked", recipe, len(marks))
			continue
		}
		links := triedBy.FindAllStringSubmatch(head, -1)
		if tested := strings.HasPrefix(marks[0][1], "Checked") && marks[0][1] != "Checked by hand"; tested != (len(links) > 0) {
			t.Errorf("%s: %q, and %d tests are named", recipe, marks[0][1], len(links))
		}
		for _, link := range links {
			if _, err := os.Stat(filepath.Join(filepath.Dir(recipe), link[1])); err != nil {
				t.Errorf("%s is said to be run by %s: %v", recipe, link[1], err)
			}
		}
	}
}
