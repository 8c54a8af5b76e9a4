package metrics

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/prometheus/client_golang/prometheus"
)

// otherRoute is the route of every path that is not counted by itself, so that
// nobody can make labels up.
const otherRoute = "other"

// usualStatuses are those whose counters are looked up once.
var usualStatuses = []int{200, 303, 400, 401, 403, 404, 429, web.StatusClientGone, 500, 503}

// route is a path's counters.
type route struct {
	duration prometheus.Observer
	requests map[int]prometheus.Counter
}

// Wrap counts the requests to next. Each of the paths is a route of its own.
func (m *Metrics) Wrap(paths []string, next http.Handler) http.Handler {
	routes := make(map[string]*route, len(paths)+1)
	for _, path := range append(paths[:len(paths):len(paths)], otherRoute) {
		routes[path] = &route{duration: m.duration.WithLabelValues(path), requests: make(map[int]prometheus.Counter, len(usualStatuses))}
		for _, status := range usualStatuses {
			routes[path].requests[status] = m.requests.WithLabelValues(path, strconv.Itoa(status))
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, counted := time.Now(), &web.StatusWriter{ResponseWriter: w}
		next.ServeHTTP(counted, r)
		status := counted.Status()
		if isAborted(r) {
			status = web.StatusClientGone
		}
		path := r.URL.Path
		to, known := routes[path]
		if !known {
			path, to = otherRoute, routes[otherRoute]
		}
		to.duration.Observe(time.Since(start).Seconds())
		if counter := to.requests[status]; counter != nil {
			counter.Inc()
			return
		}
		m.requests.WithLabelValues(path, strconv.Itoa(status)).Inc()
	})
}

// isAborted reports whether the client hung up before it was answered: whatever
// came of its request is no failure of ours.
func isAborted(r *http.Request) bool { return errors.Is(r.Context().Err(), context.Canceled) }
