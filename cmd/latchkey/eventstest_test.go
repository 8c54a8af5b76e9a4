package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEventsTestReachesItsReceiver: the event comes, signed as Standard Webhooks say (the
// receiver checks that); a receiver that refuses it, and one in a network that nobody allowed,
// are told of.
func TestEventsTestReachesItsReceiver(t *testing.T) {
	r := newReceiver(t)
	for name, value := range map[string]string{"KEY_A": keyA, "KEY_B": keyB, "HOOK": hookSecret} {
		t.Setenv(name, value)
	}
	file := filepath.Join(t.TempDir(), "latchkey.yaml")
	write := func(more string) {
		t.Helper()
		text := fmt.Sprintf("issuer: https://id.example.com\ntrusted_proxies: [10.0.0.0/8]\ndatabase: {url: 'sqlite:///nowhere/latchkey.db'}\n"+
			"secrets: {sealing_keys: [{id: k1, key: 'env:KEY_A'}], hash_keys: [{id: p1, key: 'env:KEY_B'}]}\n"+
			"events: {webhooks: [{name: siem, url: %q, secret: 'env:HOOK'}]}\n%s", r.URL, more)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("fetch: {allowed_networks: [127.0.0.0/8]}\n")
	status, out, errs := latchkeyRun(t, "events", "test", "siem", "--config", file)
	got := r.taken()
	if status != 0 || len(got) != 1 || got[0].Type != "test" || out != fmt.Sprintf("siem accepted event %s\n", got[0].ID) {
		t.Fatalf("events test = %d, and the receiver has %+v\n%s%s", status, got, out, errs)
	}
	r.answers(http.StatusBadGateway)
	if status, out, errs = latchkeyRun(t, "events", "test", "siem", "--config", file); status != exitRefused || out != "" || !strings.Contains(errs, "502") {
		t.Errorf("to a receiver that refuses = %d\n%s%s", status, out, errs)
	}
	write("")
	if status, out, errs = latchkeyRun(t, "events", "test", "siem", "--config", file); status != exitRefused || out != "" || !strings.Contains(errs, "fetch.allowed_networks") {
		t.Errorf("to a network that is not allowed = %d\n%s%s", status, out, errs)
	}
}
