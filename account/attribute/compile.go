package attribute

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/internal/ident"
	"golang.org/x/text/language"
)

// Spec is an attribute as an installation writes it down.
type Spec struct {
	Name                  string
	Type                  Type
	Labels, Help          map[string]string
	VisibleTo, EditableBy Audience
	Pattern               string
	Min, Max              *int
	Options               []string
	SignUp                bool
}

// Problem is what is wrong with a schema, and where: "attributes[2].pattern".
type Problem struct{ Field, Message string }

// maxLabel and maxHelp bound texts for people, in characters.
const (
	maxLabel = 80
	maxHelp  = 300
)

var nameSyntax = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

// Compile judges specs, all at once, and makes the schema. What is not said: a
// string, seen by its person and edited by administrators, where these see it.
func Compile(specs []Spec) (Schema, []Problem) {
	var schema Schema
	var problems []Problem
	for i := range specs {
		add := func(key, format string, args ...any) {
			problems = append(problems, Problem{fmt.Sprintf("attributes[%d].%s", i, key), fmt.Sprintf(format, args...)})
		}
		spec := specs[i]
		spec.Type = cmp.Or(spec.Type, String)
		spec.VisibleTo = cmp.Or(spec.VisibleTo, Person)
		if spec.EditableBy == "" && spec.VisibleTo != Nobody {
			spec.EditableBy = Administrator
		}
		spec.EditableBy = cmp.Or(spec.EditableBy, Nobody)
		switch {
		case !nameSyntax.MatchString(spec.Name):
			add("name", "%q cannot be the name of an attribute; use up to 64 letters, digits and _, a letter first", spec.Name)
		case schema.Find(spec.Name) != nil:
			add("name", "there are two attributes %q", spec.Name)
		}
		judgeTexts(spec.Labels, "labels", maxLabel, add)
		judgeTexts(spec.Help, "help", maxHelp, add)
		judgeAudiences(&spec, add)
		judgeEntitlements(&spec, add)
		d := Definition{
			Name: spec.Name, Type: spec.Type, Labels: spec.Labels, Help: spec.Help, VisibleTo: spec.VisibleTo, EditableBy: spec.EditableBy,
			Options: spec.Options, SignUp: spec.SignUp,
		}
		judgeValues(&spec, &d, add)
		schema = append(schema, d)
	}
	return schema, problems
}

// Entitlements is the attribute that the claim of its name is made of (RFC 9068 section
// 2.2.3.1). It exists by itself.
const Entitlements = "entitlements"

// WithBuiltIn adds what exists by itself and was not written down otherwise.
func (s Schema) WithBuiltIn() Schema {
	if s.Find(Entitlements) != nil {
		return s
	}
	return append(s, Definition{Name: Entitlements, Type: List, VisibleTo: Administrator, EditableBy: Administrator})
}

// judgeEntitlements keeps people from giving themselves what applications take for
// permission (privilege escalation).
func judgeEntitlements(spec *Spec, add adder) {
	switch {
	case spec.Name != Entitlements:
	case spec.Type != List:
		add("type", "%s are a list", Entitlements)
	case spec.EditableBy == Person:
		add("editable_by", "applications take %s for permission, so nobody may edit their own", Entitlements)
	}
}

type adder = func(key, format string, args ...any)

func judgeAudiences(spec *Spec, add adder) {
	for _, a := range []struct {
		key   string
		value Audience
	}{{"visible_to", spec.VisibleTo}, {"editable_by", spec.EditableBy}} {
		if _, known := reach[a.value]; !known {
			add(a.key, "%q is not one of %s, %s, %s", a.value, Person, Administrator, Nobody)
			return
		}
	}
	if !spec.VisibleTo.Includes(spec.EditableBy) {
		add("editable_by", "who edits it has to see it: visible_to is %s", spec.VisibleTo)
	}
	if spec.SignUp && spec.EditableBy != Person {
		add("sign_up", "people fill it in themselves when they sign up, so it needs editable_by: person")
	}
}

func judgeTexts(texts map[string]string, key string, most int, add adder) {
	for tag, text := range texts {
		at := key + "." + tag
		if _, err := language.Parse(tag); err != nil {
			add(at, "%q is not a language; write it like en or pt-BR", tag)
		}
		if err := ident.Text(text); err != nil {
			add(at, "%v", err)
		} else if n := utf8.RuneCountInString(text); n < 1 || n > most {
			add(at, "use 1 to %d characters", most)
		}
	}
}

// judgeValues judges what bounds the values, as far as the type has that.
func judgeValues(spec *Spec, d *Definition, add adder) {
	if !slices.Contains([]Type{String, Number, Boolean, Date, List}, spec.Type) {
		add("type", "%q is not one of string, number, boolean, date, list", spec.Type)
		return
	}
	texts := spec.Type == String || spec.Type == List
	if !texts && len(spec.Options) > 0 {
		add("options", "a %s has none", spec.Type)
	}
	if !texts && spec.Pattern != "" {
		add("pattern", "a %s has none", spec.Type)
	}
	if texts && spec.Pattern != "" {
		var err error
		if d.Pattern, err = Pattern(spec.Pattern); err != nil {
			add("pattern", "%v", err)
		}
	}
	bounded := texts || spec.Type == Number
	for _, bound := range []struct {
		key string
		is  *int
		to  **float64
	}{{"min", spec.Min, &d.Min}, {"max", spec.Max, &d.Max}} {
		switch {
		case bound.is == nil:
		case !bounded:
			add(bound.key, "a %s has none", spec.Type)
		case texts && *bound.is < 1:
			add(bound.key, "use at least 1: without a value there is no attribute")
		default:
			n := float64(*bound.is)
			*bound.to = &n
		}
	}
	if d.Min != nil && d.Max != nil && *d.Min > *d.Max {
		add("min", "it is more than max")
	}
	if texts {
		judgeOptions(spec, d, add)
	}
}

// judgeOptions refuses options that the other bounds do not let pass, so that nobody
// could choose them.
func judgeOptions(spec *Spec, d *Definition, add adder) {
	for j, option := range spec.Options {
		one := *d
		one.Min, one.Max = nil, nil
		var kept any = option
		if spec.Type == List {
			kept = []any{option}
		} else {
			one.Min, one.Max = d.Min, d.Max
		}
		got, err := one.Check(kept)
		if err != nil || got == nil || Text(got) != option {
			add(fmt.Sprintf("options[%d]", j), "%q cannot be chosen: %v", option, cmp.Or(err, errBlank))
		} else if slices.Contains(spec.Options[:j], option) {
			add(fmt.Sprintf("options[%d]", j), "%q appears twice", option)
		}
	}
}

var errBlank = fmt.Errorf("it is empty, or has space around it")
