package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// destroy are the flags of a command that takes something away for good.
type destroy struct{ yes, dryRun bool }

func (d *destroy) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&d.yes, "yes", false, "do it without asking")
	cmd.Flags().BoolVar(&d.dryRun, "dry-run", false, "only say what would happen")
}

// goes says what is about to happen and reports whether it may: at a terminal a person
// is asked, and a script has to say --yes.
func (d *destroy) goes(cmd *cobra.Command, format string, args ...any) (bool, error) {
	what := fmt.Sprintf(format, args...)
	if d.dryRun {
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "would %s\n", what)
		return false, err
	}
	if d.yes {
		return true, nil
	}
	in, ok := cmd.InOrStdin().(*os.File)
	if info, err := statOf(in); !ok || err != nil || info.Mode()&os.ModeCharDevice == 0 || in.Name() == os.DevNull {
		return false, usagef("this would %s: add --yes where nobody can be asked", what)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "This will %s. Go on? [y/N] ", what)
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return false, fmt.Errorf("nothing was done")
	}
	return true, nil
}

func statOf(f *os.File) (os.FileInfo, error) {
	if f == nil {
		return nil, os.ErrInvalid
	}
	return f.Stat()
}
