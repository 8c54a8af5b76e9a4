package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/spf13/cobra"
)

// The exit statuses of every command.
const (
	exitRefused     = 1 // refused, or not found
	exitUsage       = 2 // the command line is wrong
	exitUnreachable = 3 // a store does not answer
	exitUncheckable = 4 // a key is missing, so that nobody can tell
)

// usageError says that a command line is wrong.
type usageError struct{ error }

// Unwrap returns the cause.
func (e *usageError) Unwrap() error { return e.error }

// usagef makes an error that ends the command with [exitUsage].
func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// strictUsage makes every wrong command line below cmd a [usageError]: flags,
// arguments, and subcommands that do not exist, which cobra answers with a help
// text and success.
func strictUsage(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%s: %w; `%[1]s --help` lists what it takes", cmd.CommandPath(), err)
	})
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usagef("%s: %w", cmd.CommandPath(), err)
			}
			return nil
		}
	}
	if cmd.HasSubCommands() && !cmd.Runnable() {
		cmd.Annotations = map[string]string{groupOfCommands: ""}
		cmd.Args = cobra.ArbitraryArgs
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		}
	}
	for _, sub := range cmd.Commands() {
		strictUsage(sub)
	}
}

// groupOfCommands marks a command that does nothing but hold others.
const groupOfCommands = "group"

// unknownCommand names what was probably meant.
func unknownCommand(parent *cobra.Command, typed string) error {
	parent.SuggestionsMinimumDistance = 2
	if meant := parent.SuggestionsFor(typed); len(meant) > 0 {
		return usagef("unknown command %q; did you mean `%s %s`?", typed, parent.CommandPath(), meant[0])
	}
	var known []string
	for _, sub := range parent.Commands() {
		if sub.IsAvailableCommand() {
			known = append(known, sub.Name())
		}
	}
	return usagef("unknown command %q; `%s` has %s", typed, parent.CommandPath(), strings.Join(known, ", "))
}

// exitStatus is what the process ends with after an error.
func exitStatus(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, errUncheckable), errors.Is(err, storage.ErrUnknownKey):
		return exitUncheckable
	case isUnreachable(err):
		return exitUnreachable
	}
	return exitRefused
}
