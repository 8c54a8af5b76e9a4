package scim

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
)

const (
	defaultPage = 100
	maxPage     = 200
	// maxScan is how many resources a filter is judged over that no index answers.
	maxScan = 1000
	// maxSkip is how far a list is read by place.
	maxSkip = 100_000
)

func number(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

// window is the part of a list that is answered: from the place on, counted from 1.
type window struct{ from, count int }

func readWindow(query url.Values) (window, error) {
	w := window{1, defaultPage}
	for name, to := range map[string]*int{"startIndex": &w.from, "count": &w.count} {
		if text := query.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil {
				return w, bad("invalidValue", "%s is not a number", name)
			}
			*to = n
		}
	}
	w.from, w.count = max(w.from, 1), min(max(w.count, 0), maxPage)
	if w.from-1 > maxSkip {
		return w, bad("tooMany", "a list is read up to place %d: look for less of it with a filter", maxSkip)
	}
	return w, nil
}

// cut is the window of a list.
func cut[T any](w window, list []T) []T {
	from := min(w.from-1, len(list))
	return list[from:min(from+w.count, len(list))]
}

// searchAll looks among resources of every type: people come before groups. A filter over
// attributes that a type does not have finds none of it.
func (s *Server) searchAll(ctx context.Context, q *request) (*response, error) {
	if err := q.search(); err != nil {
		return nil, err
	}
	if err := s.record(ctx, q); err != nil {
		return nil, err
	}
	w, err := readWindow(q.query)
	if err != nil {
		return nil, err
	}
	var all []any
	total, refused := 0, error(nil)
	for _, list := range []func(context.Context, *request) (*response, error){s.listUsers, s.listGroups} {
		part := window{max(w.from-total, 1), w.count - len(all)}
		q.query.Set("startIndex", strconv.Itoa(part.from))
		q.query.Set("count", strconv.Itoa(part.count))
		found, err := list(ctx, q)
		var p *problem
		if errors.As(err, &p) && p.kind == "invalidFilter" && refused == nil {
			refused = err
			continue
		}
		if err != nil {
			return nil, err
		}
		shown, _ := found.body["Resources"].([]any)
		n, _ := found.body["totalResults"].(int)
		total, all = total+n, append(all, shown...)
	}
	return &response{status: http.StatusOK, body: listed(all, total, w.from)}, nil
}
