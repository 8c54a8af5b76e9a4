package config

import (
	"github.com/latchkey-id/latchkey/account/attribute"
)

// Attribute is a custom attribute of people.
type Attribute struct {
	Name       string             `yaml:"name" doc:"The name, by which claims, access rules, commands and imports call it: letters, digits and _. Required."`
	Type       attribute.Type     `yaml:"type" oneof:"string number boolean date list" doc:"What its values are; a date is a day such as 2027-01-31, a list is of texts. Default: string."`
	Labels     map[string]string  `yaml:"labels" doc:"What pages call it, by language, such as {en: Department, de: Abteilung}. English is used for languages that are not given; without any, the name is shown."`
	Help       map[string]string  `yaml:"help" doc:"What pages say beneath the field, by language."`
	VisibleTo  attribute.Audience `yaml:"visible_to" oneof:"person administrator nobody" doc:"Who sees it: person, whose it is, and administrators; administrator, those alone; nobody, only imports and tokens. The download of all data of an account holds it anyway. Default: person."`
	EditableBy attribute.Audience `yaml:"editable_by" oneof:"person administrator nobody" doc:"Who changes it, likewise; nobody: only imports. Default: administrator, where these see it."`
	Pattern    string             `yaml:"pattern" doc:"A regular expression (RE2) that all of a text, or of each item of a list, has to match."`
	Min        *int               `yaml:"min" doc:"The least number, characters of a text, or items of a list."`
	Max        *int               `yaml:"max" doc:"The most."`
	Options    []string           `yaml:"options" doc:"The only texts, or items of a list, that may be chosen."`
	SignUp     bool               `yaml:"sign_up" doc:"Ask for it at sign-up; it may be left empty. It needs editable_by: person."`
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
			l.warn(joinPath(indexPath("claims", i), "attribute"), "attributes has no %q: only values from before are told, and nobody can change them", claim.Attribute)
		}
	}
}
