package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// documented is a command line that a document shows.
type documented struct {
	file string
	line int
	text string
	// whole says that it stands on a line of its own, to be copied; in running text it may
	// name a command without its arguments.
	whole bool
}

var (
	inlineCode   = regexp.MustCompile("`((?:bin/|\\./)?latchkey [^`]+)`")
	commandStart = regexp.MustCompile(`(?:^|[|;&(] ?|^[A-Z_]+=\S+ )(?:\S*/)?latchkey +(.*)$`)
	substituted  = regexp.MustCompile(`\$\([^)]*\)`)
	number       = regexp.MustCompile(`(^| )N( |$)`)
	quoted       = regexp.MustCompile(`"[^"]*"|'[^']*'`)
	ending       = regexp.MustCompile(`\s[|>#·;]|\s2>|;|\s&&|\s\|\||\)$`)
	optional     = regexp.MustCompile(`[\[\]]`)
)

// documentedCommands are the command lines of a document: of its blocks and of its text.
func documentedCommands(file, text string) (found []documented) {
	fenced := ""
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "```") {
			if fenced == "" {
				fenced = trimmed
			} else {
				fenced = ""
			}
			continue
		}
		block := fenced != "" || strings.HasPrefix(line, "    ")
		for _, span := range inlineCode.FindAllStringSubmatch(line, -1) {
			found = append(found, documented{file: file, line: i + 1, text: span[1]})
		}
		if block && !strings.Contains(line, "`latchkey") {
			if m := commandStart.FindStringSubmatch(trimmed); m != nil && !strings.HasPrefix(trimmed, "#") {
				found = append(found, documented{file: file, line: i + 1, text: "latchkey " + m[1], whole: true})
			}
		}
	}
	return found
}

// words are those of a command line up to what the shell does with it.
func (d documented) words() []string {
	text := quoted.ReplaceAllStringFunc(d.text, func(s string) string { return strings.ReplaceAll(s[1:len(s)-1], " ", "_") + "_" })
	text = number.ReplaceAllString(substituted.ReplaceAllString(text, "x"), "${1}1${2}")
	if at := ending.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	text = strings.TrimSuffix(optional.ReplaceAllString(text, ""), "\\")
	return strings.Fields(text)[1:]
}

// wrong says why a command line cannot be given; empty where it can.
func (d documented) wrong() string {
	words := d.words()
	if i := slices.IndexFunc(words, func(w string) bool { return strings.Contains(w, "…") || w == "..." }); i >= 0 {
		words, d.whole = words[:i], false
	}
	cmd, rest, err := rootCommand().Find(words)
	if err != nil {
		return err.Error()
	}
	if isGroup(cmd) {
		if d.whole || len(rest) > 0 && !isPlaceholder(rest[0]) {
			return "no such command"
		}
		return ""
	}
	if !d.whole { // a value may be left out, as in `--reason`
		return unknownFlag(cmd, rest)
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err.Error()
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return err.Error()
	}
	if err := cmd.ValidateRequiredFlags(); err != nil {
		return err.Error()
	}
	return ""
}

func isPlaceholder(word string) bool { return word == "COMMAND" || strings.HasPrefix(word, "-") }

func unknownFlag(cmd *cobra.Command, words []string) string {
	for _, word := range words {
		name, isFlag := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(name, "=")
		if isFlag && name != "help" && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
			return "unknown flag: --" + name
		}
	}
	return ""
}

// TestDocumentsShowCommandsThatExist: every command line of every document and recipe,
// and of what doctor and errors tell people to run, is one that the binary takes.
func TestDocumentsShowCommandsThatExist(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/*/*.md", "../../docs/llms.txt", "../../deploy/*/*.md", "*.go", "../internal/*/*.go", "../../config/*.go", "../../op/*.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	checked, runbooks := 0, 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, "CHANGELOG.md") || strings.HasSuffix(file, "commands.md") { // made from the binary
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		commands := documentedCommands(file, string(text))
		if strings.HasSuffix(file, ".go") { // what is code is no document
			commands = slices.DeleteFunc(commands, func(d documented) bool { return d.whole })
		}
		for _, d := range commands {
			checked++
			if strings.HasSuffix(file, "runbooks.md") {
				runbooks++
			}
			if why := d.wrong(); why != "" {
				t.Errorf("%s:%d: `%s`: %s", strings.TrimPrefix(d.file, "../../"), d.line, d.text, why)
			}
		}
	}
	if checked < 150 || runbooks < 20 {
		t.Errorf("%d command lines were found, %d of them in the run-books: are they still read?", checked, runbooks)
	}
}

// TestCommandsAreReadOutOfDocuments: what is wrong in a document is found.
func TestCommandsAreReadOutOfDocuments(t *testing.T) {
	for text, wrong := range map[string]bool{
		"    latchkey user disable USER --reason \"left us\"": false,
		"    latchkey user disable USER --because x":          true,
		"    latchkey user dissable USER":                     true,
		"    latchkey user disable":                           true,
		"    latchkey user":                                   true,
		"    latchkey keys list | head # all":                 false,
		"Use `latchkey user disable --reason`.":               false,
		"Use `latchkey user disable --raeson`.":               true,
		"See `latchkey user …`.":                              false,
		"```sh\nbin/latchkey doctor --jsn\n```":               true,
	} {
		found := documentedCommands("a.md", text)
		if len(found) != 1 || (found[0].wrong() != "") != wrong {
			t.Errorf("%s: %+v", text, found)
		}
	}
}
