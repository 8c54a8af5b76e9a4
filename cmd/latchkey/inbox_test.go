package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/cmd/internal/inbox"
)

// Whoever looks into the inbox finds what was made necessary before, by
// whichever process, and once.
func TestDevInboxDeliversWhatIsDue(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	dev := start(t, "dev", "--listen", "127.0.0.1:0", "--data", data)
	defer dev.stop()
	var out bytes.Buffer
	if code := run(t.Context(), []string{"user", "reset-mfa", demoUsername, "--reason", "test", "--data", data}, nil, &out, &out); code != 0 {
		t.Fatalf("reset-mfa = %d %s", code, out.String())
	}
	for range 2 {
		_, body := dev.get("/dev/inbox.json?to=Demo@example.com")
		var got []inbox.Message
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if len(got) != 1 || got[0].Channel != "email" || got[0].To != demoEmail || got[0].Subject != "Two-step verification was reset" ||
			len(got[0].Links) != 1 || got[0].Links[0] != dev.issuer+"/account" || !strings.Contains(got[0].HTML, "<html lang=\"en\"") || got[0].SentAt.IsZero() {
			t.Fatalf("inbox %s", body)
		}
	}
	if _, body := dev.get("/dev/inbox"); !strings.Contains(body, "Two-step verification was reset") {
		t.Errorf("the page does not show it: %.500s", body)
	}
	if _, body := dev.get("/dev/inbox.json?to=nobody@example.com"); strings.TrimSpace(body) != "[]" {
		t.Errorf("nobody got %s", body)
	}
}
