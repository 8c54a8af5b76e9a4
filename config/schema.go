package config

import (
	_ "embed"
	"slices"
)

// schema is generated from the struct tags by a test, so that no server carries
// the library that reflects it.
//
//go:embed latchkey.schema.json
var schema []byte

// Schema returns the JSON schema of the configuration file, for editors.
func Schema() []byte { return slices.Clone(schema) }
