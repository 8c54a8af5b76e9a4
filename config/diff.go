package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Diff names the keys in which two configurations differ, in order, such as
// "password.min_length" or "clients[wiki].redirect_uris". It never holds a value.
func Diff(before, after *Config) []string {
	d := &differ{}
	d.compare("", reflect.ValueOf(*before), reflect.ValueOf(*after))
	slices.Sort(d.keys)
	return slices.Compact(d.keys)
}

type differ struct{ keys []string }

func (d *differ) compare(path string, before, after reflect.Value) {
	t := before.Type()
	switch {
	case t == secretType:
		if before.Interface().(Secret).Reveal() != after.Interface().(Secret).Reveal() {
			d.keys = append(d.keys, path)
		}
	case t.Kind() == reflect.Struct && strings.HasSuffix(t.PkgPath(), "/config"):
		for i := range t.NumField() {
			name := t.Field(i).Tag.Get("yaml")
			if name == "-" || name == "" {
				continue
			}
			d.compare(strings.TrimPrefix(path+"."+name, "."), before.Field(i), after.Field(i))
		}
	case t.Kind() == reflect.Slice && hasID(t.Elem()):
		d.compareByID(path, before, after)
	case !reflect.DeepEqual(before.Interface(), after.Interface()):
		d.keys = append(d.keys, path)
	}
}

// hasID reports whether the elements of a list are told apart by an id.
func hasID(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	f, ok := t.FieldByName("ID")
	return ok && f.Type.Kind() == reflect.String
}

func (d *differ) compareByID(path string, before, after reflect.Value) {
	old, new := byID(before), byID(after)
	for id, value := range old.values {
		name := fmt.Sprintf("%s[%s]", path, id)
		if other, ok := new.values[id]; ok {
			d.compare(name, value, other)
		} else {
			d.keys = append(d.keys, name)
		}
	}
	for id := range new.values {
		if _, ok := old.values[id]; !ok {
			d.keys = append(d.keys, fmt.Sprintf("%s[%s]", path, id))
		}
	}
	// The order may matter: the first of a list of keys is the one that is used.
	if !slices.Equal(old.sharedWith(new), new.sharedWith(old)) {
		d.keys = append(d.keys, path)
	}
}

// elements are those of a list by their ids, and the ids in their order.
type elements struct {
	values map[string]reflect.Value
	ids    []string
}

func byID(list reflect.Value) elements {
	e := elements{values: make(map[string]reflect.Value, list.Len())}
	for i := range list.Len() {
		id := list.Index(i).FieldByName("ID").String()
		e.values[id], e.ids = list.Index(i), append(e.ids, id)
	}
	return e
}

// sharedWith returns the ids that the other list has as well, in this one's order.
func (e elements) sharedWith(other elements) []string {
	var shared []string
	for _, id := range e.ids {
		if _, ok := other.values[id]; ok {
			shared = append(shared, id)
		}
	}
	return shared
}
