package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader turns YAML into maps, lists and text by a shape. Everything that the
// shape does not know is a problem that names the line, and is left out.
type reader struct {
	*problems
	// source is put before the line: empty for the configuration file, else
	// the name of a clients file or of an environment variable.
	source string
}

// parse reads one YAML document; nil for an empty one.
func (r *reader) parse(text []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, another yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if !errors.Is(err, io.EOF) {
			r.addAt("", r.source, "not YAML: %v", err)
		}
		return nil
	}
	// A full decode finds aliases that contain themselves or multiply; what
	// it says of types and duplicate keys is said better below, with the path.
	var whole any
	var mistyped *yaml.TypeError
	if err := document.Decode(&whole); err != nil && !errors.As(err, &mistyped) {
		r.addAt("", r.source, "not YAML that can be used: %v", err)
		return nil
	}
	if err := decoder.Decode(&another); !errors.Is(err, io.EOF) {
		r.addAt("", r.source, "more than one YAML document; keep everything in one")
	}
	return document.Content[0]
}

// read converts a node, or reports why it cannot and answers nil.
func (r *reader) read(n *yaml.Node, s *shape, path string) any {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil // "key:" with nothing after it is the same as no key
	}
	if _, byKey := r.origins[path]; !byKey {
		r.origins[path] = r.at(n)
	}
	switch {
	case s.kind == object && n.Kind == yaml.MappingNode:
		return r.readObject(n, s, path)
	case s.kind == list && n.Kind == yaml.SequenceNode:
		items := make([]any, 0, len(n.Content))
		for i, item := range n.Content {
			items = append(items, r.read(item, s.elem, indexPath(path, i)))
		}
		return items
	case s.kind == scalar && n.Kind == yaml.ScalarNode:
		return r.readScalar(n.Value, s, path)
	case s.kind == dict && n.Kind == yaml.MappingNode:
		return r.readDictionary(n, s, path)
	case s.kind == anything:
		return r.readAnything(n, path)
	}
	r.addAt(path, r.where(path), "expected %s here, not %s", s.noun(), nounOf(n))
	return nil
}

// readScalar returns text where it suits the shape.
func (r *problems) readScalar(text string, s *shape, path string) any {
	if err := s.check(text); err != nil {
		r.add(path, "%v", err)
		r.blame(path)
		return nil
	}
	return text
}

func (r *reader) readObject(n *yaml.Node, s *shape, path string) any {
	values := map[string]any{}
	lines := map[string]int{}
	var meant []string
	for _, p := range pairs(n) {
		key, at := p.key.Value, joinPath(path, p.key.Value)
		f := s.field(key)
		switch first, seen := lines[key]; {
		case f == nil:
			meant = append(meant, r.unknownKey(s, path, key, r.at(p.key)))
		case seen && p.merged: // a merge key fills only what is not there
		case seen:
			r.addAt(at, r.at(p.key), "given twice, first on line %d; remove one", first)
		default:
			lines[key] = p.key.Line
			r.origins[at] = r.at(p.key)
			if v := r.read(p.value, f, at); v != nil {
				values[key] = v
			}
		}
	}
	for _, key := range meant {
		if _, given := lines[key]; key != "" && !given {
			r.blame(joinPath(path, key)) // missing because of the typo
		}
	}
	return values
}

// dictionary is a mapping whose keys viper leaves as they are: it writes those of any
// map[string]any in lower case.
type dictionary map[string]any

func (r *reader) readDictionary(n *yaml.Node, s *shape, path string) any {
	values := dictionary{}
	for _, p := range pairs(n) {
		at := joinPath(path, p.key.Value)
		if _, seen := values[p.key.Value]; seen {
			if !p.merged {
				r.addAt(at, r.at(p.key), "given twice; remove one")
			}
			continue
		}
		if v := r.read(p.value, s.elem, at); v != nil {
			values[p.key.Value] = v
		}
	}
	return values
}

func (r *reader) readAnything(n *yaml.Node, path string) any {
	var value any
	if err := n.Decode(&value); err != nil {
		r.addAt(path, r.at(n), "it cannot be read: %v", err)
		return nil
	}
	if m, ok := value.(map[string]any); ok {
		return dictionary(m)
	}
	return value
}

// unknownKey reports a key that the shape does not have, and returns the one
// that was probably meant.
func (r *problems) unknownKey(s *shape, path, key, where string) string {
	at := joinPath(path, key)
	meant := nearest(key, s.keys())
	if meant != "" {
		r.addAt(at, where, "unknown key, did you mean %s?", meant)
	} else {
		r.addAt(at, where, "unknown key; known keys are %s", strings.Join(s.keys(), ", "))
	}
	return meant
}

type pair struct {
	key, value *yaml.Node
	merged     bool // through a merge key: <<
}

// pairs lists a mapping's keys and values, its own before merged ones.
func pairs(n *yaml.Node) []pair {
	var own, merged []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag != "!!merge" {
			own = append(own, pair{key: key, value: value})
			continue
		}
		for _, m := range mergedMappings(value) {
			for _, p := range pairs(m) {
				p.merged = true
				merged = append(merged, p)
			}
		}
	}
	return append(own, merged...)
}

// mergedMappings resolves the value of a merge key: a mapping or a list of them.
func mergedMappings(n *yaml.Node) []*yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}
	}
	var all []*yaml.Node
	for _, item := range n.Content {
		all = append(all, mergedMappings(item)...)
	}
	return all
}

// at says where a node was written.
func (r *reader) at(n *yaml.Node) string {
	if r.source == "" {
		return fmt.Sprintf("line %d", n.Line)
	}
	return fmt.Sprintf("%s line %d", r.source, n.Line)
}

func nounOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		return "one value"
	}
	return "nothing"
}
