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

// scan finds the tests of each requirement in the test files below root: by the
// names of functions, and of subtests that are written as strings.
func scan(root string) (map[string][]shown, error) {
	found := map[string][]shown{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := filepath.Rel(root, path)
		if err != nil {
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
	for _, decl := range parsed.Decls {
		function, ok := decl.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(function.Name.Name, "Test") && !strings.HasPrefix(function.Name.Name, "Fuzz") {
			continue
		}
		add(function.Name.Name)
		ast.Inspect(function, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			if text, err := strconv.Unquote(literal.Value); err == nil && ids.MatchString(text) {
				add(text)
			}
			return true
		})
	}
	return nil
}
