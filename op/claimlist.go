package op

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// claim is a claim with its value, which JSON has.
type claim struct {
	name  string
	value any
}

// claimList are claims by their names; of so few a list costs less than a map.
type claimList []claim

// find returns a claim, or nil.
func (l claimList) find(name string) *claim {
	for i := range l {
		if l[i].name == name {
			return &l[i]
		}
	}
	return nil
}

// set adds a claim, or changes its value.
func (l *claimList) set(name string, value any) {
	if has := l.find(name); has != nil {
		has.value = value
		return
	}
	*l = append(*l, claim{name, value})
}

// object spells the claims as one JSON object, in the order of their names.
func (l claimList) object() ([]byte, error) {
	slices.SortFunc(l, func(a, b claim) int { return strings.Compare(a.name, b.name) })
	object := make([]byte, 0, 64+32*len(l))
	object = append(object, '{')
	for i, c := range l {
		if i > 0 {
			object = append(object, ',')
		}
		object = append(appendText(object, c.name), ':')
		var err error
		if object, err = appendValue(object, c.value); err != nil {
			return nil, fmt.Errorf("encode claim %s: %w", c.name, err)
		}
	}
	return append(object, '}'), nil
}

// appendValue appends a value as encoding/json spells it. What most claims are costs
// neither reflection nor an allocation.
func appendValue(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case string:
		return appendText(b, v), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case []string:
		if v != nil {
			return appendTexts(b, v), nil
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return append(b, text...), nil
}

func appendTexts(b []byte, texts []string) []byte {
	b = append(b, '[')
	for i, text := range texts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, text)
	}
	return append(b, ']')
}

// appendText leaves texts to encoding/json that have anything in them to escape.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			escaped, _ := json.Marshal(text) // a text can always be encoded
			return append(b, escaped...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}
