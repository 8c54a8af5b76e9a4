package config

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

// Change is one difference between two configurations, in words. It never holds
// a secret.
type Change struct {
	// Key is the path, where elements that have an id are told apart by it:
	// clients[wiki].redirect_uris.
	Key string
	// Kind says what happened.
	Kind ChangeKind
	// Before and After are the values as the file would hold them; empty for
	// secrets, and where the key holds its default by not being there.
	Before, After string
}

// ChangeKind says what became of a key.
type ChangeKind string

// The kinds of changes.
const (
	Added   ChangeKind = "added"   // an element of a list
	Removed ChangeKind = "removed" // an element of a list
	Changed ChangeKind = "changed"
)

// String is one line for people.
func (c Change) String() string {
	if c.Kind != Changed || c.Before == "" && c.After == "" {
		return fmt.Sprintf("%s: %s", c.Key, c.Kind)
	}
	return fmt.Sprintf("%s: %s -> %s", c.Key, orNothing(c.Before), orNothing(c.After))
}

func orNothing(text string) string {
	if text == "" {
		return "(nothing)"
	}
	return text
}

// Changes lists the differences between two configurations, ordered by their keys.
func Changes(before, after *Config) []Change { return changes(flatten(before), flatten(after)) }

func changes(from, to map[string]value) []Change {
	var changes []Change
	for _, key := range slices.Sorted(maps.Keys(merged(from, to))) {
		was, is := from[key], to[key]
		switch {
		case was.element && !is.element:
			changes = append(changes, Change{Key: key, Kind: Removed})
		case !was.element && is.element:
			changes = append(changes, Change{Key: key, Kind: Added})
		case was.text == is.text || isInside(key, changes):
		case was.secret || is.secret:
			changes = append(changes, Change{Key: key, Kind: Changed})
		default:
			changes = append(changes, Change{Key: key, Kind: Changed, Before: was.text, After: is.text})
		}
	}
	return changes
}

func merged(a, b map[string]value) map[string]value {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// isInside reports whether the key is in an element that was added or removed.
func isInside(key string, changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return c.Kind != Changed && isUnder(key, c.Key) })
}

// Digest identifies what the configuration says, secrets included: nodes that
// run with the same have the same digest. It is keyed by the current hash key, so
// that it gives nobody a secret to guess at.
func (c *Config) Digest() string {
	var key []byte
	if len(c.Secrets.HashKeys) > 0 {
		key = c.Secrets.HashKeys[0].Bytes()
	}
	mac := hmac.New(sha256.New, key)
	values := flatten(c)
	for _, path := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(mac, "%d:%s=%d:%s\n", len(path), path, len(values[path].text), values[path].text)
	}
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// value is what a key holds.
type value struct {
	text    string
	secret  bool
	element bool // of a list, found by its id
}

// flatten lists a configuration's values by their paths. A list whose elements
// have ids has one entry more, with their order: the first key of a list is the
// one that is used.
func flatten(c *Config) map[string]value {
	values := map[string]value{}
	flattenIn(values, "", reflect.ValueOf(*c))
	return values
}

func flattenIn(values map[string]value, path string, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	switch t := v.Type(); {
	case t == secretType:
		values[path] = value{text: v.Interface().(Secret).Reveal(), secret: true}
	case t == timeType, t == prefixType:
		values[path] = value{text: textOf(v)}
	case t.Kind() == reflect.Struct:
		for f, field := range v.Fields() {
			if key := f.Tag.Get("yaml"); key != "-" {
				flattenIn(values, joinPath(path, key), field)
			}
		}
	case t.Kind() == reflect.Slice && hasID(t.Elem()):
		flattenByID(values, path, v)
	case t.Kind() == reflect.Slice && !v.IsNil() && v.Len() == 0:
		values[path] = value{text: "[]"} // written down, which is another thing than the default
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && t.Elem() != prefixType:
		for i := range v.Len() {
			flattenIn(values, indexPath(path, i), v.Index(i))
		}
	case t.Kind() == reflect.Slice:
		var items []string
		for i := range v.Len() {
			items = append(items, textOf(v.Index(i)))
		}
		values[path] = value{text: strings.Join(items, ", ")}
	default:
		values[path] = value{text: textOf(v)}
	}
}

func flattenByID(values map[string]value, path string, list reflect.Value) {
	var order []string
	for i := range list.Len() {
		id := list.Index(i).FieldByName("ID").String()
		at := fmt.Sprintf("%s[%s]", path, id)
		values[at] = value{element: true}
		flattenIn(values, at, list.Index(i))
		order = append(order, id)
	}
	if strings.HasSuffix(path, "_keys") {
		values[path] = value{text: strings.Join(order, ", ")}
	}
}

// textOf writes a scalar as the file would.
func textOf(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return client.FormatDuration(x)
	case time.Time:
		if x.IsZero() {
			return ""
		}
		return x.Format(time.RFC3339)
	}
	return fmt.Sprint(v.Interface())
}

// hasID reports whether the elements of a list are told apart by an id.
func hasID(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	f, ok := t.FieldByName("ID")
	return ok && f.Type.Kind() == reflect.String
}
