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
	// untried is what a recipe says instead, of all or of a part.
	untried = regexp.MustCompile(`(?i)written\s+from\s+(?:\S+\s+){0,2}documentation|not\s+run\s+by\s+a\s+test`)
)

// TestRecipesSayHowTheyWereTried: before its first block, each recipe links to the test that
// runs it, or says that it was written from documentation: who follows it knows how far to
// trust it.
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
		links := triedBy.FindAllStringSubmatch(head, -1)
		if len(links) == 0 && !untried.MatchString(head) {
			t.Errorf("%s says neither by which test it is run nor that it is written from documentation", recipe)
		}
		for _, link := range links {
			if _, err := os.Stat(filepath.Join(filepath.Dir(recipe), link[1])); err != nil {
				t.Errorf("%s is said to be run by %s: %v", recipe, link[1], err)
			}
		}
	}
}
