package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/cmd/internal/eventfeed"
	"github.com/latchkey-id/latchkey/cmd/internal/explain"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/spf13/cobra"
)

var updateCommands = flag.Bool("update", false, "write docs/commands.md")

const commandsFile = "../../docs/commands.md"

// jsonForms are what commands print with --json: the one list of the forms that scripts
// rely on. A command that has the flag is here.
var jsonForms = map[string]struct {
	// each says that it prints one object a line, or a list of them.
	each string
	// forms are the types of the objects: more than one where that depends on a flag.
	forms []any
}{
	"audit list":                       {"lines of", []any{eventfeed.Event{}}},
	"audit verify":                     {"", []any{shownReport{}}},
	"client add-secret":                {"", []any{newClientSecret{}}},
	"client list":                      {"a list of", []any{shownClient{}}},
	"client registration-token create": {"", []any{issuedToken{}}},
	"client registration-token list":   {"a list of", []any{issuedToken{}}},
	"client rotate-secret":             {"", []any{newClientSecret{}}},
	"client show":                      {"", []any{shownClient{}}},
	"client test":                      {"", []any{clientTest{}}},
	"config apply":                     {"a list of", []any{consequence{}}},
	"config diff":                      {"a list of", []any{consequence{}}},
	"config status":                    {"", []any{configStatus{}}},
	"doctor":                           {"a list of", []any{diagnosis{}}},
	"doctor mcp":                       {"a list of", []any{diagnosis{}}},
	"events list":                      {"a list of", []any{shownFeed{}}},
	"explain":                          {"", []any{explain.Answer{}}},
	"grant list":                       {"a list of", []any{shownGrant{}}},
	"group list":                       {"lines of", []any{shownGroup{}}},
	"group show":                       {"", []any{shownGroup{}}},
	"invite list":                      {"a list of", []any{shownInvitation{}}},
	"keys list":                        {"a list of", []any{shownKey{}}},
	"keys reseal":                      {"", []any{resealed{}}},
	"keys revoke":                      {"a list of", []any{shownKey{}}},
	"keys rotate":                      {"a list of", []any{shownKey{}}},
	"lockdown":                         {"", []any{lockedDown{}, lockedClient{}, lockedEverybodyDown{}}},
	"outbox list":                      {"a list of", []any{shownMessage{}}},
	"session list":                     {"a list of", []any{shownSession{}}},
	"trace":                            {"lines of", []any{eventfeed.Event{}}},
	"user import":                      {"lines of", []any{subject{}}},
	"user list":                        {"lines of", []any{shownUser{}}},
	"user sessions":                    {"a list of", []any{shownSession{}}},
	"user show":                        {"", []any{shownPerson{}}},
}

