package console

import (
	"net/http"
	"slices"
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
			{Text: o.ID, Code: true}, {Text: o.Method + " " + api.Prefix + o.Path, Code: true}, {Text: o.Does, Soft: o.More}, tag("plain", o.Scope),
		}})
	}
	for _, kind := range kinds {
		s.Blocks = append(s.Blocks, block{ID: kind, Heading: kind, Table: &table{Label: kind, Columns: s.columns("console.name", "console.call", "console.about", "console.scopes"), Rows: rows[kind]}})
	}
	return nil
}
