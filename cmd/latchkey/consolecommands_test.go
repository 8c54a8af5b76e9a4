package main

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/admin/console"
	"github.com/spf13/pflag"
)

// withoutCommand are the pages of the console that no command does the same as: numbers
// of now, the document of the API, jobs, and what is changed of clients of the database.
var withoutCommand = []string{
	"/admin", "/admin/reference", "/admin/reference/{operation}", "/admin/jobs", "/admin/people/{person}/forget-devices", "/admin/applications/new", "/admin/applications/{client}/edit",
	"/admin/applications/{client}/add-secret", "/admin/applications/{client}/secret",
}

// placeholder is what a command of the console is about, or what is typed there.
var placeholder = regexp.MustCompile(`\{\w+\}`)

// TestTheConsoleShowsCommandsThatThereAre: each page and act names an operation of the
// API and a command, which has the flags that stand there and takes as many words.
func TestTheConsoleShowsCommandsThatThereAre(t *testing.T) {
	t.Parallel()
	var operations []string
	for _, o := range api.Operations() {
		operations = append(operations, o.ID)
	}
	for _, shown := range console.Descriptions() {
		if !slices.Contains(operations, shown.Operation) {
			t.Errorf("%s is the same as %q, which is no operation", shown.Path, shown.Operation)
		}
		if (shown.Command == "") != slices.Contains(withoutCommand, shown.Path) {
			t.Errorf("%s shows the command %q", shown.Path, shown.Command)
		}
		if shown.Command == "" {
			continue
		}
		err := isCommand(shown.Command)
		if of, open := strings.CutSuffix(shown.Command, " …"); err != nil && open { // flags of whatever is to be changed
			err = isCommand(of)
		}
		if err != nil {
			t.Errorf("%s: latchkey %s: %v", shown.Path, shown.Command, err)
		}
	}
}

// isCommand reports why words are no command that can be run.
func isCommand(shown string) error {
	words := strings.Fields(placeholder.ReplaceAllString(strings.ReplaceAll(shown, "…", "word"), "word"))
	cmd, rest, err := rootCommand().Find(words)
	if err != nil {
		return err
	}
	if isGroup(cmd) {
		return errors.New("it needs another word")
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) { // a word is no number
		if f.Value.Type() != "bool" {
			f.Value = new(anything)
		}
	})
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// anything takes any value.
type anything string

func (a *anything) Set(v string) error { *a = anything(v); return nil }
func (a *anything) String() string     { return string(*a) }
func (*anything) Type() string         { return "anything" }
