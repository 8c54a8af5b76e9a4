package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// destroys marks commands that take something away: see [destroy.register].
const destroys = "destroys"

// destroy are the flags of a command that takes something away.
type destroy struct{ yes, dryRun bool }

func (d *destroy) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&d.yes, "yes", false, "do not ask for confirmation")
	cmd.Flags().BoolVar(&d.dryRun, "dry-run", false, "only show what would happen")
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[destroys] = ""
}

// goes says what is about to happen and reports whether it may: at a terminal a person
// is asked, and a script has to say --yes.
func (d *destroy) goes(cmd *cobra.Command, format string, args ...any) (bool, error) {
	what := fmt.Sprintf(format, args...)
	if !d.decided() && !isTerminal(cmd.InOrStdin()) {
		return false, usagef("this would %s: add --yes to confirm without a terminal", what)
	}
	return d.agreed(cmd, what)
}

// gently is goes for what scripts do without --yes: what can be given back, or has
// another flag that means it.
func (d *destroy) gently(cmd *cobra.Command, format string, args ...any) (bool, error) {
	if !d.decided() && !isTerminal(cmd.InOrStdin()) {
		return true, nil
	}
	return d.agreed(cmd, fmt.Sprintf(format, args...))
}

// decided reports whether the command line says itself what happens.
func (d *destroy) decided() bool { return d.yes || d.dryRun }

// agreed asks where the command line does not say. The end of the input is no, as is
// everything but yes.
func (d *destroy) agreed(cmd *cobra.Command, what string) (bool, error) {
	if d.dryRun {
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "would %s\n", what)
		return false, err
	}
	if d.yes {
		return true, nil
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "This will %s. Continue? [y/N] ", what)
	answer, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return false, errors.New("nothing was done")
	}
	return true, nil
}
