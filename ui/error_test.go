package ui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/locale"
)

// TestErrorsAreTranslated looks through the code for errors with a key: each has
// its texts, and the English ones are those that stand in the code.
func TestErrorsAreTranslated(t *testing.T) {
	english := locale.New().Match(locale.English)
	found := 0
	for _, root := range []string{"../internal/web", "../op", "../login", "../admin/console", "."} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				texts := fields(n)
				key, keyed := texts["Key"]
				if _, titled := texts["Title"]; !titled || !keyed {
					return true
				}
				found++
				for field, suffix := range map[string]string{"Title": ".title", "Detail": ".detail"} {
					if want, got := texts[field], english.Get("error."+key+suffix); got != want {
						t.Errorf("%s: the %s of %q is %q in the code and %q in en.json", path, field, key, want, got)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 10 {
		t.Errorf("only %d errors with a key were found", found)
	}
}

// fields returns the literal texts of a composite literal such as web.Error{…}.
func fields(n ast.Node) map[string]string {
	literal, ok := n.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	texts := map[string]string{}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		name, named := pair.Key.(*ast.Ident)
		value, literal := pair.Value.(*ast.BasicLit)
		if !named || !literal || value.Kind != token.STRING {
			continue
		}
		if text, err := strconv.Unquote(value.Value); err == nil {
			texts[name.Name] = text
		}
	}
	return texts
}
