package test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/latchkey-id/latchkey"

// mayImport says which rooms a room may import, besides the packages within it.
// It is "Imports lean one way" of ARCHITECTURE.md. The longest name that fits a
// package is its room.
var mayImport = map[string][]string{
	"cmd":                 {"client/document", "internal/clientcert", "internal/ident", "access", "admin", "admin/api", "admin/console", "admin/scim", "internal/locale", "internal/useragent", "account", "client", "config", "interaction", "internal/fetch", "internal/web", "keys", "login", "mfa", "migrations", "op", "storage", "storage/ephemeral", "storage/sqlstore", "ui/flash", "login/flow", "login/journal", "login/limits", "login/pageerror", "login/partial", "login/session", "login/signin", "ui"},
	"admin":               {"account"},
	"admin/api":           {"account", "admin", "client", "internal/ident", "internal/web", "keys", "mfa", "storage", "storage/ephemeral"},
	"admin/console":       {"access", "account", "admin", "admin/api", "client", "interaction", "internal/ident", "internal/locale", "internal/web", "keys", "mfa", "storage", "storage/ephemeral", "ui", "ui/flash"},
	"admin/scim":          {"account", "admin", "client", "internal/ident", "internal/web", "keys", "storage"},
	"op":                  {"internal/ident", "access", "client", "interaction", "internal/fetch", "internal/web", "keys", "mfa", "storage", "storage/ephemeral"},
	"login":               {"internal/ident", "access", "internal/locale", "internal/useragent", "account", "client", "interaction", "internal/web", "keys", "mfa", "storage", "storage/ephemeral", "ui/flash", "login/flow", "login/journal", "login/limits", "login/pageerror", "login/partial", "login/session", "login/signin", "ui"},
	"login/flow":          {"access", "client", "interaction", "mfa", "storage"},
	"login/journal":       {"account", "interaction", "internal/web", "keys", "login/pageerror", "storage"},
	"login/limits":        {"internal/ident", "internal/web", "keys", "login/pageerror", "storage"},
	"login/pageerror":     {"internal/web"},
	"login/partial":       {"interaction", "internal/web", "keys", "login/pageerror", "mfa", "storage", "storage/ephemeral"},
	"login/session":       {"account", "interaction", "internal/web", "keys", "login/flow", "login/journal", "login/pageerror", "mfa", "storage"},
	"login/signin":        {"account", "client", "interaction", "internal/ident", "internal/web", "keys", "login/limits", "login/pageerror", "ui", "mfa", "storage"},
	"ui":                  {"access", "account", "client", "internal/ident", "internal/locale", "internal/useragent", "internal/web", "keys", "mfa", "storage", "ui/flash"},
	"ui/flash":            {"interaction", "internal/locale", "internal/web", "keys", "storage", "storage/ephemeral"},
	"account":             {"internal/ident", "access", "internal/locale", "internal/useragent", "client", "internal/web", "keys", "mfa", "storage", "storage/ephemeral"},
	"access":              {"storage"},
	"client":              {"internal/ident", "access", "keys", "storage"},
	"client/document":     {"access", "client", "internal/fetch", "internal/web", "keys", "storage"},
	"interaction":         {"internal/ident", "client", "internal/web", "keys", "storage", "storage/ephemeral"},
	"mfa":                 {"internal/ident", "client", "keys", "storage", "storage/ephemeral"},
	"keys":                {"internal/ident", "storage"},
	"config":              {"internal/clientcert", "internal/ident", "access", "admin", "account", "client", "mfa", "storage"},
	"storage/sqlstore":    {"internal/ident", "migrations", "storage"},
	"storage/ephemeral":   {"internal/ident", "keys", "storage"},
	"migrations":          {},
	"internal/clientcert": {},
	"internal/fetch":      {},
	"internal/ident":      {},
	"internal/locale":     {},
	"internal/useragent":  {},
	"internal/web":        {},
	"storage":             {},
}

