package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
)

var stepOfPath = regexp.MustCompile(`[^.\[\]]+`)

// overlay puts value at a path inside a list, which viper cannot, over what it
// holds. The list is changed in a copy; an index may add one element at the end.
func (l *loader) overlay(path string, value any) error {
	steps := stepOfPath.FindAllString(path, -1)
	at := slices.IndexFunc(steps, isIndex)
	key := ""
	for _, s := range steps[:at] {
		key = joinPath(key, s)
	}
	changed, err := overlayIn(l.viper.Get(key), steps[at:], value)
	if err != nil {
		return err
	}
	l.viper.Set(key, changed)
	return nil
}

func isIndex(step string) bool {
	_, err := strconv.Atoi(step)
	return err == nil
}

// overlayIn returns a copy of container with value at the path of steps.
func overlayIn(container any, steps []string, value any) (_ any, err error) {
	if len(steps) == 0 {
		return value, nil
	}
	index, err := strconv.Atoi(steps[0])
	if err != nil {
		m := map[string]any{}
		if given, ok := container.(map[string]any); ok {
			m = maps.Clone(given)
		}
		m[steps[0]], err = overlayIn(m[steps[0]], steps[1:], value)
		return m, err
	}
	items := slices.Clone(asList(container))
	if index > len(items) {
		return nil, fmt.Errorf("there are %d entries, so the next index is %d", len(items), len(items))
	}
	if index == len(items) {
		items = append(items, nil)
	}
	items[index], err = overlayIn(items[index], steps[1:], value)
	return items, err
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
