package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// checked is one of the module's packages, tests aside, with its types.
type checked struct {
	path, room string
	files      []*ast.File
	types      *types.Package
	info       *types.Info
}

// typed are the module's packages by their path. Other modules' packages are taken
// as empty, and what is said of them as unknown: the guards ask about our own types
// alone, and reading only our own files takes a second.
type typed struct {
	files    map[string][]*ast.File
	set      *token.FileSet
	packages map[string]*checked
}

// Import is called by the type checker, for ours and for others'.
func (m *typed) Import(of string) (*types.Package, error) {
	if p, ok := m.packages[of]; ok {
		return p.types, nil
	}
	files, ours := m.files[of]
	if !ours {
		name := path.Base(of)
		if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
			name = path.Base(path.Dir(of))
		}
		empty := types.NewPackage(of, name)
		empty.MarkComplete()
		m.packages[of] = &checked{path: of, types: empty}
		return empty, nil
	}
	p := &checked{path: of, files: files, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{},
		Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
	}}
	p.room, _ = roomOf(of)
	conf := types.Config{Importer: m, Error: func(error) {}} // the compiler tells real ones
	p.types, _ = conf.Check(of, m.set, files, p.info)
	m.packages[of] = p
	return p.types, nil
}

// where names a place in the module's files.
func (m *typed) where(at token.Pos) string {
	p := m.set.Position(at)
	return strings.TrimPrefix(filepath.ToSlash(p.Filename), "../") + ":" + strconv.Itoa(p.Line)
}

// code are the packages of the module that are not for tests.
func (m *typed) code() []*checked {
	var found []*checked
	for _, p := range m.packages {
		if p.info != nil && !slices.Contains(testRooms, p.room) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b *checked) int { return strings.Compare(a.path, b.path) })
	return found
}

// typesOf checks the packages whose files are given by path.
func typesOf(set *token.FileSet, files map[string][]*ast.File) *typed {
	m := &typed{files: files, set: set, packages: map[string]*checked{}}
	for of := range files {
		_, _ = m.Import(of)
	}
	return m
}

// typesOfModule reads the module's files, tests aside.
func typesOfModule(t *testing.T) *typed {
	t.Helper()
	set, files := token.NewFileSet(), map[string][]*ast.File{}
	walkModule(t, "..", func(of, name string) error {
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		files[of] = append(files[of], file)
		return err
	})
	return typesOf(set, files)
}

// typesOfSources is the same of a module that a test makes up: code by package.
func typesOfSources(t *testing.T, sources map[string]string) *typed {
	t.Helper()
	set, files := token.NewFileSet(), map[string][]*ast.File{}
	for of, code := range sources {
		file, err := parser.ParseFile(set, of+"/newevent.go", "package "+path.Base(of)+"\n"+code, parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("parse %s: %v", of, err)
		}
		files[module+"/"+of] = append(files[module+"/"+of], file)
	}
	return typesOf(set, files)
}

// walkModule calls do with each file of the module that is not a test: its package
// and its name. It reads the files itself, whatever system they are for, so that
// `go test` knows to run this again when one changes.
func walkModule(t *testing.T, root string, do func(of, name string) error) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if file != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules" || hasModule(file)) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		return do(module+"/"+filepath.ToSlash(folder), file)
	})
	if err != nil {
		t.Fatalf("read the module's files: %v", err)
	}
}
