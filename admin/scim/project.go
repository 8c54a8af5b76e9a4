package scim

import (
	"maps"
	"strings"

	filter "github.com/scim2/filter-parser/v2"
)

// projection says which attributes of resources are answered (RFC 7644 section 3.9).
type projection struct{ only, without [][]string }

func (k *kind) projection(attributes, excluded string) projection {
	return projection{only: k.ways(attributes), without: k.ways(excluded)}
}

func (k *kind) ways(list string) [][]string {
	var ways [][]string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if e := k.extension(name); e != nil {
			ways = append(ways, []string{e.urn})
			continue
		}
		path, err := filter.ParsePath([]byte(name))
		if err != nil {
			continue
		}
		if _, way := k.resolve(path.AttributePath, nil); way != nil {
			ways = append(ways, way)
		}
	}
	return ways
}

// wants reports whether an attribute is answered, so that it need not be read else.
func (p projection) wants(name string) bool {
	for _, way := range p.without {
		if len(way) == 1 && way[0] == name {
			return false
		}
	}
	for _, way := range p.only {
		if way[0] == name {
			return true
		}
	}
	return len(p.only) == 0
}

// of is the part of a resource that is answered: id and schemas always are.
func (p projection) of(doc object) object {
	out := doc
	if len(p.only) > 0 {
		out = object{"schemas": doc["schemas"], "id": doc["id"]}
		for _, way := range p.only {
			take(out, doc, way)
		}
	}
	for _, way := range p.without {
		if way[0] != "id" && way[0] != "schemas" {
			out = dropped(out, way)
		}
	}
	return out
}

// take copies what a way leads to.
func take(to, from object, way []string) {
	value, has := from[way[0]]
	switch {
	case !has:
	case len(way) == 1:
		to[way[0]] = value
	default:
		switch value := value.(type) {
		case object:
			inner, _ := to[way[0]].(object)
			if inner == nil {
				inner = object{}
			}
			take(inner, value, way[1:])
			to[way[0]] = inner
		case []any:
			list, _ := to[way[0]].([]any)
			for i, one := range value {
				if list == nil || len(list) <= i {
					list = append(list, object{})
				}
				take(list[i].(object), one.(object), way[1:])
			}
			to[way[0]] = list
		}
	}
}

// dropped is an object without what a way leads to.
func dropped(from object, way []string) object {
	out := maps.Clone(from)
	if len(way) == 1 {
		delete(out, way[0])
		return out
	}
	switch value := out[way[0]].(type) {
	case object:
		out[way[0]] = dropped(value, way[1:])
	case []any:
		list := make([]any, len(value))
		for i, one := range value {
			list[i] = dropped(one.(object), way[1:])
		}
		out[way[0]] = list
	}
	return out
}