// importedBy are the rooms that only a few may import, whatever mayImport says: pages
// and databases are wired together in one place.
var importedBy = map[string][]string{
	"admin/api":        {"admin/console", "cmd"},
	"admin/console":    {"cmd"},
	"login":            {"cmd"},
	"login/flow":       {"cmd", "login", "login/session"},
	"login/journal":    {"cmd", "login", "login/session"},
	"login/limits":     {"cmd", "login", "login/signin"},
	"login/pageerror":  {"cmd", "login", "login/journal", "login/limits", "login/partial", "login/session", "login/signin"},
	"login/partial":    {"cmd", "login"},
	"login/session":    {"cmd", "login"},
	"login/signin":     {"cmd", "login"},
	"ui":               {"admin/console", "cmd", "login", "login/signin"},
	"ui/flash":         {"admin/console", "cmd", "login", "ui"},
	"op":               {"cmd"},
	"storage/sqlstore": {"cmd"},
}

// bare are the rooms that lean on the standard library only.
var bare = []string{"internal/web", "storage"}

// testRooms are for tests: they may import anything, and only tests may import them.
var testRooms = []string{"internal/testbrowser", "internal/testenv", "login/logintest", "storage/storagetest", "test"}

// homes says which rooms a third-party library may be imported in.
var homes = map[string][]string{
	"github.com/zitadel/oidc":       {"op"},
	"github.com/danielgtaylor/huma": {"admin/api"},
	"github.com/scim2":              {"admin/scim"},
	"github.com/spf13/viper":        {"config"},
	"github.com/uptrace/bun":        {"storage/sqlstore", "migrations"},
	"github.com/redis/rueidis":      {"storage/ephemeral"},
	"github.com/pquerna/otp":        {"mfa"},
	"github.com/go-webauthn":        {"mfa"},
	"github.com/go-jose/go-jose":    {"op", "keys", "internal/testenv"},
	"github.com/nicksnyder/go-i18n": {"internal/locale"},
	"github.com/mileusna/useragent": {"internal/useragent"},
	"github.com/go-crypt":           {"account"},
	"github.com/fsnotify":           {"config"},
	"cel.dev/cel-go":                {"access"},
	"golang.org/x/term":             {"cmd"},
	"github.com/clipperhouse":       {"cmd"},
}

// violations says which imports of a package's code, tests aside, break a rule.
func violations(path string, imports []string) []string {
	room, ok := roomOf(path)
	if !ok {
		return []string{fmt.Sprintf("%s is in no room of ARCHITECTURE.md", path)}
	}
	if slices.Contains(testRooms, room) {
		return nil
	}
	var found []string
	for _, imported := range imports {
		if why := violation(room, imported); why != "" {
			found = append(found, fmt.Sprintf("%s imports %s: %s", path, imported, why))
		}
	}
	return found
}

// violation says why code in a room may not import something; empty if it may.
func violation(room, imported string) string {
	if within(imported, module) {
		to, ok := roomOf(imported)
		switch {
		case !ok:
			return "that is in no room"
		case slices.Contains(testRooms, to):
			return "only tests may"
		case to != room && !slices.Contains(mayImport[room], to):
			return fmt.Sprintf("%s may import %v", room, mayImport[room])
		case to != room && importedBy[to] != nil && !slices.Contains(importedBy[to], room):
			return fmt.Sprintf("only %v may", importedBy[to])
		}
		return ""
	}
	for library, rooms := range homes {
		if within(imported, library) && !slices.Contains(rooms, room) {
			return fmt.Sprintf("its home is %v", rooms)
		}
	}
	first, _, _ := strings.Cut(imported, "/")
	if slices.Contains(bare, room) && strings.Contains(first, ".") {
		return room + " leans on the standard library only"
	}
	return ""
}

// roomOf returns the room of one of the module's packages.
func roomOf(path string) (room string, ok bool) {
	name, ours := strings.CutPrefix(path, module+"/")
	if !ours {
		return "", false
	}
	for candidate := name; ; {
		if _, ok := mayImport[candidate]; ok || slices.Contains(testRooms, candidate) {
			return candidate, true
		}
		i := strings.LastIndex(candidate, "/")
		if i < 0 {
			return "", false
		}
		candidate = candidate[:i]
	}
}

