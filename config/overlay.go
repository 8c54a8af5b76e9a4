package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/viper"
)

// overlay puts value at path over what v holds. Inside a list the element is
// changed in a copy; an index may add one element at the end.
func overlay(v *viper.Viper, path []step, value any) error {
	at := slices.IndexFunc(path, func(s step) bool { return s.key == "" })
	if at < 0 {
		v.Set(pathOf(path), value)
		return nil
	}
	key := pathOf(path[:at])
	changed, err := overlayIn(v.Get(key), path[at:], value)
	if err != nil {
		return err
	}
	v.Set(key, changed)
	return nil
}

// overlayIn returns a copy of container with value at path.
func overlayIn(container any, path []step, value any) (any, error) {
	if len(path) == 0 {
		return value, nil
	}
	if s := path[0]; s.key != "" {
		m, _ := container.(map[string]any)
		changed, err := overlayIn(m[s.key], path[1:], value)
		if err != nil {
			return nil, err
		}
		m = maps.Clone(m)
		if m == nil {
			m = map[string]any{}
		}
		m[s.key] = changed
		return m, nil
	}
	items, index := slices.Clone(asList(container)), path[0].index
	if index > len(items) {
		return nil, fmt.Errorf("there are %d entries, so the next index is %d", len(items), len(items))
	}
	if index == len(items) {
		items = append(items, nil)
	}
	changed, err := overlayIn(items[index], path[1:], value)
	if err != nil {
		return nil, err
	}
	items[index] = changed
	return items, nil
}

// asList returns a list that a file, a default or nobody gave.
func asList(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case []map[string]any:
		items := make([]any, len(v))
		for i, m := range v {
			items[i] = m
		}
		return items
	}
	return nil
}
