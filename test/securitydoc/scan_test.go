package securitydoc

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// shown is a test that bears the id of a requirement.
type shown struct {
	// file is relative to the repository, with forward slashes.
	file string
	name string
}

// ids are what a name begins with: TestTK1_TK2_Something.
var (
	ids = regexp.MustCompile(`^(?:[A-Z]{2}[0-9]_)+`)
	id  = regexp.MustCompile(`[A-Z]{2}[0-9]`)
)

// idsOf returns the requirements that a name says to show.
func idsOf(name string) []string {
	for _, kind := range []string{"Test", "Fuzz"} {
		name = strings.TrimPrefix(name, kind)
	}
	return id.FindAllString(ids.FindString(name), -1)
}

// without are folders that hold no tests of the product; the last is this one,
// which speaks of names.
var without = []string{".git", "testdata", "node_modules", "securitydoc"}

// isTest reports whether a file holds tests: storagetest's are called by those of
// the backends.
func isTest(file string) bool {
	return strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "storage/storagetest/") && strings.HasSuffix(file, ".go")
}

// scan finds the tests of each requirement in the test files below root: by the
// names of functions, and of subtests that are written as strings.
func scan(root string) (map[string][]shown, error) {
	found := map[string][]shown{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root && slices.Contains(without, name) {
			return fs.SkipDir
		}
		file, err := filepath.Rel(root, path)
		if err != nil || entry.IsDir() || !isTest(filepath.ToSlash(file)) {
			return err
		}
		return scanFile(path, filepath.ToSlash(file), found)
	})
	for _, tests := range found {
		slices.SortFunc(tests, func(a, b shown) int { return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.name, b.name)) })
	}
	return found, err
}

func scanFile(path, file string, found map[string][]shown) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	add := func(name string) {
		for _, id := range idsOf(name) {
			if test := (shown{file, name}); !slices.Contains(found[id], test) {
				found[id] = append(found[id], test)
			}
		}
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if strings.HasPrefix(n.Name.Name, "Test") || strings.HasPrefix(n.Name.Name, "Fuzz") {
				add(n.Name.Name)
			}
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				add(text)
			}
		}
		return true
	})
	return nil
}
