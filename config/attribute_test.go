package config

import (
	"testing"

	"github.com/latchkey-id/latchkey/account/attribute"
)

const attributesYAML = `attributes:
  - {name: department, labels: {en: Department, pt-BR: Setor}, options: [hr, it]}
  - {name: floor, type: number, min: -2, max: 9, editable_by: person, sign_up: true}
  - {name: risk, type: boolean, visible_to: nobody, editable_by: nobody}
claims:
  - {name: dept, attribute: department}
  - {name: size, attribute: shoe_size}
`

func TestAttributesAreWhatWasWritten(t *testing.T) {
	c := mustLoad(t, attributesYAML, serveEnv())
	department, floor, risk := c.AttributeSchema.Find("department"), c.AttributeSchema.Find("floor"), c.AttributeSchema.Find("risk")
	switch {
	case department == nil || attribute.TextIn(department.Labels, "pt-BR") != "Setor" || department.EditableBy != attribute.Administrator:
		t.Errorf("department is %+v", department)
	case floor == nil || *floor.Min != -2 || *floor.Max != 9 || !floor.SignUp || floor.VisibleTo != attribute.Person:
		t.Errorf("floor is %+v", floor)
	case risk == nil || risk.Type != attribute.Boolean || risk.VisibleTo != attribute.Nobody:
		t.Errorf("risk is %+v", risk)
	}
	found := false
	for _, w := range c.Warnings {
		found = found || w.Path == "claims[1].attribute"
		if w.Path == "claims[0].attribute" {
			t.Errorf("warning of an attribute that there is: %v", w)
		}
	}
	if !found {
		t.Errorf("no warning of an attribute that there is not: %v", c.Warnings)
	}
}

func TestAttributesThatMeanNothingAreRefused(t *testing.T) {
	runValidatorCases(t, map[string]validatorCase{
		"name":     {yaml: "attributes:\n  - {name: a b}", want: []string{`attributes[0].name (line 2): "a b" cannot be the name of an attribute`}},
		"type":     {yaml: "attributes:\n  - {name: a, type: colour}", want: []string{`attributes[0].type (line 2): "colour" is not supported`}},
		"twice":    {yaml: "attributes:\n  - {name: a}\n  - {name: a}", want: []string{`attributes[1].name (line 3): there are two attributes "a"`}},
		"pattern":  {yaml: "attributes:\n  - name: a\n    pattern: '('", want: []string{`attributes[0].pattern (line 3): compile pattern`}},
		"language": {yaml: "attributes:\n  - name: a\n    labels:\n      english: A", want: []string{`attributes[0].labels.english (line 4): "english" is not a language`}},
		"unseen":   {yaml: "attributes:\n  - {name: a, visible_to: administrator, editable_by: person}", want: []string{`attributes[0].editable_by (line 2): who edits it has to see it`}},
		"sign-up":  {yaml: "attributes:\n  - {name: a, sign_up: true}", want: []string{`attributes[0].sign_up (line 2): people fill it in themselves when they sign up`}},
		"number":   {yaml: "attributes:\n  - {name: a, type: number, min: 3, max: 2}", want: []string{`attributes[0].min (line 2): it is more than max`}},
		"typo":     {yaml: "attributes:\n  - {name: a, patern: x}", want: []string{`attributes[0].patern (line 2): unknown key, did you mean pattern?`}},
	})
}
