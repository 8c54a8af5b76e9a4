package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/cmd/internal/devdata"
)

// TestEventsTestReachesItsReceiver: the event comes, signed as Standard Webhooks say (the
// receiver checks that), and one that the receiver refuses is told of.
func TestEventsTestReachesItsReceiver(t *testing.T) {
	r := newReceiver(t)
	data := filepath.Join(t.TempDir(), "data")
	if _, err := devdata.Open(data); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"NAME": "siem", "URL": r.URL, "SECRET": hookSecret} {
		t.Setenv("LATCHKEY_EVENTS_WEBHOOKS_0_"+name, value)
	}
	status, out, errs := latchkeyRun(t, "events", "test", "siem", "--data", data)
	got := r.taken()
	if status != 0 || len(got) != 1 || got[0].Type != "test" || out != fmt.Sprintf("siem accepted event %s\n", got[0].ID) {
		t.Fatalf("events test = %d, and the receiver has %+v\n%s%s", status, got, out, errs)
	}
	r.answers(http.StatusBadGateway)
	if status, out, errs = latchkeyRun(t, "events", "test", "siem", "--data", data); status != exitRefused || out != "" || !strings.Contains(errs, "502") {
		t.Errorf("to a receiver that refuses = %d\n%s%s", status, out, errs)
	}
	if status, _, errs = latchkeyRun(t, "events", "test", "nobody", "--data", data); status != exitRefused || !strings.Contains(errs, `no webhook "nobody"`) {
		t.Errorf("to nobody = %d\n%s", status, errs)
	}
}
