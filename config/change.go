package config

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
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
	elements := map[string]bool{} // that were added or removed
	for _, key := range slices.Sorted(maps.Keys(merged(from, to))) {
		was, is := from[key], to[key]
		switch {
		case was.element && !is.element:
			changes = append(changes, Change{Key: key, Kind: Removed})
			elements[key] = true
		case !was.element && is.element:
			changes = append(changes, Change{Key: key, Kind: Added})
			elements[key] = true
		case was.text == is.text || isInside(key, elements):
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

// isInside reports whether the key is in one of the elements.
func isInside(key string, elements map[string]bool) bool {
	for i := range len(key) {
		if key[i] == '.' && elements[key[:i]] {
			return true
		}
	}
	return false
}

// Digest identifies what the configuration says, secrets and the text of templates
// included: nodes that run with the same have the same digest. It is keyed by the current hash key, so
// that it gives nobody a secret to guess at.
func (c *Config) Digest() string {
	var key []byte
	if len(c.Secrets.HashKeys) > 0 {
		key = c.Secrets.HashKeys[0].Bytes()
	}
	mac := hmac.New(sha256.New, key)
	var line []byte
	eachValue(c, func(path []byte, v value) {
		line = fmt.Appendf(line[:0], "%d:%s=%d:%s\n", len(path), path, len(v.text), v.text)
		mac.Write(line)
	})
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
