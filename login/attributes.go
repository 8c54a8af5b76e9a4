package login

import (
	"net/url"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/ui"
)

// AttributesTyped reads the custom attributes that a form asks for, and nothing else
// (requirement RE4, mass assignment). What is shown as it was typed is left alone:
// shown says how a value is.
func AttributesTyped(asked attribute.Schema, form url.Values, shown func(name string) string) (set map[string]any, problems []Problem) {
	set = map[string]any{}
	for i := range asked {
		d := &asked[i]
		field := account.AttributeField(d.Name)
		text := form.Get(field)
		if !form.Has(field) || text == shown(d.Name) {
			continue
		}
		value, err := d.Parse(text)
		if err != nil {
			problems = append(problems, Problem{Field: field, Text: "wrong.attribute"})
			continue
		}
		set[d.Name] = value
	}
	return set, problems
}

// ShownAttributes are attributes as a page shows them: text says the value of each.
func ShownAttributes(schema attribute.Schema, text func(name string) string) []ui.Attribute {
	var shown []ui.Attribute
	for _, d := range schema {
		shown = append(shown, ui.Attribute{Definition: d, Field: account.AttributeField(d.Name), Text: text(d.Name)})
	}
	return shown
}
