package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// TestActivityFoldsWhatAnApplicationFetched: the request with which an application's
// server fetches its tokens is no second thing that happened, done by an unknown device,
// but part of the sign-in. What it fetches at another time stands by itself, under the
// application's name.
func TestActivityFoldsWhatAnApplicationFetched(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	begun, _ := begin(u, "en", "account.activity", nil)
	at := time.Date(2026, 11, 25, 18, 34, 0, 0, time.UTC)
	event := func(typ storage.EventType, sid storage.ID, agent, client string, ago time.Duration) Activity {
		return Activity{Event: storage.Event{Type: typ, SID: sid, UserAgent: agent, At: at.Add(-ago)}, ClientName: client}
	}
	browser := "Mozilla/5.0 (X11; Linux) Firefox/140.0"
	page := AccountActivity{Account: Account{Page: begun}, Events: []Activity{
		event(storage.EventGrantIssued, "s2", "Go-http-client/1.1", "Payroll", 0),
		event(storage.EventSignIn, "s2", browser, "", time.Second),
		event(storage.EventGrantIssued, "s1", "Go-http-client/1.1", "Wiki", time.Hour),
		event(storage.EventSignIn, "s1", browser, "Wiki", 8*time.Hour),
	}}
	shown := page.Shown()
	if len(shown) != 3 {
		t.Fatalf("%d entries are shown: %+v", len(shown), shown)
	}
	if shown[0].Type != storage.EventSignIn || shown[0].ClientName != "Payroll" {
		t.Errorf("the sign-in is %+v, want it to name Payroll", shown[0])
	}
	if shown[1].Type != storage.EventGrantIssued || page.Who(shown[1]) != "Wiki (its server)" {
		t.Errorf("what was fetched later is %s by %q", shown[1].Type, page.Who(shown[1]))
	}
	for _, e := range shown {
		if who := page.Who(e); strings.Contains(who, "Unknown device") || who == "" {
			t.Errorf("%s was done by %q", e.Type, who)
		}
	}
}
