package test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// accessDoors are the files in which rules of access are asked, with what for.
var accessDoors = map[string]string{
	"op/access.go":                   "tokens: each endpoint, and explanations",
	"login/flow/flow.go":             "sign-in: each page, and explanations",
	"login/settings/applications.go": "what a person is shown that they may open",
	"admin/console/person.go":        "what an administrator is shown",
	"cmd/latchkey/listusers.go":      "lists of who may use a client",
	"cmd/latchkey/diffaccess.go":     "who gains and loses by a reload",
}

var asksRules = regexp.MustCompile(`\.Decide\([^)]*access\.(?:SubjectOf|Request)|\.Decide\((?:person|s), `)

// TestAC1_OnlyTheseDoorsAskTheRules: a token, and a sign-in, each have one door to the
// rules of access, which explanations go through as well: a second one could say otherwise.
func TestAC1_OnlyTheseDoorsAskTheRules(t *testing.T) {
	found := map[string]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			if err == nil {
				return filepath.SkipDir
			}
			return err
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if name := filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator))); asksRules.Match(text) {
			found[name] = accessDoors[name]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(found, accessDoors) {
		t.Errorf("rules are asked in %v, want %v", slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(accessDoors)))
	}
}
