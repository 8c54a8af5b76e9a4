package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// properties is as much of JSON Schema as the configuration's schema uses.
type properties struct {
	Type                 string
	Description          string
	Pattern              string
	Enum                 []any
	Default              any
	Properties           map[string]*properties
	Items                *properties
	AdditionalProperties *additional
}

// additional is false, where the schema takes no other keys, or what they hold.
type additional struct {
	refused bool
	*properties
}

func (a *additional) UnmarshalJSON(text []byte) error {
	if string(text) == "false" || string(text) == "true" {
		a.refused = string(text) == "false"
		return nil
	}
	return json.Unmarshal(text, &a.properties)
}

func parseSchema(t *testing.T) *properties {
	t.Helper()
	var s properties
	if err := json.Unmarshal(Schema(), &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// violations validates a YAML or JSON value.
func (s *properties) violations(path string, v any) []string {
	bad := func(format string, args ...any) []string {
		return []string{path + ": " + fmt.Sprintf(format, args...)}
	}
	var found []string
	switch v := v.(type) {
	case map[string]any:
		if s.Type != "object" {
			return bad("an object for %s", s.Type)
		}
		for key, item := range v {
			if p := s.Properties[key]; p != nil {
				found = append(found, p.violations(joinPath(path, key), item)...)
			} else if s.AdditionalProperties != nil && s.AdditionalProperties.refused {
				found = append(found, joinPath(path, key)+": no such property")
			} else if s.AdditionalProperties != nil && s.AdditionalProperties.properties != nil {
				found = append(found, s.AdditionalProperties.violations(joinPath(path, key), item)...)
			}
		}
	case []any:
		if s.Type != "array" {
			return bad("an array for %s", s.Type)
		}
		for i, item := range v {
			found = append(found, s.Items.violations(indexPath(path, i), item)...)
		}
	case string:
		if s.Type != "string" {
			return bad("text for %s", s.Type)
		}
		if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(v) {
			return bad("%q does not match", v)
		}
	case bool:
		if s.Type != "boolean" {
			return bad("a boolean for %s", s.Type)
		}
	case float64, int:
		if s.Type != "integer" {
			return bad("a number for %s", s.Type)
		}
	default:
		return bad("a %T", v)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		return bad("%v is none of %v", v, s.Enum)
	}
	return found
}

// The schema has exactly the keys that the decoder has, each described, and
// its defaults satisfy it.
func TestSchemaHasTheDecodersKeys(t *testing.T) {
	var compare func(path string, p *properties, s *shape)
	compare = func(path string, p *properties, s *shape) {
		if s.doc != p.Description {
			t.Errorf("%s: described as %q", path, p.Description)
		}
		if s.kind == list {
			compare(indexPath(path, 0), p.Items, s.elem)
			return
		}
		if s.kind == object {
			if diff := cmp.Diff(slices.Sorted(slices.Values(s.keys())), slices.Sorted(maps.Keys(p.Properties)), equateEmpty); diff != "" {
				t.Errorf("%s: %s", path, diff)
				return
			}
			if p.AdditionalProperties == nil || !p.AdditionalProperties.refused {
				t.Errorf("%s: takes keys that the decoder refuses", path)
			}
		}
		for _, f := range s.fields {
			at := joinPath(path, f.key)
			if f.doc == "" {
				t.Errorf("%s: not described", at)
			}
			compare(at, p.Properties[f.key], f)
			if d := p.Properties[f.key].Default; d != nil {
				for _, v := range p.Properties[f.key].violations(at, d) {
					t.Errorf("default of %s", v)
				}
			} else if f.preset != "" {
				t.Errorf("%s: the schema lost its default", at)
			}
		}
	}
	compare("", parseSchema(t), root)
}

var equateEmpty = cmp.Transformer("set", func(keys []string) string { return strings.Join(keys, " ") })

func TestSchemaRefusesWhatTheDecoderRefuses(t *testing.T) {
	s := parseSchema(t)
	for text, want := range map[string]string{
		"isuer: x":                       "isuer: no such property",
		"clients: [{redirect_urls: []}]": "clients[0].redirect_urls: no such property",
		"sms: {form: x}":                 "sms.form: no such property",
		"sessions: {idle: soon}":         `sessions.idle: "soon" does not match`,
		"log: {level: loud}":             "log.level: loud is none of",
		"clients: [{type: web}]":         "clients[0].type: web is none of",
		"database: {max_conns: many}":    "database.max_conns: text for integer",
		"signing_keys: {algs: [none]}":   "signing_keys.algs[0]: none is none of",
	} {
		checkProblems(t, s.violations("", parseYAML(t, text)), []string{want})
	}
	for _, text := range []string{"sessions: {idle: 1d12h, absolute: 30d}", "tokens: {refresh_grace: 0s}", "tls: {}"} {
		checkProblems(t, s.violations("", parseYAML(t, text)), nil)
	}
}

func parseYAML(t *testing.T, text string) any {
	t.Helper()
	var v map[string]any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

const exampleFile = "../docs/examples/latchkey.yaml"

func TestExampleSatisfiesTheSchema(t *testing.T) {
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	// A YAML timestamp is text to an editor's validator.
	withText := regexp.MustCompile(`expires_at: (\S+?)}`).ReplaceAllString(string(text), `expires_at: "$1"}`)
	checkProblems(t, parseSchema(t).violations("", parseYAML(t, withText)), nil)
}

// The example starts `latchkey serve` once its secrets are there, and holds none.
func TestExampleLoads(t *testing.T) {
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, secret := range map[string]string{
		"latchkey-sealing-key": keyOne, "latchkey-hash-key": keyTwo, "wiki-client-secret": keyThree,
		"report-client-secret": keyFour, "report-client-secret-old": "zzXcVbNmAsDfGhJkLqWeRtYuIoP0123456789-_aBcDe",
	} {
		writeFile(t, dir, name, secret+"\n")
	}
	setenv(t, map[string]string{"DATABASE_URL": "postgres://latchkey:pw@db/latchkey?sslmode=verify-full", "REDIS_URL": "redis://cache:6379"})
	c, err := Load(LoadOptions{
		File: writeFile(t, dir, "latchkey.yaml", strings.ReplaceAll(string(text), "/run/secrets/", "")),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) > 0 {
		t.Errorf("warnings: %v", c.Warnings)
	}
	if len(c.Clients) != 4 {
		t.Errorf("%d clients", len(c.Clients))
	}
}
