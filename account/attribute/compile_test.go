package attribute

import (
	"slices"
	"strings"
	"testing"
)

func number(n int) *int { return &n }

func TestASchemaIsJudgedAtOnce(t *testing.T) {
	schema, problems := Compile([]Spec{
		{Name: "department", Labels: map[string]string{"en": "Department", "pt-BR": "Setor"}, Options: []string{"hr", "it"}},
		{Name: "floor", Type: Number, Min: number(-2), Max: number(9), VisibleTo: Person, EditableBy: Person, SignUp: true},
		{Name: "risk", Type: Number, VisibleTo: Nobody},
	})
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	if d := schema[0]; d.Type != String || d.VisibleTo != Person || d.EditableBy != Administrator {
		t.Errorf("defaults are %+v", d)
	}
	if schema[2].EditableBy != Nobody {
		t.Errorf("what nobody sees is edited by %s", schema[2].EditableBy)
	}
	if d := schema[1]; *d.Min != -2 || *d.Max != 9 || !d.SignUp {
		t.Errorf("floor is %+v", d)
	}

	_, problems = Compile([]Spec{
		{Name: "a b", Type: "colour", VisibleTo: "all", Labels: map[string]string{"english": "x", "de": ""}},
		{Name: "x", Pattern: "(", Min: number(0), EditableBy: Person, VisibleTo: Nobody, Help: map[string]string{"en": strings.Repeat("x", 301)}},
		{Name: "x", Type: Boolean, Pattern: "a", Options: []string{"a"}, Min: number(1), SignUp: true},
		{Name: "y", Min: number(3), Max: number(2)},
		{Name: "z", Pattern: "[a-z]+", Options: []string{"a", "B", "a", " c", ""}},
		{Name: "l", Type: List, Options: []string{"a,b"}, Min: number(2)},
	})
	var fields []string
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	for _, want := range []string{
		"attributes[0].name", "attributes[0].type", "attributes[0].visible_to", "attributes[0].labels.english", "attributes[0].labels.de",
		"attributes[1].pattern", "attributes[1].min", "attributes[1].editable_by", "attributes[1].help.en",
		"attributes[2].name", "attributes[2].pattern", "attributes[2].options", "attributes[2].min", "attributes[2].sign_up",
		"attributes[3].min", "attributes[4].options[1]", "attributes[4].options[2]", "attributes[4].options[3]", "attributes[4].options[4]",
		"attributes[5].options[0]",
	} {
		i := slices.Index(fields, want)
		if i < 0 {
			t.Errorf("no problem at %s: %v", want, problems)
			continue
		}
		fields = slices.Delete(fields, i, i+1)
	}
	if len(fields) > 0 {
		t.Errorf("more problems at %v", fields)
	}
}
