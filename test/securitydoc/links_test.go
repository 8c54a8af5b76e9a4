package securitydoc

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// link is a target of Markdown: [text](target) or ![picture](target).
var link = regexp.MustCompile(`\]\(([^()\s]+)\)`)

// TestLinksOfDocumentsLeadSomewhere follows every relative link of the documents
// to a file, and every fragment to a heading.
func TestLinksOfDocumentsLeadSomewhere(t *testing.T) {
	checked := 0
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllSubmatch(withoutCode(text), -1) {
			target, fragment, _ := strings.Cut(string(found[1]), "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			checked++
			at := file
			if target != "" {
				at = filepath.Join(filepath.Dir(file), filepath.FromSlash(target))
			}
			if _, err := os.Stat(at); err != nil {
				t.Errorf("%s: %s leads nowhere", file, found[1])
				continue
			}
			if fragment != "" && strings.HasSuffix(at, ".md") && !hasHeading(t, at, fragment) {
				t.Errorf("%s: %s has no heading #%s", file, at, fragment)
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d links were found", checked)
	}
}

// documents are the Markdown files of the repository.
func documents(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "data") {
			return fs.SkipDir
		}
		if !entry.IsDir() && strings.HasSuffix(name, ".md") {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("find the documents: %v", err)
	}
	return files
}

var code = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")

func withoutCode(text []byte) []byte { return code.ReplaceAll(text, nil) }

// notInAnchor is what the address of a heading leaves out.
var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

func hasHeading(t *testing.T, file, fragment string) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		heading, ok := strings.CutPrefix(strings.TrimLeft(string(line), "#"), " ")
		if !ok || line[0] != '#' {
			continue
		}
		anchor := strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), ""), " ", "-")
		if anchor == fragment {
			return true
		}
	}
	return false
}
