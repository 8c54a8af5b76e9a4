package api

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Field is a parameter of an operation, or a part of what it is sent or answers with.
type Field struct {
	// Name is its place: items[].id is in each of a list. In says where a parameter is.
	Name, In string
	// Type is that of the schema, with its format or the values that there are.
	Type     string
	Required bool
	// About says in English what it is; it may be empty.
	About string
}

// Detail is what the document says of an operation besides [Described].
type Detail struct {
	Parameters, Body, Answer []Field
	// Statuses are those that it may answer, in their order.
	Statuses []int
}

// deepest bounds how deep fields are followed: a schema may contain itself.
const deepest = 4

// DetailOf reads the OpenAPI document of an operation; false where there is none of the id.
func DetailOf(id string) (Detail, bool) {
	d, found := details()[id]
	return d, found
}

// details are read of a document that nothing is served with.
var details = sync.OnceValue(func() map[string]Detail {
	a := &API{table: operations()}
	described := humago.New(http.NewServeMux(), a.humaConfig())
	for _, o := range a.table {
		o.register(a, described, o.spec(a))
	}
	doc, all := described.OpenAPI(), map[string]Detail{}
	schemas := doc.Components.Schemas
	for _, path := range doc.Paths {
		for _, op := range []*huma.Operation{path.Get, path.Post, path.Put, path.Patch, path.Delete} {
			if op == nil {
				continue
			}
			d := Detail{}
			for _, p := range op.Parameters {
				d.Parameters = append(d.Parameters, Field{p.Name, p.In, typeOf(schemas, p.Schema), p.Required, cmp.Or(p.Description, p.Schema.Description)})
			}
			if op.RequestBody != nil {
				d.Body = fieldsOf(schemas, op.RequestBody.Content["application/json"], "", 0)
			}
			for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
				n, err := strconv.Atoi(status)
				if err != nil {
					continue
				}
				if d.Statuses = append(d.Statuses, n); n < http.StatusMultipleChoices {
					d.Answer = fieldsOf(schemas, op.Responses[status].Content["application/json"], "", 0)
				}
			}
			all[op.OperationID] = d
		}
	}
	return all
})

// fieldsOf are the fields of a body, and those of its parts below them.
func fieldsOf(schemas huma.Registry, body *huma.MediaType, below string, depth int) []Field {
	if body == nil || body.Schema == nil {
		return nil
	}
	s := resolved(schemas, body.Schema)
	var fields []Field
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		part := s.Properties[name]
		inside, of := resolved(schemas, part), below+name
		fields = append(fields, Field{Name: of, Type: typeOf(schemas, part), Required: slices.Contains(s.Required, name), About: cmp.Or(part.Description, inside.Description)})
		if inside.Items != nil {
			inside, of = resolved(schemas, inside.Items), of+"[]"
		}
		if depth < deepest {
			fields = append(fields, fieldsOf(schemas, &huma.MediaType{Schema: inside}, of+".", depth+1)...)
		}
	}
	return fields
}

// resolved follows a reference.
func resolved(schemas huma.Registry, s *huma.Schema) *huma.Schema {
	if s.Ref == "" {
		return s
	}
	return schemas.SchemaFromRef(s.Ref)
}

// typeOf spells the type of a schema.
func typeOf(schemas huma.Registry, s *huma.Schema) string {
	s = resolved(schemas, s)
	switch {
	case len(s.Enum) > 0:
		var values []string
		for _, v := range s.Enum {
			if text, ok := v.(string); ok {
				values = append(values, text)
			}
		}
		return strings.Join(values, " | ")
	case s.Items != nil:
		return typeOf(schemas, s.Items) + "[]"
	case s.Format != "":
		return s.Type + " (" + s.Format + ")"
	}
	return cmp.Or(s.Type, "any")
}
