package config

import (
	"cmp"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// envPrefix begins the name of every variable that overrides a key.
const envPrefix = "LATCHKEY_"

// fileVariable names the configuration file: it overrides no key.
const fileVariable = envPrefix + "CONFIG"

// variables are the keys by the names of their variables, without the prefix.
// A # stands for the index in a list: CLIENTS_#_SECRET is clients[#].secret.
var variables = map[string]variable{}

func init() { addVariables("", "", root) }

type variable struct {
	path  string
	shape *shape
}

func addVariables(name, path string, s *shape) {
	if name != "" && s.kind != object {
		variables[name] = variable{path, s}
	}
	if s.kind == list && s.elem.kind == object {
		name, path, s = name+"_#", path+"[#]", s.elem
	}
	for _, f := range s.fields {
		addVariables(strings.TrimPrefix(name+"_"+strings.ToUpper(f.key), "_"), joinPath(path, f.key), f)
	}
}

// override is a variable that is set and names a key.
type override struct {
	name string
	variable
	indices []int // of the lists on the way
}

var indexInName = regexp.MustCompile(`_(\d{1,3})_`)

// overrides picks what overrides a key out of the environment, in the order to
// apply them: a list before its elements, elements by index. A variable that is
// set to nothing counts as not set. The names of variables with our prefix that
// name no key come second.
func overrides() (found []override, unknown []string) {
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, envPrefix)
		if !ours || value == "" || name == fileVariable {
			continue
		}
		o := override{name: name}
		template := indexInName.ReplaceAllStringFunc(rest, func(index string) string {
			n, _ := strconv.Atoi(strings.Trim(index, "_")) // three digits: it is a number
			o.indices = append(o.indices, n)
			return "_#_"
		})
		v, ok := variables[template]
		if !ok {
			unknown = append(unknown, name)
			continue
		}
		o.variable = v
		for _, n := range o.indices {
			o.path = strings.Replace(o.path, "#", strconv.Itoa(n), 1)
		}
		found = append(found, o)
	}
	slices.SortFunc(found, func(a, b override) int {
		return cmp.Or(cmp.Compare(len(a.indices), len(b.indices)), slices.Compare(a.indices, b.indices), cmp.Compare(a.path, b.path))
	})
	slices.Sort(unknown)
	return found, unknown
}

// read returns the value of a variable as the file would have held it; nil
// where it cannot be used, which is then among the problems.
func (l *loader) readVariable(o override) any {
	text := os.Getenv(o.name)
	l.replaced(o.path, o.name)
	switch {
	case !o.shape.isText():
		r := &reader{problems: l.problems, source: o.name}
		if n := r.parse([]byte(text)); n != nil {
			return r.read(n, o.shape, o.path)
		}
		return nil
	case o.shape.kind == list:
		items := splitList(text)
		for i, item := range items {
			items[i] = l.readScalar(item.(string), o.shape.elem, indexPath(o.path, i))
		}
		return items
	case o.shape.secret != "" && !isReference(text):
		// The value is in the environment already, where a secret may be.
		return envReference + o.name
	}
	return l.readScalar(text, o.shape, o.path)
}

// isOrchestrators reports whether a variable is one of those that Kubernetes
// sets for every service, here one that is called latchkey.
func isOrchestrators(name string) bool {
	rest := strings.TrimPrefix(name, envPrefix)
	return rest == "PORT" || strings.HasPrefix(rest, "PORT_") || strings.Contains(rest, "SERVICE_HOST") || strings.Contains(rest, "SERVICE_PORT")
}