// within reports whether path is root or below it.
func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func TestImportsLeanOneWay(t *testing.T) {
	t.Parallel()
	packages := importsOfModule(t, "..")
	if len(packages) < len(mayImport)-3 { // not every room has to be there
		t.Errorf("found %d packages only", len(packages))
	}
	for path, imports := range packages {
		for _, found := range violations(path, imports) {
			t.Error(found)
		}
	}
}

// importsOfModule returns what each package imports, tests aside.
func importsOfModule(t *testing.T, root string) map[string][]string {
	t.Helper()
	packages := map[string][]string{}
	walkModule(t, root, func(of, name string) error {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		packages[of] = append(packages[of], importsOf(file)...)
		return nil
	})
	return packages
}

func importsOf(file *ast.File) []string {
	imports := make([]string, len(file.Imports))
	for i, spec := range file.Imports {
		imports[i] = strings.Trim(spec.Path.Value, "`\"")
	}
	return imports
}

// TestOnlyTheBinaryImportsPages: nothing leans on login or below but the binary, even
// where somebody lets a room import it.
func TestOnlyTheBinaryImportsPages(t *testing.T) {
	t.Parallel()
	rooms := slices.Collect(maps.Keys(mayImport))
	for to, allowed := range importedBy {
		for _, below := range []string{"", "/settings"} {
			for _, from := range rooms {
				wrong := len(violations(module+"/"+from, []string{module + "/" + to + below})) > 0
				if want := from != to && !slices.Contains(allowed, from); wrong != want {
					t.Errorf("%s imports %s: found wrong: %t, want %t", from, to+below, wrong, want)
				}
			}
		}
		for from, may := range mayImport {
			if slices.Contains(may, to) && !slices.Contains(allowed, from) {
				t.Errorf("%s is let import %s, which is for %v alone", from, to, allowed)
			}
		}
	}
}

// hasModule reports whether a folder is a module of its own.
func hasModule(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

func TestImportRulesFindViolations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, imported string
		wrong          bool
	}{
		{"op", module + "/login", true},
		{"login", module + "/op", true},
		{"account/password", module + "/op", true},
		{"login", module + "/account/password", false},
		{"login", module + "/mfa", false},
		{"login/settings", module + "/login", false},
		{"login/settings", module + "/login/logintest", true},
		{"mfa", module + "/login", true},
		{"op", module + "/storage/sqlstore", true},
		{"op", module + "/config", true},
		{"keys", module + "/storage", false},
		{"storage", module + "/keys", true},
		{"storage/sqlstore", module + "/storage/ephemeral", true},
		{"internal/web", module + "/storage", true},
		{"internal/web", "golang.org/x/net/html", true},
		{"storage", "github.com/google/uuid", true},
		{"storage", "encoding/json", false},
		{"cmd/latchkey", module + "/cmd/internal/demo", false},
		{"cmd/latchkey", module + "/internal/testenv", true},
		{"op", module + "/storage/storagetest", true},
		{"test/load", module + "/internal/testenv", false},
		{"op", "github.com/zitadel/oidc/v3/pkg/op", false},
		{"cmd/latchkey", "github.com/zitadel/oidc/v3/pkg/op", true},
		{"storage/ephemeral", "github.com/redis/rueidis", false},
		{"storage/sqlstore", "github.com/redis/rueidis", true},
		{"cmd/latchkey", "github.com/spf13/viper", true},
		{"login", "github.com/go-jose/go-jose/v4", true},
		{"op", module + "/attic", true},
		{"attic", "fmt", true},
	} {
		found := violations(module+"/"+c.from, []string{c.imported})
		if (len(found) > 0) != c.wrong {
			t.Errorf("%s imports %s: found %q", c.from, c.imported, found)
		}
	}
}