// formNames are the names of the fields of what a command prints, each once.
func formNames(path string) (names []string) {
	for _, form := range jsonForms[path].forms {
		for _, name := range fieldsOf(reflect.TypeOf(form)) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// leaves are the commands that do something, by their paths without the program's name.
func leaves(cmd *cobra.Command) map[string]*cobra.Command {
	found := map[string]*cobra.Command{}
	for _, sub := range cmd.Commands() {
		for path, leaf := range leaves(sub) {
			found[path] = leaf
		}
		if isGroup(sub) {
			continue
		}
		_, path, _ := strings.Cut(sub.CommandPath(), " ")
		found[path] = sub
	}
	return found
}

// isGroup reports whether a command does nothing but hold others.
func isGroup(cmd *cobra.Command) bool {
	_, marked := cmd.Annotations[groupOfCommands]
	return marked
}

// fieldsOf are the names of a JSON object's fields, and the paths of those inside it: [] is
// each object of a list.
func fieldsOf(t reflect.Type) (names []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.Implements(reflect.TypeFor[json.Marshaler]()) {
		return nil
	}
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		within := ""
		if name != "" {
			add(name)
			within = name + "."
			if f.Type.Kind() == reflect.Slice {
				within = name + "[]."
			}
		}
		if name != "" || f.Anonymous {
			for _, inside := range fieldsOf(f.Type) {
				add(within + inside)
			}
		}
	}
	return names
}

// commandsText is the documentation of every command, as its own help has it.
func commandsText(t *testing.T) string {
	var b bytes.Buffer
	b.WriteString(commandsHead)
	all := leaves(rootCommand())
	paths := make([]string, 0, len(all))
	for path := range all {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		cmd := all[path]
		said := cmd.Long
		if said == "" {
			said = cmd.Short + "."
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n    %s\n", path, said, strings.TrimSuffix(cmd.UseLine(), " [flags]"))
		if usage := strings.TrimRight(cmd.LocalFlags().FlagUsages(), "\n"); usage != "" {
			b.WriteString("\n")
			for _, line := range strings.Split(usage, "\n") {
				b.WriteString("    " + strings.TrimRight(line, " ") + "\n")
			}
		}
		b.WriteString("\n" + strings.ReplaceAll(strings.TrimRight("  "+strings.TrimLeft(cmd.Example, " "), "\n"), "  latchkey", "    latchkey") + "\n")
		form, known := jsonForms[path]
		if asks := cmd.Flags().Lookup("json") != nil; asks != known {
			t.Errorf("%s has --json: %v, and its form is known: %v", path, asks, known)
		}
		if known {
			fmt.Fprintf(&b, "\nWith `--json` it prints %s\n`%s`.\n", strings.TrimSpace(form.each+" objects with the fields")+":", strings.Join(formNames(path), "`, `"))
		}
	}
	return b.String()
}

const commandsHead = `# Commands

Every command, as its own help says it (` + "`latchkey COMMAND --help`" + `). This page is made from the binary.

USER is an id, an email address or a username. Whatever acts on an installation takes ` + "`--config FILE`" + ` of the server (or the
environment variable LATCHKEY_CONFIG), or ` + "`--data DIR`" + ` of ` + "`latchkey dev`" + `.

Names in JSON stay as they are; fields may be added ([json.md](json.md) has each with its type). Times are RFC 3339, in UTC; a field that has no value may be left out.
Lists fit the terminal that they are read at: what does not fit is cut, or shown below one another. A pipe gets each row in one line and
whole. Neither gets colors, nor what strangers put into names to be obeyed by a terminal.
What takes something away for good asks at a terminal, wants ` + "`--yes`" + ` in scripts, and says with ` + "`--dry-run`" + ` what it would do.

| exit status | |
|---|---|
| 0 | done |
| 1 | refused by a rule, or not found; ` + "`doctor`, `audit verify`, `config status`" + `: something is wrong |
| 2 | the command line is wrong; the message names the command |
| 3 | a store does not answer |
| 4 | a key is missing, so that nobody can tell |

` + "`latchkey completion bash`" + ` (also zsh, fish, powershell) prints what lets a shell complete commands, flags, people, groups and clients.
`

// docs/commands.md says what the binary does.
func TestCommandsDocumentation(t *testing.T) {
	text := commandsText(t)
	if *updateCommands {
		if err := os.WriteFile(commandsFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(commandsFile)
	if err != nil || string(written) != text {
		t.Errorf("docs/commands.md is not what the binary says (%v): run go test ./cmd/latchkey -run TestCommandsDocumentation -update", err)
	}
}

// example is a word for each that a usage line names.
var example = map[string]string{
	"USER": "ada@example.com", "CLIENT": "wiki", "SID": "0123456789abcdef0123456789abcdef", "GROUP": "staff", "NAME": "staff", "KID": "k", "FILE": "people.csv", "ID": "0123456789abcdef0123456789abcdef",
}

// A wrong flag ends every command with 2, and says of which command it was.
func TestEveryCommandRefusesAWrongFlag(t *testing.T) {
	for path := range leaves(rootCommand()) {
		status, _, errs := latchkeyRun(t, append(strings.Fields(path), "--no-such-flag")...)
		if status != exitUsage || !strings.Contains(errs, "latchkey "+path+": ") || !strings.Contains(errs, "no-such-flag") {
			t.Errorf("%s --no-such-flag = %d %s", path, status, errs)
		}
	}
}

// A store that does not answer ends every command that needs it with 3: those that read
// lists, and those that change what they are told of.
func TestEveryCommandSaysThatItsStoreIsAway(t *testing.T) {
	s := serveConfig(t, "postgres://127.0.0.1:1/nowhere?connect_timeout=1&sslmode=disable")
	uncovered := map[string]bool{}
	for path, cmd := range leaves(rootCommand()) {
		uncovered[path] = cmd.Flags().Lookup("config") != nil && cmd.Flags().Lookup("data") != nil && !storeless[path]
	}
	maps.DeleteFunc(uncovered, func(_ string, opens bool) bool { return !opens })
	for line, flags := range map[string]string{
		"user list": "", "user show USER": "", "user create": "--email x@example.com", "user disable USER": "", "user enable USER": "", "user edit USER": "--name X",
		"user delete USER": "--yes", "user keep USER": "", "user unlock USER": "", "user reset-mfa USER": "--reason x", "user reset-password USER": "", "user set-roles USER": "",
		"user sessions USER": "", "user end-sessions USER": "--yes", "user revoke-grants USER": "--yes", "user verify-email USER": "", "user export": "",
		"group list": "", "group show NAME": "", "group create NAME": "", "group delete NAME": "", "group add GROUP USER": "", "group remove GROUP USER": "", "group edit NAME": "--description x", "group set-roles NAME": "",
		"session list": "", "session end USER SID": "", "session list USER": "", "grant list": "", "grant revoke USER CLIENT": "--yes", "grant revoke": "--client wiki --yes",
		"audit list": "", "audit export": "", "audit verify": "", "outbox list": "", "outbox retry": "", "keys list": "", "keys rotate": "", "keys reseal": "", "keys revoke KID": "--now",
		"events list": "", "invite create": "--email x@example.com", "admin invite": "--email x@example.com", "lockdown USER": "--reason x --yes", "lockdown": "--client wiki --reason x --yes",
		"explain USER CLIENT": "", "trace ID": "", "migrate status": "", "migrate up": "", "config status": "", "epoch raise": "--reason x --yes", "doctor": "",
		"invite list": "", "invite revoke ID": "--yes", "client list": "", "client delete nobody": "--yes", "client show nobody": "", "client test nobody": "",
		"client add-secret nobody": "", "client rotate-secret nobody": "", "client registration-token create": "", "client registration-token list": "",
		"client registration-token revoke ID": "--yes", "events replay stream": "--after 0 --yes", "config diff": "", "config apply": "", "user import -": "--format csv --apply",
	} {
		args := strings.Fields(line)
		for path := range uncovered {
			if strings.HasPrefix(line+" ", path+" ") {
				delete(uncovered, path)
			}
		}
		for i, word := range args {
			if with, ok := example[word]; ok {
				args[i] = with
			}
		}
		args = append(append(args, strings.Fields(flags)...), "--config", s)
		if status, _, errs := latchkeyRun(t, args...); status != exitUnreachable {
			t.Errorf("latchkey %s = %d %s", strings.Join(args, " "), status, errs)
		}
	}
	for path := range uncovered {
		t.Errorf("nobody tries %s without its store", path)
	}
}

// storeless are commands of an installation that open none of its stores, or, as backup and
// restore, only a file of SQLite; dev and serve wait for theirs.
var storeless = map[string]bool{"mail test": true, "sms test": true, "events test": true, "backup": true, "restore": true, "dev": true, "serve": true}

// serveConfig writes a configuration of a database.
func serveConfig(t *testing.T, database string) string {
	t.Helper()
	t.Setenv("KEY_A", keyA)
	t.Setenv("KEY_B", keyB)
	file := t.TempDir() + "/latchkey.yaml"
	text := fmt.Sprintf(`
issuer: https://id.example.com
trusted_proxies: [10.0.0.0/8]
database: {url: %q}
secrets:
  sealing_keys: [{id: k1, key: env:KEY_A}]
  hash_keys: [{id: p1, key: env:KEY_B}]
clients: [{id: wiki, name: Wiki, type: public, redirect_uris: [https://wiki.example.com/cb]}]
`, database)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// What is not there, or refused by a rule, ends a command with 1, and what was done with 0.
func TestCommandsTellRefusalFromSuccess(t *testing.T) {
	file := serveConfig(t, "sqlite://"+t.TempDir()+"/latchkey.db")
	for _, step := range []struct {
		line   string
		status int
	}{
		{"user list", exitRefused}, {"migrate up", 0}, {"user list", 0}, {"user show nobody", exitRefused}, {"user create --email ada@example.com", 0},
		{"user create --email ada@example.com", exitRefused}, {"user disable ada@example.com", 0}, {"user disable ada@example.com", exitRefused},
		{"group create staff", 0}, {"group create staff", exitRefused}, {"group show nobody", exitRefused}, {"session list nobody", exitRefused},
		{"grant revoke ada@example.com wiki --yes", exitRefused}, {"client show nobody", exitRefused}, {"client show wiki", 0}, {"trace nothing", exitRefused},
		{"explain ada@example.com wiki", 0}, {"explain ada@example.com nobody", exitRefused}, {"keys revoke nothing --now", exitRefused},
		{"user delete ada@example.com", exitUsage}, {"user delete ada@example.com --yes", 0}, {"lockdown ada@example.com", exitUsage},
		{"outbox retry", 0}, {"events replay stream --after 0 --yes", exitRefused}, {"events test nobody", exitRefused},
	} {
		if status, _, errs := latchkeyRun(t, append(strings.Fields(step.line), "--config", file)...); status != step.status {
			t.Errorf("latchkey %s = %d %s, want %d", step.line, status, errs, step.status)
		}
	}
	if got := exitStatus(storage.ErrUnknownKey); got != exitUncheckable {
		t.Errorf("an unknown key is %d", got)
	}
}
