package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// ageFilter is how old what is wanted is, at least.
type ageFilter struct{ begun, unused string }

func (f *ageFilter) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.begun, "older-than", "", "only those that began longer ago than this `time`, such as 30d or 12h")
	cmd.Flags().StringVar(&f.unused, "unused-for", "", "only those not used for this `time`, such as 90d")
}

// isSet reports whether the filter says anything.
func (f *ageFilter) isSet() bool { return f.begun != "" || f.unused != "" }

// read returns the filter: of what began and was last used when.
func (f *ageFilter) read(now time.Time) (func(begun, used time.Time) bool, error) {
	beganBefore, err := agoOf("--older-than", f.begun, now)
	if err != nil {
		return nil, err
	}
	usedBefore, err := agoOf("--unused-for", f.unused, now)
	if err != nil {
		return nil, err
	}
	return func(begun, used time.Time) bool {
		return (f.begun == "" || begun.Before(beganBefore)) && (f.unused == "" || used.Before(usedBefore))
	}, nil
}

// agoOf reads how long ago: days, or what time.ParseDuration reads.
func agoOf(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	ago, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		ago = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || ago < 0 || ago > 100*365*24*time.Hour {
		return time.Time{}, usagef("%s %q is not a time; write it like 30d or 12h", flag, text)
	}
	return now.Add(-ago), nil
}

// selection says which sessions or grants a command is about: those of one person, or of
// everybody, of a client, of an age.
type selection struct {
	from   storeFlags
	client string
	age    ageFilter
}

func (s *selection) register(cmd *cobra.Command, client string) {
	s.from.register(cmd)
	cmd.Flags().StringVar(&s.client, "client", "", client)
	s.age.register(cmd)
}

// describe says in output what is selected.
func (s *selection) describe() string {
	var words string
	if s.client != "" {
		words += " of " + s.client
	}
	if s.age.begun != "" {
		words += fmt.Sprintf(" that began longer than %s ago", s.age.begun)
	}
	if s.age.unused != "" {
		words += " that were not used for " + s.age.unused
	}
	return words
}
