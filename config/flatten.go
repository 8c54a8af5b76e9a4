package config

import (
	"cmp"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

// value is what a key holds.
type value struct {
	text    string
	secret  bool
	element bool // of a list, found by its id
}

// flatten lists a configuration's values by their paths.
func flatten(c *Config) map[string]value {
	values := map[string]value{}
	eachValue(c, func(path []byte, v value) { values[string(path)] = v })
	return values
}

// eachValue walks a configuration's values in an order that is the same for the same
// values. Those that are empty are left out. A list whose elements have ids is walked
// by their order, whatever order the file has; one of keys has an entry more, with the
// file's order: the first key of a list is the one that is used. The path is only good
// until found returns. What files say follows the values that name them.
func eachValue(c *Config, found func(path []byte, v value)) {
	w := flattener{found: found}
	w.walk(nil, root, reflect.ValueOf(*c))
	c.eachContent(found)
}

type flattener struct{ found func(path []byte, v value) }

func (w flattener) walk(path []byte, s *shape, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.Slice && s.kind == list:
		w.list(path, s.elem, v)
	case s.kind == object:
		for _, f := range s.fields {
			at := path
			if len(at) > 0 {
				at = append(at, '.')
			}
			w.walk(append(at, f.key...), f, v.Field(f.index))
		}
	case s.typ == secretType:
		w.emit(path, value{text: v.Interface().(Secret).Reveal(), secret: true})
	default:
		w.emit(path, value{text: textOf(v)})
	}
}

func (w flattener) emit(path []byte, v value) {
	if v.text != "" || v.element {
		w.found(path, v)
	}
}

func (w flattener) list(path []byte, elem *shape, v reflect.Value) {
	switch {
	case elem.hasID():
		w.byID(path, elem, v)
	case !v.IsNil() && v.Len() == 0:
		w.emit(path, value{text: "[]"}) // written down, which is another thing than the default
	case elem.kind == object:
		for i := range v.Len() {
			w.walk(fmt.Appendf(path, "[%d]", i), elem, v.Index(i))
		}
	default:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = textOf(v.Index(i))
		}
		w.emit(path, value{text: strings.Join(items, ", ")})
	}
}

func (w flattener) byID(path []byte, elem *shape, v reflect.Value) {
	type element struct {
		id    string
		value reflect.Value
	}
	elements, order := make([]element, v.Len()), make([]string, v.Len())
	for i := range elements {
		elements[i] = element{id: v.Index(i).FieldByName("ID").String(), value: v.Index(i)}
		order[i] = elements[i].id
	}
	if strings.HasSuffix(string(path), "_keys") {
		w.emit(path, value{text: strings.Join(order, ", ")})
	}
	slices.SortStableFunc(elements, func(a, b element) int { return cmp.Compare(a.id, b.id) })
	for _, e := range elements {
		at := append(append(append(path, '['), e.id...), ']')
		w.emit(at, value{element: true})
		w.walk(at, elem, e.value)
	}
}

// textOf writes a scalar as the file would.
func textOf(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	}
	switch x := v.Interface().(type) {
	case time.Duration:
		return client.FormatDuration(x)
	case time.Time:
		if x.IsZero() {
			return ""
		}
		return x.Format(time.RFC3339)
	case netip.Prefix:
		return x.String()
	default:
		return fmt.Sprint(x)
	}
}
