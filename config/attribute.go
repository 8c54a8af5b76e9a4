package config

import (
	"github.com/latchkey-id/latchkey/account/attribute"
)

// Attribute is a custom attribute of people.
type Attribute struct {
	Name       string             `yaml:"name" doc:"The name that claims, access rules, commands and imports use for it: letters, digits and _. Required."`
	Type       attribute.Type     `yaml:"type" oneof:"string number boolean date list" doc:"The type of its values; a date is a day such as 2027-01-31, a list is a list of strings. Default: string."`
	Labels     map[string]string  `yaml:"labels" doc:"Its label on pages, by language, such as {en: Department, de: Abteilung}. English is used for languages that are not given; without any label, the name is shown."`
	Help       map[string]string  `yaml:"help" doc:"The help text below the field, by language."`
	VisibleTo  attribute.Audience `yaml:"visible_to" oneof:"person administrator nobody" doc:"Who sees it: person, its owner and administrators; administrator, only administrators; nobody, only imports and tokens. The download of all account data includes it in any case. Default: person."`
	EditableBy attribute.Audience `yaml:"editable_by" oneof:"person administrator nobody" doc:"Who may change it, with the same values as visible_to; nobody, only imports. Default: administrator, if they may see it."`
	Pattern    string             `yaml:"pattern" doc:"A regular expression (RE2) that the whole string, or each item of a list, must match."`
	Min        *int               `yaml:"min" doc:"The minimum: of a number, of the characters in a string, or of the items in a list."`
	Max        *int               `yaml:"max" doc:"The maximum, counted the same way."`
	Options    []string           `yaml:"options" doc:"The only strings, or list items, allowed."`
	SignUp     bool               `yaml:"sign_up" doc:"Ask for it at sign-up; people may leave it empty. It needs editable_by: person."`
}

// validateAttributes has package attribute judge the schema, and keeps what it comes to.
func (l *loader) validateAttributes(c *Config) {
	specs := make([]attribute.Spec, len(c.Attributes))
	for i, a := range c.Attributes {
		specs[i] = attribute.Spec(a)
	}
	schema, problems := attribute.Compile(specs)
	for _, p := range problems {
		l.add(p.Field, "%s", p.Message)
	}
	c.AttributeSchema = schema.WithBuiltIn()
	for i, claim := range c.Claims {
		if claim.Attribute != "" && c.AttributeSchema.Find(claim.Attribute) == nil {
			l.warn(joinPath(indexPath("claims", i), "attribute"), "attributes has no %q: existing values are still released, but nobody can change them", claim.Attribute)
		}
	}
}
