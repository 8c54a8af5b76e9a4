package scim

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	filter "github.com/scim2/filter-parser/v2"
)

const (
	maxFilter = 2000 // bytes
	maxNested = 20   // brackets
)

// parseFilter reads a filter (RFC 7644 section 3.4.2.2) whose attributes the kind has.
func (k *kind) parseFilter(text string) (filter.Expression, error) {
	if !bounded(text) {
		return nil, bad("invalidFilter", "the filter is too long or too deep")
	}
	parsed, err := filter.ParseFilter([]byte(bracketed(text)))
	if err != nil {
		return nil, bad("invalidFilter", "the filter cannot be read")
	}
	return parsed, k.checkFilter(parsed, nil)
}

// bracketed is a filter in the grammar of RFC 7644, where a comparison of a part stands
// inside the brackets. Microsoft Entra ID, which looks for people by the address of a type,
// puts it behind them: emails[type eq "work"].value eq "…". The parser reads two
// comparisons inside of brackets and refuses more.
func bracketed(text string) string {
	for {
		opened, closed, quoted := -1, -1, false
		for i := 0; i < len(text) && closed < 0; i++ {
			switch {
			case text[i] == '\\' && quoted:
				i++
			case text[i] == '"':
				quoted = !quoted
			case text[i] == '[' && !quoted:
				opened = i
			case text[i] == ']' && !quoted && opened >= 0 && strings.HasPrefix(text[i+1:], "."):
				closed = i
			}
		}
		if closed < 0 {
			return text
		}
		part := partComparison.FindString(text[closed+2:])
		if part == "" {
			return text
		}
		text = text[:opened] + "[" + text[opened+1:closed] + " and " + part + "]" + text[closed+2+len(part):]
	}
}

// partComparison is a comparison of a part with a value.
var partComparison = regexp.MustCompile(`^[A-Za-z$][A-Za-z0-9_$-]* +(?i:pr|(?:eq|ne|co|sw|ew|gt|ge|lt|le) +(?:"(?:[^"\\]|\\.)*"|[A-Za-z0-9.+-]+))`)

func bounded(text string) bool {
	return len(text) <= maxFilter && strings.Count(text, "(")+strings.Count(text, "[") <= maxNested
}

// checkFilter refuses attributes that there are not. of is the attribute that brackets
// stand behind.
func (k *kind) checkFilter(e filter.Expression, of *attr) error {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		if err := k.checkFilter(e.Left, of); err != nil {
			return err
		}
		return k.checkFilter(e.Right, of)
	case *filter.NotExpression:
		return k.checkFilter(e.Expression, of)
	case *filter.ValuePath:
		a, _ := k.resolve(e.AttributePath, of)
		if a == nil || !a.multi {
			return bad("invalidFilter", "there is no list %q", e.AttributePath.String())
		}
		return k.checkFilter(e.ValueFilter, a)
	case *filter.AttributeExpression:
		if a, _ := k.resolve(e.AttributePath, of); a == nil {
			return bad("invalidFilter", "there is no attribute %q", e.AttributePath.String())
		}
		return nil
	}
	return bad("invalidFilter", "the filter cannot be read")
}

// resolve finds the attribute of a path, and the names on the way to it.
func (k *kind) resolve(p filter.AttributePath, of *attr) (*attr, []string) {
	attrs, key, ok := k.within(p.URI())
	if of != nil {
		attrs, key, ok = of.sub, "", true
	}
	if !ok {
		return nil, nil
	}
	a := find(attrs, p.AttributeName)
	if a == nil {
		return nil, nil
	}
	var way []string
	if key != "" {
		way = append(way, key)
	}
	way = append(way, a.name)
	if p.SubAttribute == nil {
		return a, way
	}
	sub := find(a.sub, *p.SubAttribute)
	if sub == nil {
		return nil, nil
	}
	return sub, append(way, sub.name)
}

// valuesAt are the values that a way leads to in a document.
func valuesAt(doc any, way []string) []any {
	switch doc := doc.(type) {
	case nil:
		return nil
	case []any:
		var all []any
		for _, one := range doc {
			all = append(all, valuesAt(one, way)...)
		}
		return all
	case []string:
		var all []any
		for _, one := range doc {
			all = append(all, one)
		}
		return all
	case object:
		if len(way) > 0 {
			return valuesAt(doc[way[0]], way[1:])
		}
		if value, has := doc["value"]; has { // of a complex one, that is what is compared
			return []any{value}
		}
	}
	if len(way) > 0 {
		return nil
	}
	return []any{doc}
}

