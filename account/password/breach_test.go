package password

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestPW3_LookUpTellsFiveDigitsOfAHash: the service learns a range, the answer is
// compared here, and a service that fails refuses nothing.
func TestPW3_LookUpTellsFiveDigitsOfAHash(t *testing.T) {
	// SHA-1 of "kettle moon fry 7", which no list has.
	const digest, password = "9FDC8D2F8A7BD5B1A8D15C1E2A4D4AF2", "kettle moon fry 7"
	sum := sha1Hex(password)
	for name, c := range map[string]struct {
		status int
		body   string
		want   bool
		logged string
	}{
		"found":      {200, digest + ":3\r\n" + sum[5:] + ":2\r\n", true, ""},
		"small":      {200, strings.ToLower(sum[5:]) + ":10\n", true, ""},
		"not there":  {200, digest + ":3\r\n", false, ""},
		"padding":    {200, sum[5:] + ":0\r\n", false, ""},
		"overloaded": {503, "", false, "503"},
		"endless":    {200, strings.Repeat("x", 2*maxRangeBytes), false, "too long"},
	} {
		var asked []string
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Path+" "+r.Header.Get("Add-Padding"))
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		var log bytes.Buffer
		lookup := NewBreachLookup(BreachConfig{URL: service.URL + "/range", Client: http.DefaultClient, Log: slog.New(slog.NewTextHandler(&log, nil))})
		if got := lookup.Breached(t.Context(), password); got != c.want || strings.Contains(log.String(), c.logged) != true {
			t.Errorf("%s: %v, log %s", name, got, log.String())
		}
		if !slices.Equal(asked, []string{"/range/" + sum[:5] + " true"}) || strings.Contains(log.String(), sum[:5]) {
			t.Errorf("%s: asked %q, log %s", name, asked, log.String())
		}
		policy := testPolicy
		policy.Breaches = lookup
		if got := policy.Judge(t.Context(), password, ada); slices.Contains(got, Common) != c.want {
			t.Errorf("%s: Judge = %v", name, got)
		}
		if policy.Judge(t.Context(), "short", ada); len(asked) != 2 {
			t.Errorf("%s: a password that is refused anyway was looked up", name)
		}
		service.Close()
		if lookup.Breached(t.Context(), password) {
			t.Errorf("%s: a service that is gone knows a password", name)
		}
		if strings.Contains(log.String(), sum[:5]) {
			t.Errorf("%s: the log tells the range: %s", name, log.String())
		}
	}
}
