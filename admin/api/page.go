package api

import (
	"encoding/base64"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// PageParams are how lists are read: by keyset, so that the thousandth page costs what
// the first does.
type PageParams struct {
	Limit int    `query:"limit" default:"50" minimum:"1" maximum:"200" doc:"How many there are on a page at most."`
	After string `query:"after" maxLength:"600" doc:"The next of the page before; without it the first page is read."`
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T `json:"items" nullable:"false"`
	// Next reads the next page, as the parameter after; absent on the last one.
	Next string `json:"next,omitempty" doc:"Reads the next page, as the parameter after. Absent on the last page."`
}

type pageOutput[T any] struct{ Body Page[T] }

// place is where the page before ended.
func (p *PageParams) place() (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(p.After)
	if err != nil || p.After != "" && !printable(string(raw)) {
		return "", huma.NewError(http.StatusUnprocessableEntity, "validation failed", &huma.ErrorDetail{
			Message: "it is the next of no page", Location: "query.after",
		})
	}
	return string(raw), nil
}

// pageOf makes a page of what a store answered, which was asked for one more than goes
// on the page.
func pageOf[Row, T any](rows []Row, limit int, key func(*Row) string, show func(*Row) T) *pageOutput[T] {
	out := &pageOutput[T]{Body: Page[T]{Items: []T{}}}
	for i := range rows[:min(len(rows), limit)] {
		out.Body.Items = append(out.Body.Items, show(&rows[i]))
	}
	if len(rows) > limit {
		out.Body.Next = base64.RawURLEncoding.EncodeToString([]byte(key(&rows[limit-1])))
	}
	return out
}
