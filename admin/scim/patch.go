package scim

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	filter "github.com/scim2/filter-parser/v2"
)

// maxOperations is how many operations one PATCH has.
const maxOperations = 1000

// operation is one of a PATCH (RFC 7644 section 3.5.2). Names are taken in any case:
// Entra ID writes Add, Replace and Remove.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

func readPatch(body []byte) ([]operation, error) {
	var in struct {
		Operations []operation `json:"Operations"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, bad("invalidSyntax", "the body is no PatchOp")
	}
	if len(in.Operations) == 0 || len(in.Operations) > maxOperations {
		return nil, bad("invalidValue", "a PatchOp has 1 to %d Operations", maxOperations)
	}
	for i := range in.Operations {
		o := &in.Operations[i]
		o.Op = strings.ToLower(o.Op)
		if !slices.Contains([]string{"add", "replace", "remove"}, o.Op) {
			return nil, bad("invalidSyntax", "op is add, replace or remove")
		}
	}
	return in.Operations, nil
}

// each calls do for every operation with a path: one without is one for each attribute
// that its value names, whose names may be paths themselves, as Entra ID writes them.
func (k *kind) each(operations []operation, do func(op string, path filter.Path, value any) error) error {
	for _, o := range operations {
		if e := k.extension(o.Path); e != nil {
			if err := k.extensionWhole(e, o, do); err != nil {
				return err
			}
			continue
		}
		if o.Path != "" {
			path, err := parsePath(o.Path)
			if err == nil {
				err = do(o.Op, path, o.Value)
			}
			if err != nil {
				return err
			}
			continue
		}
		value, ok := o.Value.(object)
		if !ok || o.Op == "remove" {
			return bad("noTarget", "an operation without path has an object for its value")
		}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if err := k.named(o.Op, name, value[name], do); err != nil {
				return err
			}
		}
	}
	return nil
}

// extensionWhole is an operation on all of an extension.
func (k *kind) extensionWhole(e *extension, o operation, do func(op string, path filter.Path, value any) error) error {
	if o.Op != "remove" {
		return k.named(o.Op, e.urn, o.Value, do)
	}
	for i := range e.attrs {
		path, err := parsePath(e.urn + ":" + e.attrs[i].name)
		if err == nil {
			err = do(o.Op, path, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// named is the part of an operation without a path that one name says. What no schema
// names is passed over, as it is in a whole resource.
func (k *kind) named(op, name string, value any, do func(string, filter.Path, any) error) error {
	if inner, ok := value.(object); ok && (k.extension(name) != nil || strings.EqualFold(name, k.urn)) {
		for _, part := range slices.Sorted(maps.Keys(inner)) {
			if err := k.named(op, name+":"+part, inner[part], do); err != nil {
				return err
			}
		}
		return nil
	}
	path, err := parsePath(name)
	if err != nil {
		return nil
	}
	if a, _ := k.resolve(path.AttributePath, nil); a == nil || a.readOnly {
		return nil
	}
	return do(op, path, value)
}

func parsePath(text string) (filter.Path, error) {
	if !bounded(text) {
		return filter.Path{}, bad("invalidPath", "the path is too long")
	}
	path, err := filter.ParsePath([]byte(text))
	if err != nil {
		return filter.Path{}, bad("invalidPath", "the path cannot be read")
	}
	return path, nil
}

// patch does one operation on a document. To replace by null is to remove, since both
// leave an attribute unassigned (RFC 7643 section 2.5), and to add null changes nothing.
func (k *kind) patch(doc object, op string, path filter.Path, value any) error {
	if value == nil && op == "replace" {
		op = "remove"
	}
	attrs, key, ok := k.within(path.AttributePath.URI())
	if !ok {
		return bad("invalidPath", "there is no schema %q", path.AttributePath.URI())
	}
	a := find(attrs, path.AttributePath.AttributeName)
	if a == nil {
		return bad("invalidPath", "there is no attribute %q", path.AttributePath.String())
	}
	if a.readOnly {
		return bad("mutability", "%s is not written", a.name)
	}
	sub := path.AttributePath.SubAttributeName() + path.SubAttributeName()
	var inner *attr
	if sub != "" {
		if inner = find(a.sub, sub); inner == nil {
			return bad("invalidPath", "there is no attribute %s.%s", a.name, sub)
		}
	}
	switch {
	case op == "remove" && a.required && inner == nil:
		return bad("mutability", "%s is required", a.name)
	case op == "add" && value == nil:
		return nil
	}
	in := doc
	if key != "" {
		extended, _ := doc[key].(object)
		if extended == nil {
			extended = object{}
		}
		in = extended
		defer func() {
			delete(doc, key)
			if len(extended) > 0 {
				doc[key] = extended
			}
		}()
	}
	switch {
	case path.ValueExpression != nil:
		if !a.multi {
			return bad("invalidPath", "%s is no list", a.name)
		}
		if err := k.checkFilter(path.ValueExpression, a); err != nil {
			return err
		}
		return k.patchSome(in, a, inner, op, path.ValueExpression, value)
	case inner != nil:
		return patchInner(in, a, inner, op, value)
	}
	return patchWhole(in, a, op, value)
}

// patchWhole changes an attribute.
func patchWhole(in object, a *attr, op string, value any) error {
	if op == "remove" && (value == nil || !a.multi) {
		delete(in, a.name)
		return nil
	}
	is, err := coerce(a, value)
	if err != nil {
		return err
	}
	was, _ := in[a.name].([]any)
	list, _ := is.([]any)
	switch inner, complex := is.(object); {
	case op == "remove": // some of a list, by their values
		put(in, a.name, slices.DeleteFunc(slices.Clone(was), func(one any) bool {
			return slices.ContainsFunc(list, func(gone any) bool { return same(one, gone) || sameValue(one, gone) })
		}))
	case is == nil && op == "replace":
		delete(in, a.name)
	case is == nil:
	case a.multi && op == "add":
		for _, one := range list {
			if !slices.ContainsFunc(was, func(there any) bool { return same(there, one) }) {
				was = append(slices.Clone(was), one)
			}
		}
		put(in, a.name, onePrimary(was))
	case complex && !a.multi: // what it does not name stays
		merged := object{}
		if before, ok := in[a.name].(object); ok {
			maps.Copy(merged, before)
		}
		maps.Copy(merged, inner)
		in[a.name] = merged
	default:
		in[a.name] = is
	}
	return nil
}

// sameValue reports whether two members of a list have the same value.
func sameValue(one, other any) bool {
	a, _ := one.(object)
	b, _ := other.(object)
	return a != nil && b != nil && a["value"] != nil && a["value"] == b["value"]
}

// put sets a list; an empty one is none.
func put(in object, name string, list []any) {
	if len(list) == 0 {
		delete(in, name)
		return
	}
	in[name] = list
}

// set sets a part of an object, or takes it away.
func set(in object, a *attr, op string, value any) error {
	if op == "remove" {
		delete(in, a.name)
		return nil
	}
	is, err := coerce(a, value)
	if err != nil {
		return err
	}
	if is == nil {
		delete(in, a.name)
		return nil
	}
	in[a.name] = is
	return nil
}

// patchInner changes a part of an attribute; of a list, that of all of it.
func patchInner(in object, a, inner *attr, op string, value any) error {
	if a.multi {
		list := clone(in[a.name])
		if len(list) == 0 && op != "remove" {
			list = []any{object{}}
		}
		for _, one := range list {
			if err := set(one.(object), inner, op, value); err != nil {
				return err
			}
		}
		put(in, a.name, filled(list))
		return nil
	}
	merged := object{}
	if before, ok := in[a.name].(object); ok {
		maps.Copy(merged, before)
	}
	if err := set(merged, inner, op, value); err != nil {
		return err
	}
	delete(in, a.name)
	if len(merged) > 0 {
		in[a.name] = merged
	}
	return nil
}

// clone copies a list of objects.
func clone(list any) []any {
	var out []any
	all, _ := list.([]any)
	for _, one := range all {
		if inner, ok := one.(object); ok {
			out = append(out, maps.Clone(inner))
		}
	}
	return out
}

// filled drops what nothing is left of.
func filled(list []any) []any {
	return slices.DeleteFunc(list, func(one any) bool { return len(one.(object)) == 0 })
}

// patchSome changes those of a list that a filter matches. Where none does, one that
// fulfills it is made, as Entra ID expects of emails[type eq "work"].value.
func (k *kind) patchSome(in object, a, inner *attr, op string, which filter.Expression, value any) error {
	list := clone(in[a.name])
	fits := func(one any) bool { return k.matches(which, one.(object), a) }
	if op == "remove" && inner == nil {
		put(in, a.name, slices.DeleteFunc(list, fits))
		return nil
	}
	if op != "remove" && !slices.ContainsFunc(list, fits) {
		made := object{}
		if !fulfill(made, a, which) {
			return bad("noTarget", "nothing in %s is as the path says", a.name)
		}
		list = append(list, made)
	}
	for _, one := range list {
		if !fits(one) {
			continue
		}
		if inner != nil {
			if err := set(one.(object), inner, op, value); err != nil {
				return err
			}
			continue
		}
		is, err := coerceOne(a, value)
		if err != nil {
			return err
		}
		if to, ok := is.(object); ok {
			maps.Copy(one.(object), to)
		}
	}
	put(in, a.name, onePrimary(filled(list)))
	return nil
}

// fulfill makes an object what a filter asks for; false where that cannot be said.
func fulfill(in object, a *attr, e filter.Expression) bool {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return e.Operator == filter.AND && fulfill(in, a, e.Left) && fulfill(in, a, e.Right)
	case *filter.AttributeExpression:
		sub := find(a.sub, e.AttributePath.AttributeName)
		if sub == nil || !strings.EqualFold(string(e.Operator), "eq") {
			return false
		}
		return set(in, sub, "add", e.CompareValue) == nil
	}
	return false
}
