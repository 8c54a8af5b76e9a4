package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unwatched are the patterns of the Makefile by which packages are kept from the race
// detector.
func unwatched(t *testing.T) *regexp.Regexp {
	t.Helper()
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := strings.Cut(string(makefile), "\nUNWATCHED := -e ")
	list, _, _ = strings.Cut(list, "\n")
	if !found || list == "" {
		t.Fatal("the Makefile does not say what is unwatched")
	}
	patterns := strings.Split(strings.NewReplacer("'", "", "$$", "$").Replace(list), " -e ")
	return regexp.MustCompile(strings.Join(patterns, "|"))
}

// TestImportWhatIsUnwatchedSharesNothing: a package whose tests run without the race
// detector starts no goroutine and holds no lock, so that nothing in it can race.
func TestImportWhatIsUnwatchedSharesNothing(t *testing.T) {
	t.Parallel()
	patterns, files := unwatched(t), 0
	harness := regexp.MustCompile(`^/(test|internal/testenv)(/|$)`) // watches nodes from outside
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && path != "..") {
			return fs.SkipDir
		}
		folder := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "..")
		if entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || harness.MatchString(folder) || !patterns.MatchString(folder) {
			return nil
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			if spec.Path.Value == `"sync/atomic"` {
				t.Errorf("%s imports sync/atomic: watch it", path)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine: watch it", path)
			case *ast.SelectorExpr:
				of, ok := n.X.(*ast.Ident)
				if ok && of.Name == "sync" && !strings.HasPrefix(n.Sel.Name, "Once") && n.Sel.Name != "Map" {
					t.Errorf("%s has a sync.%s: watch it", path, n.Sel.Name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Errorf("only %d files were looked at", files)
	}
}
