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
	answer, err := readLine(cmd, bufio.NewReader(cmd.InOrStdin()))
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return false, errors.New("nothing was done")
	}
	return true, nil
}

// readLine reads an answer, or gives up when the command is to end: nobody should have to
// press Ctrl-C twice to get out of a question.
func readLine(cmd *cobra.Command, in *bufio.Reader) (string, error) {
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() { // ends with the process where nothing more is typed
		text, err := in.ReadString('\n')
		read <- line{text, err}
	}()
	select {
	case <-cmd.Context().Done():
		return "", errors.New("interrupted: nothing was done")
	case l := <-read:
		if l.err != nil {
			return l.text, fmt.Errorf("read the answer: %w", l.err)
		}
		return l.text, nil
	}
}
