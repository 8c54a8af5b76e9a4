package login

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestEveryTextIsThere reads the sources of the pages: each key of a text that
// they name is in the English texts, which every other language has to match. A
// key is told by its form and its first word; it may be a stem that the source
// adds "title" and "text" to.
func TestEveryTextIsThere(t *testing.T) {
	texts := englishTexts(t)
	first := map[string]bool{}
	for key := range texts {
		word, _, _ := strings.Cut(key, ".")
		first[word] = true
	}
	form := regexp.MustCompile(`^[a-z]+(\.[a-z_]+)+$`)
	lacks := func(where, key string) {
		if _, ok := texts[key]; !ok {
			t.Errorf("%s: no text %q", where, key)
		}
	}
	keys, errors := 0, 0
	for where, n := range sources(t, ".", "pageerror", "signin", "settings", "../interaction") {
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				key, err := strconv.Unquote(n.Value)
				word, _, _ := strings.Cut(key, ".")
				if n.Kind != token.STRING || err != nil || !form.MatchString(key) || !first[word] {
					break
				}
				keys++
				if _, stem := texts[key+".title"]; stem {
					lacks(where, key+".text")
				} else {
					lacks(where, key)
				}
			case *ast.KeyValueExpr:
				name, isName := n.Key.(*ast.Ident)
				value, isText := n.Value.(*ast.BasicLit)
				if !isName || name.Name != "Key" || !isText || value.Kind != token.STRING {
					break
				}
				key, err := strconv.Unquote(value.Value)
				check(t, err)
				errors++
				lacks(where, "error."+key+".title")
				lacks(where, "error."+key+".detail")
			}
			return true
		})
	}
	for _, kind := range []string{"totp", "passkey"} { // named by the kind of factor
		lacks("enrollment", kind+".title")
		lacks("enrollment", "factor.add."+kind)
	}
	if keys < 100 || errors < 10 {
		t.Errorf("found %d keys and %d errors only: the test is blind", keys, errors)
	}
}

// englishTexts are the texts of the catalogue, by key.
func englishTexts(t *testing.T) map[string]any {
	t.Helper()
	raw, err := os.ReadFile("../internal/locale/texts/en.json")
	check(t, err)
	var texts map[string]any
	check(t, json.Unmarshal(raw, &texts))
	return texts
}

// sources parses the files of folders, tests aside.
func sources(t *testing.T, folders ...string) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for _, folder := range folders {
		names, err := filepath.Glob(filepath.Join(folder, "*.go"))
		check(t, err)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			check(t, err)
			files[name] = file
		}
	}
	return files
}

// TestEveryTextIsSaid finds texts that no page names any more. What sources
// build of two parts is told by its first part.
func TestEveryTextIsSaid(t *testing.T) {
	texts := englishTexts(t)
	var said strings.Builder
	for _, pattern := range []string{"*.go", "pageerror/*.go", "signin/*.go", "settings/*.go", "../interaction/*.go", "../ui/*.go", "../ui/templates/*.html", "../ui/templates/*/*.html", "../internal/web/*.go", "../internal/locale/*.go", "../account/message/*.go", "../op/*.go", "../admin/console/*.go", "../admin/console/templates/*.html"} {
		names, err := filepath.Glob(pattern)
		check(t, err)
		if len(names) == 0 {
			t.Fatalf("no files are %s", pattern)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			source, err := os.ReadFile(name)
			check(t, err)
			said.Write(source)
		}
	}
	sources := said.String()
	built := regexp.MustCompile(`^(event|field|scope|mail|sms)\.|^console\.type_|^factor\.(add|lead|meaning|name|use)\.|^(passkey|totp)\.title$`)
	stem, shown := regexp.MustCompile(`\.(title|text|submit|detail)$`), regexp.MustCompile(`^error\.(.+)\.(title|detail)$`)
	for key := range texts {
		named := func(text string) bool { return strings.Contains(sources, `"`+text+`"`) }
		switch {
		case built.MatchString(key), named(key), named(stem.ReplaceAllString(key, "")):
		case strings.Contains(sources, "="+key+`"`): // an option of a template's field
		case shown.MatchString(key) && regexp.MustCompile(`Key:\s+"`+shown.FindStringSubmatch(key)[1]+`"`).MatchString(sources):
		default:
			t.Errorf("nothing says %q", key)
		}
	}
}
