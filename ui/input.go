package ui

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/latchkey-id/latchkey/internal/locale"
)

// Input is a field of a form; the template "field" shows it.
type Input struct {
	// ID is the same word as Name, unless a page has the field several times.
	ID, Name, Type, Label, Value string
	Hint, Error                  string
	Autocomplete, InputMode      string
	Placeholder, Pattern         string
	MaxLength                    int
	Required, Autofocus          bool
	ReadOnly                     bool
	// Plain says that what is typed is no prose: nothing is capitalised or corrected.
	Plain bool
	// Class is "code" where a code is typed.
	Class string
	// Reveal gives a password a button that shows it.
	Reveal bool
	// Strength estimates a new password, of MinLength characters at least, while it is typed.
	Strength  bool
	MinLength int
	// Wide has it take the whole width of its form.
	Wide bool
	// Aside is a link in the row of the label; see [Input.Beside].
	Aside *Aside
	page  Page
}

// Input makes a field. Its label is the text field.NAME. Options are words:
// required, autofocus, readonly, plain, code, reveal, strength, or name=value with
// id, type, autocomplete, inputmode, pattern, placeholder, maxlength, min, and
// label and hint, whose value is the key of a text.
//
//	{{template "field" (.Input "email" .Email "type=email" "autocomplete=email" "required")}}
func (p Page) Input(name, value string, options ...string) (Input, error) {
	in := Input{ID: name, Name: name, Type: "text", Value: value, Label: p.T("field." + name), Error: p.Errors[name], MaxLength: 320, page: p}
	for _, option := range options {
		word, setting, _ := strings.Cut(option, "=")
		if err := in.set(word, setting); err != nil {
			return Input{}, fmt.Errorf("field %s: %w", name, err)
		}
	}
	// The first field that is wrong has the focus, or else the one that the page names.
	if wrong := len(p.Errors) > 0; wrong && in.Error != "" || !wrong && in.Autofocus {
		in.Autofocus = *p.focus == ""
		*p.focus = name
	} else {
		in.Autofocus = false
	}
	if in.Error != "" && in.Strength {
		in.Hint = "" // what is wrong says the same
	}
	return in, nil
}

func (in *Input) set(word, setting string) (err error) {
	switch word {
	case "required":
		in.Required = true
	case "optional":
	case "autofocus":
		in.Autofocus = true
	case "readonly":
		in.ReadOnly = true
	case "plain":
		in.Plain = true
	case "reveal":
		in.Reveal = true
	case "code":
		in.Class = "code"
	case "id":
		in.ID = setting
	case "strength":
		in.Strength = true
	case "type":
		in.Type = setting
	case "autocomplete":
		in.Autocomplete = setting
	case "inputmode":
		in.InputMode = setting
	case "pattern":
		in.Pattern = setting
	case "placeholder":
		in.Placeholder = setting
	case "label":
		in.Label = in.page.T(setting)
	case "hint":
		in.Hint = in.page.T(setting, in.hintArgs()...)
	case "maxlength":
		in.MaxLength, err = strconv.Atoi(setting)
	case "min":
		in.MinLength, err = strconv.Atoi(setting)
	default:
		err = fmt.Errorf("unknown option %q", word)
	}
	return err
}

// StrengthURL is where the password is estimated.
func (in Input) StrengthURL() string { return in.page.StrengthURL }

// T returns a text of the field's page.
func (in Input) T(key string) string { return in.page.T(key) }

// hintArgs are what the hint of a new password names: how long it must be.
func (in Input) hintArgs() []any {
	if in.MinLength == 0 {
		return nil
	}
	return []any{locale.Count, in.MinLength}
}

// DescribedBy names what explains the field, for aria-describedby.
func (in Input) DescribedBy() string {
	var ids []string
	if in.Error != "" {
		ids = append(ids, in.ID+"-error")
	}
	if in.Hint != "" {
		ids = append(ids, in.ID+"-hint")
	}
	return strings.Join(ids, " ")
}
