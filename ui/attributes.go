package ui

import (
	"cmp"
	"strings"

	"github.com/latchkey-id/latchkey/account/attribute"
)

// Attribute is a custom attribute of a person, as a form asks for it or a page tells it.
type Attribute struct {
	attribute.Definition
	// Field is the name of the field.
	Field string
	// Text is the value as people type it.
	Text string
}

// LabelOf is what the page calls an attribute.
func (p Page) LabelOf(a Attribute) string {
	return cmp.Or(attribute.TextIn(a.Labels, p.Lang), a.Name)
}

// ValueOf is the value of an attribute for people.
func (p Page) ValueOf(a Attribute) string {
	switch {
	case a.Type == attribute.Boolean && a.Text == "true":
		return p.T("answer.yes")
	case a.Type == attribute.Boolean && a.Text == "false":
		return p.T("answer.no")
	}
	return a.Text
}

// attributeInput makes the field of an attribute.
func (p Page) attributeInput(a Attribute) (Select, error) {
	var options []Option
	settings := []string{"label=answer.yes"} // until it has its own
	switch a.Type {
	case attribute.Boolean:
		options = []Option{{Value: "true", Label: p.T("answer.yes")}, {Value: "false", Label: p.T("answer.no")}}
	case attribute.Date:
		settings = append(settings, "type=date")
	case attribute.Number:
		settings = append(settings, "inputmode=decimal", "maxlength=32", "plain")
	case attribute.String:
		for _, option := range a.Options {
			options = append(options, Option{Value: option, Label: option})
		}
		settings = append(settings, "maxlength=1000")
	case attribute.List:
		settings = append(settings, "maxlength=4000", "plain")
	}
	field, err := p.Select(a.Field, a.Text, options, settings...)
	if err != nil {
		return field, err
	}
	field.Label, field.Hint = p.LabelOf(a), attribute.TextIn(a.Help, p.Lang)
	if a.Type == attribute.List {
		field.Hint = strings.TrimSpace(strings.Join([]string{field.Hint, strings.Join(a.Options, ", "), p.T("profile.list_hint")}, " "))
	}
	if options == nil {
		field.Options = nil
	}
	return field, nil
}

// attributeInputs makes the fields of attributes.
func (p Page) attributeInputs(attributes []Attribute) ([]Select, error) {
	var fields []Select
	for _, a := range attributes {
		field, err := p.attributeInput(a)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
	}
	return fields, nil
}
