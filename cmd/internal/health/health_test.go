package health

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestReady(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		database, outbox error
		code             int
		status           string
	}{
		"well":            {nil, nil, http.StatusOK, "ok"},
		"degraded":        {nil, Degraded(broken), http.StatusOK, "degraded"},
		"broken":          {broken, nil, http.StatusServiceUnavailable, "unavailable"},
		"broken anyway":   {broken, Degraded(broken), http.StatusServiceUnavailable, "unavailable"},
		"broken outright": {Degraded(broken), broken, http.StatusServiceUnavailable, "unavailable"},
	} {
		answer := httptest.NewRecorder()
		Ready([]Check{
			{Name: "database", Ask: func(context.Context) error { return c.database }},
			{Name: "outbox", Ask: func(context.Context) error { return c.outbox }},
		})(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		var got struct {
			Status string
			Checks map[string]result
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if answer.Code != c.code || got.Status != c.status || got.Checks["outbox"].OK != (c.outbox == nil) {
			t.Errorf("%s: %d %+v", name, answer.Code, got)
		}
	}
}
