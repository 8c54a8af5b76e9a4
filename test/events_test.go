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

// TestLG1_EveryKindOfEventIsWritten shows that no kind of security event is
// declared and forgotten: the code names each of them somewhere.
func TestLG1_EveryKindOfEventIsWritten(t *testing.T) {
	t.Parallel()
	declared := map[string]bool{} // whether it is used
	file, err := parser.ParseFile(token.NewFileSet(), "../storage/event.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == "EventType" {
				declared[spec.Names[0].Name] = false
			}
		}
		return true
	})
	if len(declared) < 20 {
		t.Fatalf("only %d kinds of events were found", len(declared))
	}
	name := regexp.MustCompile(`storage\.(Event[A-Za-z]+)`)
	for _, room := range []string{"account", "cmd", "keys", "login", "mfa", "op", "storage"} {
		err := filepath.WalkDir(filepath.Join("..", room), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "storagetest") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, found := range name.FindAllSubmatch(text, -1) {
				declared[string(found[1])] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for kind, used := range declared {
		if !used {
			t.Errorf("%s is written nowhere", kind)
		}
	}
}
