// Package attribute is what an installation keeps of people besides the standard
// claims: the schema of custom attributes, and what each may hold. It is pure.
//
// A value is a string, a float64, a bool, or a list of strings ([]any), as JSON has
// them; a date is a string. An item of a list has no comma, since applications take
// lists as one text with commas (header injection).
package attribute

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/internal/ident"
)

// Type is what values of an attribute are.
type Type string

// The types.
const (
	String  Type = "string"
	Number  Type = "number"
	Boolean Type = "boolean"
	Date    Type = "date" // a day, 2006-01-02
	List    Type = "list" // of strings
)

// Audience says who, besides imports and the API, may see or edit an attribute.
// Each includes the ones after it.
type Audience string

// The audiences.
const (
	Person        Audience = "person"
	Administrator Audience = "administrator"
	Nobody        Audience = "nobody"
)

// reach orders audiences: the higher, the more people.
var reach = map[Audience]int{Nobody: 0, Administrator: 1, Person: 2}

// Includes reports whether what is for the audience is for who as well.
func (a Audience) Includes(who Audience) bool { return reach[a] >= reach[who] }

// The most that a value may hold, whatever its definition says.
const (
	MaxText  = 1000 // characters of a string, or of an item
	MaxItems = 100  // of a list
)

// Definition is one attribute of the schema.
type Definition struct {
	Name string
	Type Type
	// Labels and Help are texts for people by language (BCP 47).
	Labels, Help          map[string]string
	VisibleTo, EditableBy Audience
	// Pattern is what a string, or each item of a list, must match; nil takes any. See [Pattern].
	Pattern *regexp.Regexp
	// Min and Max bound a number, the characters of a string, and the items of a list.
	Min, Max *float64
	// Options are the only values of a string, or items of a list; empty takes any.
	Options []string
	// SignUp says that whoever signs up is asked for it.
	SignUp bool
}

// Schema is the attributes of an installation, in the order in which they are shown.
type Schema []Definition

// Find returns the attribute of the name; nil where there is none.
func (s Schema) Find(name string) *Definition {
	if i := slices.IndexFunc(s, func(d Definition) bool { return d.Name == name }); i >= 0 {
		return &s[i]
	}
	return nil
}

// Seen returns the attributes that the audience may see.
func (s Schema) Seen(by Audience) Schema {
	return slices.DeleteFunc(slices.Clone(s), func(d Definition) bool { return !d.VisibleTo.Includes(by) })
}

// Asked returns the attributes that whoever signs up is asked for.
func (s Schema) Asked() Schema {
	return slices.DeleteFunc(slices.Clone(s), func(d Definition) bool { return !d.SignUp })
}

// Parse reads a value as people type it, a list with commas between its items. An
// empty text is nil: no value.
func (d *Definition) Parse(text string) (any, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	switch d.Type {
	case Number:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, d.wrong("%q is not a number", text)
		}
		return d.Check(n)
	case Boolean:
		if text != "true" && text != "false" {
			return nil, d.wrong("%q is neither true nor false", text)
		}
		return text == "true", nil
	case List:
		var items []any
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		return d.Check(items)
	case String, Date:
	}
	return d.Check(text)
}

// Check judges a value as JSON has it, and returns it as it is kept; nil stays nil.
func (d *Definition) Check(value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		if d.Type == Date {
			return d.checkDate(v)
		}
		if d.Type == String {
			return d.checkText(v)
		}
	case float64:
		if d.Type == Number {
			return d.checkNumber(v)
		}
	case bool:
		if d.Type == Boolean {
			return v, nil
		}
	case []any:
		if d.Type == List {
			return d.checkList(v)
		}
	}
	return nil, d.wrong("it holds a %s, where a %s belongs", kindOf(value), d.Type)
}

func kindOf(value any) string {
	switch value.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "list"
	}
	return "value of another kind"
}

func (d *Definition) checkDate(text string) (any, error) {
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return nil, d.wrong("%q is not a date; write it like 2027-01-31", text)
	}
	return text, nil
}

func (d *Definition) checkNumber(n float64) (any, error) {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, d.wrong("it is not a number")
	}
	return n, d.within(n, "")
}

func (d *Definition) checkText(typed string) (any, error) {
	text, err := d.checkLine(typed)
	if err != nil || text == "" {
		return nil, err
	}
	return text, d.within(float64(utf8.RuneCountInString(text)), " characters")
}

// checkLine judges a string, or an item of a list.
func (d *Definition) checkLine(typed string) (string, error) {
	if err := ident.Text(typed); err != nil {
		return "", d.wrong("%w", err)
	}
	text := ident.Clean(typed)
	switch {
	case utf8.RuneCountInString(text) > MaxText:
		return "", d.wrong("it has more than %d characters", MaxText)
	case len(d.Options) > 0 && text != "" && !slices.Contains(d.Options, text):
		return "", d.wrong("%q is not one of %s", text, strings.Join(d.Options, ", "))
	case d.Pattern != nil && text != "" && !d.Pattern.MatchString(text):
		return "", d.wrong("%q does not match %s", text, d.Pattern)
	}
	return text, nil
}

// Pattern compiles a pattern that has to match all of a text (RE2: linear in time).
func Pattern(text string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(text); err != nil {
		return nil, fmt.Errorf("compile pattern: %w", err)
	}
	return regexp.Compile(`^(?:` + text + `)$`)
}

func (d *Definition) checkList(items []any) (any, error) {
	if len(items) > MaxItems {
		return nil, d.wrong("it has more than %d items", MaxItems)
	}
	var kept []any
	for _, item := range items {
		typed, ok := item.(string)
		if !ok || strings.Contains(typed, ",") {
			return nil, d.wrong("an item of a list is a text without a comma")
		}
		text, err := d.checkLine(typed)
		if err != nil {
			return nil, err
		}
		if text != "" && !slices.Contains(kept, any(text)) {
			kept = append(kept, text)
		}
	}
	if len(kept) == 0 {
		return nil, nil
	}
	return kept, d.within(float64(len(kept)), " items")
}

// within says that a number is too small or too large.
func (d *Definition) within(n float64, of string) error {
	if d.Min != nil && n < *d.Min {
		return d.wrong("at least %v%s are needed", *d.Min, of)
	}
	if d.Max != nil && n > *d.Max {
		return d.wrong("at most %v%s may be", *d.Max, of)
	}
	return nil
}

// Text is a value as [Definition.Parse] reads it.
func Text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = fmt.Sprint(item)
		}
		return strings.Join(items, ", ")
	}
	return ""
}

// Error says why a value is not taken.
type Error struct {
	Name string
	Err  error
}

// Error implements error. Its text is for operators.
func (e *Error) Error() string { return fmt.Sprintf("attribute %s: %v", e.Name, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func (d *Definition) wrong(format string, args ...any) error {
	return &Error{Name: d.Name, Err: fmt.Errorf(format, args...)}
}

// TextIn is the text of a language: of the language itself, of the same without its
// region, or English; otherwise the first by name, and none where there is none.
func TextIn(texts map[string]string, language string) string {
	for _, tag := range []string{language, base(language), "en"} {
		if text := texts[tag]; text != "" {
			return text
		}
	}
	first := ""
	for tag := range texts {
		if first == "" || tag < first {
			first = tag
		}
	}
	return texts[first]
}

// base is a language without script and region.
func base(tag string) string {
	language, _, _ := strings.Cut(tag, "-")
	return language
}
