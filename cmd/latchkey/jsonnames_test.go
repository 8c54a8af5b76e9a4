package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

const jsonFile = "../../docs/json.md"

// jsonRuns are command lines that print JSON, by command: each takes the one after it as it
// leaves the installation, so what ends something is last.
func (f *filled) jsonRuns(t *testing.T) [][]string {
	mcp, _ := mcpWorld(t, nil)
	return [][]string{
		{"audit list"}, {"audit verify"}, {"client list"}, {"client show", "wiki"}, {"client show", f.app}, {"client test", "wiki"},
		{"client registration-token create", "--note", "for the build"}, {"client registration-token list"}, {"config status"},
		{"config diff", "--against", f.other}, {"config apply", "--dry-run", "--config", f.other}, {"doctor"}, {"doctor mcp", mcp}, {"events list"}, {"explain", "ada", "wiki"},
		{"grant list", "--all"}, {"group list"}, {"group show", "人事部"}, {"invite list", "--all"}, {"keys list"}, {"keys reseal"}, {"outbox list"},
		{"session list"}, {"trace", "r1"}, {"user list"}, {"user sessions", "ada"}, {"user show", "ada"},
		{"user import", "--format", "jsonl", "--apply", f.source}, {"client add-secret", f.app}, {"client rotate-secret", f.app}, {"keys rotate"}, {"keys revoke", f.key, "--now"},
		{"lockdown", "--client", "wiki", "--reason", "leaked", "--yes"}, {"lockdown", "ada", "--reason", "stolen", "--help-desk", "--yes"}, {"lockdown", "--all", "--reason", "broken into", "--yes"},
	}
}

// anybodys are fields whose names inside are those of an installation, or of a specification.
var anybodys = map[string]bool{"attributes": true, "resealed": true, "id_token": true, "userinfo": true, "access_token": true, "jwks": true}

// namesIn notes what an object of JSON has, by the path of each name, with its type.
func namesIn(names map[string]string, path string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, inside := range v {
			at := strings.TrimPrefix(path+"."+name, ".")
			if kind := kindOf(inside); kind != "list" || names[at] == "" { // of what, an empty list does not tell
				names[at] = kind
			}
			if !anybodys[name] {
				namesIn(names, at, inside)
			}
		}
	case []any:
		for _, one := range v {
			if _, is := one.(map[string]any); is {
				namesIn(names, path+"[]", one)
			}
		}
	}
}

func kindOf(value any) string {
	switch v := value.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case map[string]any:
		return "object"
	case []any:
		if len(v) == 0 {
			return "list"
		}
		return "list of " + kindOf(v[0])
	}
	return "null"
}

// tamper changes an event behind our back, which `audit verify` finds.
func (f *filled) tamper(t *testing.T) {
	t.Helper()
	f.must(t, "audit", "export") // which links what waits
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(f.boot.cfg.Database.URL.Reveal(), "sqlite://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), `UPDATE audit_events SET detail = 'never happened' WHERE id = (SELECT MIN(id) FROM audit_events)`); err != nil {
		t.Fatal(err)
	}
}

// TestJSONNamesStay runs every command that prints JSON on an installation that has one of
// everything, and holds the names and types that it prints to docs/json.md: scripts rely on
// them. What is printed is also what the types that docs/commands.md is made of have.
func TestJSONNamesStay(t *testing.T) {
	f := newFilled(t)
	f.tamper(t)
	printed := map[string]map[string]string{}
	for _, line := range f.jsonRuns(t) {
		path := line[0]
		args := slices.Concat(strings.Fields(path), line[1:], []string{"--json"})
		if path != "doctor mcp" && !slices.Contains(args, "--config") {
			args = append(args, "--config", f.file)
		}
		_, out, errs := latchkeyRun(t, args...)
		names := printed[path]
		if names == nil {
			names = map[string]string{}
			printed[path] = names
		}
		objects, each := 0, ""
		for lines := json.NewDecoder(strings.NewReader(out)); ; objects++ {
			var value any
			if err := lines.Decode(&value); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s prints no JSON: %v\n%s%s", path, err, out, errs)
			}
			if list, is := value.([]any); is {
				each = "a list of"
				value = map[string]any{"": list}
			}
			namesIn(names, "", value)
		}
		if list := jsonForms[path].each; objects == 0 || list == "" && (each != "" || objects > 1) || list == "a list of" && each == "" {
			t.Errorf("%s prints %d objects, %q, and is said to print %q\n%s%s", path, objects, each, list, out, errs)
		}
	}
	written, err := os.ReadFile(jsonFile)
	text := jsonText(t, printed)
	if *updateCommands {
		err = os.WriteFile(jsonFile, []byte(text), 0o644)
		written = []byte(text)
	}
	if err != nil || string(written) != text {
		t.Errorf("docs/json.md is not what commands print (%v): a name that is gone or has another type breaks scripts. "+
			"If it is meant, run go test ./cmd/latchkey -run TestJSONNamesStay -update", err)
	}
	for path := range jsonForms {
		if printed[path] == nil {
			t.Errorf("nobody runs %s --json", path)
		}
	}
}

const jsonHead = `# What commands print with --json

Each name with its type, as the commands print it on an installation that has one of everything; this page is made from what they
print. Names and types stay as they are; fields may be added, so let your program ignore what it does not know. A field that has no
value may be left out: [commands.md](commands.md) lists those too that no run printed. Times are RFC 3339, in UTC. ` + "`[]`" + ` stands for each
object of a list, and names inside an object whose names are those of an installation or of a specification are not listed.
`

func jsonText(t *testing.T, printed map[string]map[string]string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(jsonHead)
	for _, path := range slices.Sorted(maps.Keys(printed)) {
		fmt.Fprintf(&b, "\n## %s\n\n| name | type |\n|---|---|\n", path)
		known, names := formNames(path), printed[path]
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if name == "" {
				continue
			}
			kind := names[name]
			if name = strings.TrimPrefix(name, "[]."); !slices.Contains(known, name) {
				t.Errorf("%s prints %s, which is in no type of jsonForms", path, name)
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", name, kind)
		}
	}
	return b.String()
}
