package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"testing"

	"github.com/invopop/jsonschema"
)

const schemaFile = "latchkey.schema.json"

// The embedded schema is what the struct tags say.
func TestSchemaIsCurrent(t *testing.T) {
	want := reflectSchema()
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(Schema(), want) {
		t.Errorf("%s does not say what the struct tags say: run go test ./config -run IsCurrent -update", schemaFile)
	}
}

// reflectSchema makes the schema from the struct tags.
func reflectSchema() []byte {
	r := &jsonschema.Reflector{
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true, // none: the environment may hold any of them
		DoNotReference:             true,
		ExpandedStruct:             true,
		Anonymous:                  true,
		Mapper:                     scalarSchema,
	}
	s := r.Reflect(&Config{})
	s.Title = "Latchkey configuration"
	describe(s, root)
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("marshal the schema: %v", err)) // a schema of strings and numbers: cannot be
	}
	return append(text, '\n')
}

// scalarSchema describes the types that are written as text.
func scalarSchema(t reflect.Type) *jsonschema.Schema {
	switch t {
	case durationType:
		return &jsonschema.Schema{Type: "string", Pattern: `^(0|(\d+d)?((\d+(\.\d+)?)(h|ms|m|s))*)$`}
	case secretType:
		return &jsonschema.Schema{Type: "string"}
	case prefixType:
		return &jsonschema.Schema{Type: "string"}
	}
	return nil
}

// describe adds what the struct tags say.
func describe(s *jsonschema.Schema, sh *shape) {
	s.Description = sh.doc
	switch sh.kind {
	case object:
		for _, f := range sh.fields {
			if property, ok := s.Properties.Get(f.key); ok {
				describe(property, f)
			}
		}
	case list:
		describe(s.Items, sh.elem)
	case scalar:
		for _, v := range sh.oneOf {
			s.Enum = append(s.Enum, v)
		}
	default: // nothing of it is said within
	}
	if sh.preset != "" {
		s.Default = schemaDefault(sh)
	}
}

// schemaDefault is a default as JSON holds it: durations as text, as in the file.
func schemaDefault(sh *shape) any {
	if sh.kind == list {
		return splitList(sh.preset)
	}
	if sh.typ == durationType {
		return sh.preset
	}
	value, err := parseScalar(sh.preset, sh.typ)
	if err != nil {
		panic(fmt.Sprintf("default of %s: %v", sh.key, err)) // a typo in a tag; every test would see it
	}
	return value
}
