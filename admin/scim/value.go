package scim

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/internal/ident"
)

// object is a JSON object.
type object = map[string]any

const (
	maxText  = 2048 // characters of one value
	maxItems = 100  // of one list of a person
)

// decode reads a JSON object, and nothing behind it.
func decode(body []byte) (object, error) {
	var in object
	if err := json.Unmarshal(body, &in); err != nil || in == nil {
		return nil, bad("invalidSyntax", "the body is no JSON object")
	}
	return in, nil
}

// normal is a resource as it was sent in the names and types of its schema: names are
// found in any case, what is null is absent, and what no schema names is dropped, as is
// what nobody writes (RFC 7644 section 3.3).
func (k *kind) normal(in object) (object, error) {
	doc, err := normal(k.attrs, in)
	if err != nil {
		return nil, err
	}
	for name, value := range in {
		inner, ok := value.(object)
		e := k.extension(name)
		if !ok || e == nil {
			continue
		}
		more, err := normal(e.attrs, inner)
		if err != nil {
			return nil, err
		}
		if len(more) > 0 {
			doc[e.urn] = more
		}
	}
	return doc, nil
}

func normal(attrs []attr, in object) (object, error) {
	out := object{}
	for name, value := range in {
		a := find(attrs, name)
		if a == nil || a.readOnly || value == nil {
			continue
		}
		is, err := coerce(a, value)
		if err != nil {
			return nil, err
		}
		if is != nil {
			out[a.name] = is
		}
	}
	return out, nil
}

// coerce makes a value what its attribute holds; nil where there is nothing in it. It
// takes what sources send for it: booleans and numbers as texts (Entra ID), one value for
// a list, and a text for the value of a complex one.
func coerce(a *attr, value any) (any, error) {
	if !a.multi {
		return coerceOne(a, value)
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	if len(list) > maxItems && a.name != "members" {
		return nil, bad("invalidValue", "%s has more than %d values", a.name, maxItems)
	}
	var out []any
	for _, one := range list {
		is, err := coerceOne(a, one)
		if err != nil {
			return nil, err
		}
		if is != nil {
			out = append(out, is)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return onePrimary(out), nil
}

// onePrimary leaves primary to the last of those that say that they are (RFC 7643
// section 2.4).
func onePrimary(list []any) []any {
	seen := false
	for i := len(list) - 1; i >= 0; i-- {
		if one, ok := list[i].(object); ok && one["primary"] == true {
			if seen {
				one["primary"] = false
			}
			seen = true
		}
	}
	return list
}

func coerceOne(a *attr, value any) (any, error) {
	switch a.typ {
	case "complex":
		inner, ok := value.(object)
		if text, is := value.(string); is && find(a.sub, "value") != nil {
			inner, ok = object{"value": text}, text != ""
			if !ok {
				return nil, nil
			}
		}
		if !ok {
			return nil, bad("invalidValue", "%s is no object", a.name)
		}
		out, err := normal(a.sub, inner)
		if err != nil || len(out) == 0 {
			return nil, err
		}
		return out, nil
	case "boolean":
		if text, ok := value.(string); ok {
			switch strings.ToLower(text) {
			case "true":
				return true, nil
			case "false":
				return false, nil
			}
		}
		if is, ok := value.(bool); ok {
			return is, nil
		}
		return nil, bad("invalidValue", "%s is neither true nor false", a.name)
	case "decimal":
		if text, ok := value.(string); ok {
			if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
				return n, nil
			}
			if text == "" {
				return nil, nil
			}
		}
		if n, ok := value.(float64); ok {
			return n, nil
		}
		return nil, bad("invalidValue", "%s is no number", a.name)
	}
	text, ok := value.(string)
	switch {
	case !ok:
		return nil, bad("invalidValue", "%s is no text", a.name)
	case text == "":
		return nil, nil
	case utf8.RuneCountInString(text) > maxText:
		return nil, bad("invalidValue", "%s is longer than %d characters", a.name, maxText)
	}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if ident.Text(line) != nil {
			return nil, bad("invalidValue", "%s holds what is no text", a.name)
		}
	}
	return text, nil
}

func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// textOf is the text of the name in an object; empty: there is none.
func textOf(in object, name string) string {
	text, _ := in[name].(string)
	return text
}
