package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/latchkey-id/latchkey/admin/api"
)

// showReference is the admin API to be browsed: every operation with what it takes, made
// of the table that the OpenAPI document is made of. It is in English, as the document is.
func (c *Console) showReference(_ *http.Request, _ *visit, s *screen) error {
	b := block{ID: "document", Acts: []link{{ID: "openapi", URL: api.DocumentPath, Label: "OpenAPI 3.1"}}}
	s.Blocks = append(s.Blocks, b)
	var kinds []string
	rows := map[string][]row{}
	for _, o := range api.Operations() {
		kind, _, _ := strings.Cut(o.ID, ".")
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
		rows[kind] = append(rows[kind], row{Cells: []cell{
			{Text: o.ID, Code: true, URL: referencePath + "/" + o.ID}, {Text: o.Method + " " + api.Prefix + o.Path, Code: true}, {Text: o.Does, Soft: plainly(o.More)}, tag("plain", o.Scope),
		}})
	}
	for _, kind := range kinds {
		s.Blocks = append(s.Blocks, block{ID: kind, Heading: kind, Table: &table{Label: kind, Columns: s.columns("console.name", "console.call", "console.about", "console.scopes"), Rows: rows[kind]}})
	}
	return nil
}

// plainly is text without the marks for code that the document has.
func plainly(said string) string { return strings.ReplaceAll(said, "`", "") }

// operationPath is what the document says of one operation.
const operationPath = referencePath + "/{operation}"

// showOperation is an operation with its parameters, its body, what it answers, and with
// which statuses.
func (c *Console) showOperation(r *http.Request, _ *visit, s *screen) error {
	o, found := c.operations[r.PathValue("operation")]
	if !found {
		return notFound(errors.New("there is no such operation"))
	}
	said, _ := api.DetailOf(o.ID)
	s.Title, s.Lead, s.Up = o.Does, plainly(o.More), link{URL: referencePath, Label: s.T("console.reference")}
	s.Tags = []cell{tag("plain", o.Scope)}
	var statuses []cell
	for _, status := range said.Statuses {
		kind := "plain"
		if status < http.StatusMultipleChoices {
			kind = "good"
		}
		statuses = append(statuses, tag(kind, strconv.Itoa(status)+" "+http.StatusText(status)))
	}
	s.Blocks = append(s.Blocks, block{ID: "facts", Registered: true, Facts: []fact{
		{s.T("console.name"), []cell{code(o.ID)}}, {s.T("console.call"), []cell{code(o.Method + " " + api.Prefix + o.Path)}}, {s.T("console.state"), statuses},
	}})
	for _, part := range []struct {
		id, heading string
		fields      []api.Field
	}{{"parameters", "console.parameters", said.Parameters}, {"body", "console.request_body", said.Body}, {"answer", "console.response_body", said.Answer}} {
		if len(part.fields) == 0 {
			continue
		}
		b := block{ID: part.id, Heading: s.T(part.heading)}
		b.Table = &table{Label: b.Heading, Columns: s.columns("console.name", "console.kind", "console.required", "console.about")}
		for _, f := range part.fields {
			required := cell{}
			if f.Required && part.id != "answer" {
				required = tag("plain", s.T("answer.yes"))
			}
			b.Table.Rows = append(b.Table.Rows, row{Cells: []cell{{Text: f.Name, Code: true, Soft: f.In}, text(f.Type), required, text(plainly(f.About))}})
		}
		s.Blocks = append(s.Blocks, b)
	}
	return nil
}
