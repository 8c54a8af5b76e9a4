package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// envPrefix begins the name of every variable that overrides a key.
const envPrefix = "LATCHKEY_"

// step is one element of a path: a key, or an index of the list before it.
type step struct {
	key   string
	index int // where key is empty
}

// envOverride is an environment variable that names a key.
type envOverride struct {
	name, value string
	path        []step
	shape       *shape
}

// findOverrides picks what overrides a key out of "NAME=value" pairs, in the
// order to apply them: a list before its elements, elements by index. A
// variable that is set to nothing counts as not set. The names of variables
// with our prefix that name no key come second.
func findOverrides(environ []string) (overrides []envOverride, unknown []string) {
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, envPrefix)
		if !ours || value == "" {
			continue
		}
		if path, s, ok := matchEnv(root, rest); ok {
			overrides = append(overrides, envOverride{name, value, path, s})
		} else {
			unknown = append(unknown, name)
		}
	}
	slices.SortFunc(overrides, func(a, b envOverride) int {
		return slices.CompareFunc(a.path, b.path, func(x, y step) int {
			return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.index, y.index))
		})
	})
	slices.Sort(unknown)
	return overrides, unknown
}

// matchEnv finds the key that the rest of a variable's name stands for. Keys
// hold the separator themselves, so each key that fits is tried.
func matchEnv(s *shape, rest string) ([]step, *shape, bool) {
	if s.kind == list && s.elem.kind == object {
		digits, inner, found := strings.Cut(rest, "_")
		index, err := strconv.ParseUint(digits, 10, 10)
		if !found || err != nil {
			return nil, nil, false
		}
		path, target, ok := matchEnv(s.elem, inner)
		return append([]step{{index: int(index)}}, path...), target, ok
	}
	for _, f := range s.fields {
		name := strings.ToUpper(f.key)
		if rest == name && f.kind != object {
			return []step{{key: f.key}}, f, true
		}
		if inner, ok := strings.CutPrefix(rest, name+"_"); ok {
			if path, target, ok := matchEnv(f, inner); ok {
				return append([]step{{key: f.key}}, path...), target, true
			}
		}
	}
	return nil, nil, false
}

// isElement reports whether the override is of something inside a list of mappings.
func (o envOverride) isElement() bool {
	return slices.ContainsFunc(o.path, func(s step) bool { return s.key == "" })
}

// isWhole reports the opposite of isElement.
func (o envOverride) isWhole() bool { return !o.isElement() }

// read returns the override's value as the file would have held it.
func (o envOverride) read(p *problems) any {
	path := pathOf(o.path)
	p.replaced(path, o.name)
	switch {
	case o.shape.kind == list && o.shape.elem.kind == object:
		r := &reader{problems: p, source: o.name}
		n := r.parse([]byte(o.value))
		if n == nil {
			return nil
		}
		return r.read(n, o.shape, path)
	case o.shape.kind == list:
		items := splitList(o.value)
		for i, item := range items {
			items[i] = p.readScalar(fmt.Sprint(item), o.shape.elem, indexPath(path, i))
		}
		return items
	case o.shape.secret != "" && !isReference(o.value):
		// The value is in the environment already, where a secret may be.
		return "env:" + o.name
	}
	return p.readScalar(o.value, o.shape, path)
}

// pathOf spells steps as in clients[0].secret.
func pathOf(steps []step) string {
	path := ""
	for _, s := range steps {
		if s.key == "" {
			path = indexPath(path, s.index)
		} else {
			path = joinPath(path, s.key)
		}
	}
	return path
}

// isOrchestrators reports whether a variable is one of those that Kubernetes
// sets for every service, here one that is called latchkey.
func isOrchestrators(name string) bool {
	rest := strings.TrimPrefix(name, envPrefix)
	return rest == "PORT" || strings.HasPrefix(rest, "PORT_") || strings.Contains(rest, "SERVICE_HOST") || strings.Contains(rest, "SERVICE_PORT")
}