// matches judges a filter over a document.
func (k *kind) matches(e filter.Expression, doc object, of *attr) bool {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		left := k.matches(e.Left, doc, of)
		if e.Operator == filter.AND {
			return left && k.matches(e.Right, doc, of)
		}
		return left || k.matches(e.Right, doc, of)
	case *filter.NotExpression:
		return !k.matches(e.Expression, doc, of)
	case *filter.ValuePath:
		a, way := k.resolve(e.AttributePath, of)
		if a == nil {
			return false
		}
		list, _ := at(doc, way).([]any)
		for _, one := range list {
			if inner, ok := one.(object); ok && k.matches(e.ValueFilter, inner, a) {
				return true
			}
		}
	case *filter.AttributeExpression:
		a, way := k.resolve(e.AttributePath, of)
		if a == nil {
			return false
		}
		values := valuesAt(doc, way)
		switch strings.ToLower(string(e.Operator)) {
		case "pr":
			return len(values) > 0
		case "ne":
			return !anyIs(a, values, "eq", e.CompareValue)
		}
		if e.CompareValue == nil { // eq null
			return len(values) == 0
		}
		return anyIs(a, values, strings.ToLower(string(e.Operator)), e.CompareValue)
	}
	return false
}

// at is the value that a way leads to, without looking into lists.
func at(doc any, way []string) any {
	for _, name := range way {
		inner, ok := doc.(object)
		if !ok {
			return nil
		}
		doc = inner[name]
	}
	return doc
}

func anyIs(a *attr, values []any, operator string, to any) bool {
	for _, value := range values {
		if compare(a, value, operator, to) {
			return true
		}
	}
	return false
}

// compare judges one value. Texts are equal in any case unless the schema says that
// they are exact; booleans may be written as texts.
func compare(a *attr, value any, operator string, to any) bool {
	if is, ok := value.(bool); ok {
		if text, written := to.(string); written {
			to = strings.EqualFold(text, "true")
		}
		return operator == "eq" && is == to
	}
	if is, ok := value.(float64); ok {
		wanted, number := to.(float64)
		if whole, integral := to.(int); integral {
			wanted, number = float64(whole), true
		}
		return number && ordered(cmp.Compare(is, wanted), operator)
	}
	have, ok := value.(string)
	want, is := to.(string)
	if !ok || !is {
		return false
	}
	order := 0
	if a.typ == "dateTime" {
		x, errX := time.Parse(time.RFC3339, have)
		y, errY := time.Parse(time.RFC3339, want)
		if errX != nil || errY != nil {
			return false
		}
		order = x.Compare(y)
	} else {
		if !a.exact {
			have, want = strings.ToLower(have), strings.ToLower(want)
		}
		order = cmp.Compare(have, want)
	}
	switch operator {
	case "co":
		return strings.Contains(have, want)
	case "sw":
		return strings.HasPrefix(have, want)
	case "ew":
		return strings.HasSuffix(have, want)
	}
	return ordered(order, operator)
}

// ordered reports whether an order is what the operator asks for.
func ordered(order int, operator string) bool {
	switch operator {
	case "eq":
		return order == 0
	case "gt":
		return order > 0
	case "ge":
		return order >= 0
	case "lt":
		return order < 0
	case "le":
		return order <= 0
	}
	return false
}

// lookup is an equality that an index answers: the attribute, and its value.
type lookup struct{ name, value string }

// lookups are equalities of which every resource that a filter matches fulfills one;
// false: there are none, and the filter has to be judged over all.
func (k *kind) lookups(e filter.Expression, prefix string, indexed ...string) ([]lookup, bool) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		left, ok := k.lookups(e.Left, prefix, indexed...)
		if e.Operator == filter.AND {
			if ok {
				return left, true
			}
			return k.lookups(e.Right, prefix, indexed...)
		}
		right, also := k.lookups(e.Right, prefix, indexed...)
		return append(left, right...), ok && also
	case *filter.ValuePath:
		return k.lookups(e.ValueFilter, e.AttributePath.AttributeName+".", indexed...)
	case *filter.AttributeExpression:
		value, ok := e.CompareValue.(string)
		name := prefix + e.AttributePath.AttributeName
		if sub := e.AttributePath.SubAttributeName(); sub != "" {
			name += "." + sub
		}
		for _, is := range indexed {
			if ok && strings.EqualFold(string(e.Operator), "eq") && (strings.EqualFold(is, name) || strings.EqualFold(is, name+".value")) {
				return []lookup{{is, value}}, true
			}
		}
	}
	return nil, false
}

// membersIn are the members that a filter speaks of, by their ids.
func (k *kind) membersIn(e filter.Expression) []string {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return append(k.membersIn(e.Left), k.membersIn(e.Right)...)
	case *filter.NotExpression:
		return k.membersIn(e.Expression)
	}
	var ids []string
	if found, ok := k.lookups(e, "", "members.value"); ok {
		for _, l := range found {
			ids = append(ids, l.value)
		}
	}
	return ids
}

// key is a lookup of a person, as the store finds them.
func (l lookup) key() storage.ProvisionedKey {
	switch l.name {
	case "userName":
		return storage.ProvisionedKey{UserName: l.value}
	case "externalId":
		return storage.ProvisionedKey{ExternalID: l.value}
	case "emails.value":
		return storage.ProvisionedKey{Email: l.value}
	}
	return storage.ProvisionedKey{ID: storage.ID(l.value)}
}
