package storagetest

import (
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// testNumbers: events are counted once, days are kept apart, and what there is of people
// and factors is noted as it is.
func (f fixture) testNumbers(t *testing.T) {
	ctx, numbers := t.Context(), f.s.Numbers()
	day := f.clock.Now().UTC().Truncate(24*time.Hour).AddDate(1, 0, 0) // of no other test
	next := day.AddDate(0, 0, 1)
	_, err := numbers.Place(ctx)
	want(t, "Place before", err, storage.ErrNotFound)
	of := func(day time.Time, kind storage.NumberKind, label string, n int64) storage.DailyNumber {
		return storage.DailyNumber{Day: day, Kind: kind, Label: label, N: n}
	}
	first := storage.NumbersStep{To: 10, Added: []storage.DailyNumber{of(day, storage.NumberSignIns, "", 2), of(day, storage.NumberFactors, "totp", 1)}}
	want(t, "Count", numbers.Count(ctx, first), nil)
	want(t, "Count again", numbers.Count(ctx, first), storage.ErrConflict)
	want(t, "Count on", numbers.Count(ctx, storage.NumbersStep{From: 10, To: 12, Added: []storage.DailyNumber{of(day, storage.NumberSignIns, "", 3), of(next, storage.NumberSignIns, "", 1)}}), nil)
	seq, err := numbers.Place(ctx)
	want(t, "Place", err, nil)
	equal(t, "place", seq, int64(12))
	got, err := numbers.Since(ctx, day)
	want(t, "Since", err, nil)
	equal(t, "numbers", got, []storage.DailyNumber{of(day, storage.NumberFactors, "totp", 1), of(day, storage.NumberSignIns, "", 5), of(next, storage.NumberSignIns, "", 1)})
	got, err = numbers.Since(ctx, next)
	want(t, "Since the next day", err, nil)
	equal(t, "numbers of the next day", got, []storage.DailyNumber{of(next, storage.NumberSignIns, "", 1)})

	read := func(kind storage.NumberKind, label string) int64 {
		want(t, "Adopt", numbers.Adopt(ctx, next), nil)
		all, err := numbers.Since(ctx, next)
		want(t, "Since", err, nil)
		if i := slices.IndexFunc(all, func(n storage.DailyNumber) bool { return n.Kind == kind && n.Label == label }); i >= 0 {
			return all[i].N
		}
		return 0
	}
	people, totp := read(storage.NumberPeople, ""), read(storage.NumberEnrolled, string(storage.FactorTOTP))
	u := f.user(t)
	for range 2 {
		f.credential(t, u, storage.FactorTOTP)
	}
	equal(t, "people", read(storage.NumberPeople, ""), people+1)
	equal(t, "of a factor", read(storage.NumberEnrolled, string(storage.FactorTOTP)), totp+1)
}
