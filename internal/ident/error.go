package ident

import "fmt"

// Reason is why a text is refused.
type Reason string

// The reasons.
const (
	Malformed    Reason = "malformed"     // it does not have the form of what it should be
	TooLong      Reason = "too_long"      // it has too many characters
	Invisible    Reason = "invisible"     // it holds a character that cannot be seen or typed, or a space
	MixedScripts Reason = "mixed_scripts" // it mixes alphabets whose letters look alike
	LookAlike    Reason = "look_alike"    // all its letters look like Latin ones, and none is
)

// Error says which text is refused and why. Its text is for whoever wrote it:
// it quotes the value.
type Error struct {
	// What it should have been: "username".
	What string
	// Text is the refused value.
	Text   string
	Reason Reason
	// Hint says how to write it; it may be empty.
	Hint string
}

// Error implements the interface error.
func (e *Error) Error() string {
	switch e.Reason {
	case TooLong:
		return fmt.Sprintf("%s %q is too long%s", e.What, e.Text, e.hint())
	case Invisible:
		return fmt.Sprintf("%s %q holds a space or a character that cannot be seen%s", e.What, e.Text, e.hint())
	case MixedScripts:
		return fmt.Sprintf("%s %q mixes alphabets whose letters look alike%s", e.What, e.Text, e.hint())
	case LookAlike:
		return fmt.Sprintf("%s %q consists of letters that look like Latin ones%s", e.What, e.Text, e.hint())
	default:
		return fmt.Sprintf("%q is not a valid %s%s", e.Text, e.What, e.hint())
	}
}

func (e *Error) hint() string {
	if e.Hint == "" {
		return ""
	}
	return "; " + e.Hint
}
