package main

import (
	"reflect"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// TestEventsAreTallied into the days on which they were, by words of ours and clients
// that are known alone: neither whom they are about nor a name that somebody made up.
func TestEventsAreTallied(t *testing.T) {
	t.Parallel()
	day := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	late, next := day.Add(24*time.Hour-time.Microsecond), day.AddDate(0, 0, 1)
	event := func(at time.Time, typ storage.EventType, outcome, client, detail string) storage.Event {
		return storage.Event{At: at, Type: typ, Outcome: outcome, ClientID: client, Detail: detail, UserID: "somebody", Address: "192.0.2.1"}
	}
	got := tally([]storage.Event{
		event(day, storage.EventSignIn, storage.Success, "wiki", "aal2"),
		event(late.In(time.FixedZone("", 3*3600)), storage.EventSignIn, storage.Success, "", "aal1"),
		event(next, storage.EventSignIn, storage.Success, "", "aal1"),
		event(day, storage.EventSignInFailed, storage.Failure, "wiki", "wrong password"),
		event(day, storage.EventFactorFailed, storage.Failure, "wiki", "totp: wrong"),
		event(day, storage.EventFactorPassed, storage.Success, "", "totp"),
		event(day, storage.EventFactorPassed, storage.Success, "", "a word of somebody"),
		event(day, storage.EventUserImported, storage.Success, "", ""),
		event(day, storage.EventCodeReplay, storage.Failure, "made-up", ""),
		event(day, storage.EventSignOut, storage.Success, "wiki", ""),
	}, func(id string) bool { return id == "wiki" })
	of := func(day time.Time, kind storage.NumberKind, label string, n int64) storage.DailyNumber {
		return storage.DailyNumber{Day: day, Kind: kind, Label: label, N: n}
	}
	want := []storage.DailyNumber{
		of(day, storage.NumberSignIns, "", 2), of(next, storage.NumberSignIns, "", 1), of(day, storage.NumberFailedSignIns, "", 2),
		of(day, storage.NumberClientFailed, "wiki", 2), of(day, storage.NumberFactors, "totp", 1), of(day, storage.NumberNewPeople, "", 1),
		of(day, storage.NumberClientFailed, "", 1),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("tallied:\n%+v\nwant:\n%+v", got, want)
	}
}
