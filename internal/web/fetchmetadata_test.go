package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestLK2_Navigates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header http.Header
		want   bool
	}{
		"an old browser":    {http.Header{}, true},
		"a link":            {http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Site": {"cross-site"}}, true},
		"a form":            {http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-User": {"?1"}}, true},
		"a picture":         {http.Header{"Sec-Fetch-Mode": {"no-cors"}, "Sec-Fetch-Dest": {"image"}}, false},
		"a style sheet":     {http.Header{"Sec-Fetch-Mode": {"no-cors"}, "Sec-Fetch-Dest": {"style"}}, false},
		"a frame":           {http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}}, false},
		"an object":         {http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"object"}}, false},
		"a fetch":           {http.Header{"Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"empty"}}, false},
		"a prefetch":        {http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Purpose": {"prefetch"}}, false},
		"half of an answer": {http.Header{"Sec-Fetch-Dest": {"image"}}, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header = c.header
		if got := Navigates(r); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
