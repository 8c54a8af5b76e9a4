package adminapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// documented is an operation of the document.
type documented struct{ method, path, scope string }

// operationsOf are those of the document that a node serves.
func operationsOf(t *testing.T, node *testenv.Node) []documented {
	t.Helper()
	_, _, text := send(t, node, "", http.MethodGet, "/admin/api/openapi.json", "")
	var document struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string
		}
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	var all []documented
	for path, methods := range document.Paths {
		for method, o := range methods {
			all = append(all, documented{strings.ToUpper(method), path, o.Security[0]["latchkey"][0]})
		}
	}
	return all
}

// witness stands between a client and a node, and remembers which answers there were.
type witness struct {
	address string
	mu      sync.Mutex
	seen    []answered
}

type answered struct {
	method, path string
	status       int
}

func watch(t *testing.T, node *testenv.Node) *witness {
	t.Helper()
	to, err := url.Parse(node.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{}
	proxy := &httputil.ReverseProxy{
		Transport: node.HTTP().Transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ModifyResponse: func(r *http.Response) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.seen = append(w.seen, answered{r.Request.Method, r.Request.URL.EscapedPath(), r.StatusCode})
			return nil
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	w.address = server.URL
	return w
}

// of are the statuses that an operation answered with, in order.
func (w *witness) of(o documented) []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	statuses := map[int]bool{}
	for _, a := range w.seen {
		if a.method == o.method && isAt(a.path, o.path) {
			statuses[a.status] = true
		}
	}
	return slices.Sorted(maps.Keys(statuses))
}

// saw reports whether an operation answered with one of the statuses.
func (w *witness) saw(o documented, statuses ...int) bool {
	return slices.ContainsFunc(w.of(o), func(status int) bool { return slices.Contains(statuses, status) })
}

// isAt reports whether a path is one of a template.
func isAt(path, template string) bool {
	parts, names := strings.Split(path, "/"), strings.Split(template, "/")
	if len(parts) != len(names) {
		return false
	}
	for i, name := range names {
		if parts[i] != name && !strings.HasPrefix(name, "{") {
			return false
		}
	}
	return true
}
