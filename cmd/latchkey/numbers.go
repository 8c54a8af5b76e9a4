package main

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

const (
	// countBatch is how many events are counted in one transaction, and countAtOnce how
	// many batches in one run of the job.
	countBatch, countAtOnce = 1000, 50
	// countedSince is how far back the first run looks: charts reach no further.
	countedSince = 31 * 24 * time.Hour
)

// countDays counts the events that are linked since into the numbers of their days, so
// that no page ever counts the record. Where another node counts too, it goes on.
func (p *process) countDays(ctx context.Context) (int64, error) {
	at, err := p.store.Numbers().Place(ctx)
	if errors.Is(err, storage.ErrNotFound) {
		at, err = p.firstCounted(ctx)
	}
	var counted int64
	known := p.current.Load().registered
	for range countAtOnce {
		var events []storage.Event
		if err == nil {
			events, err = p.store.Events().List(ctx, storage.EventFilter{InOrder: true, AfterSeq: at, Limit: countBatch})
		}
		if err != nil || len(events) == 0 {
			return counted, err
		}
		step := storage.NumbersStep{From: at, To: events[len(events)-1].Seq}
		step.Added = tally(events, func(id string) bool { _, err := known.Client(ctx, id); return err == nil })
		err = p.store.Numbers().Count(ctx, step)
		if errors.Is(err, storage.ErrConflict) {
			return counted, nil
		}
		at, counted = step.To, counted+int64(len(events))
	}
	return counted, err
}

// firstCounted is the place before the first event that is counted.
func (p *process) firstCounted(ctx context.Context) (int64, error) {
	first, err := p.store.Events().List(ctx, storage.EventFilter{InOrder: true, Since: p.now().Add(-countedSince), Limit: 1})
	if err != nil || len(first) == 0 {
		return 0, err
	}
	return first[0].Seq - 1, nil
}

// countFactors notes how many people there are today, and how many have which factor.
func (p *process) countFactors(ctx context.Context) (int64, error) {
	return 1, p.store.Numbers().Adopt(ctx, dayOf(p.now()))
}

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// tally is what events add to the numbers of their days. Labels are words of ours and
// clients that are known, so that nobody fills the table by making names up.
func tally(events []storage.Event, known func(client string) bool) []storage.DailyNumber {
	var added []storage.DailyNumber
	at := map[storage.DailyNumber]int{}
	one := func(e *storage.Event, kind storage.NumberKind, label string) {
		key := storage.DailyNumber{Day: dayOf(e.At), Kind: kind, Label: label}
		i, is := at[key]
		if !is {
			i = len(added)
			at[key], added = i, append(added, key)
		}
		added[i].N++
	}
	for i := range events {
		e := &events[i]
		switch e.Type {
		case storage.EventSignIn:
			one(e, storage.NumberSignIns, "")
		case storage.EventSignInFailed, storage.EventFactorFailed:
			one(e, storage.NumberFailedSignIns, "")
		case storage.EventFactorPassed:
			if isFactor(e.Detail) {
				one(e, storage.NumberFactors, e.Detail)
			}
		case storage.EventUserCreated, storage.EventUserImported:
			one(e, storage.NumberNewPeople, "")
		default:
		}
		if e.ClientID != "" && e.Outcome == storage.Failure {
			label := e.ClientID
			if !known(label) {
				label = ""
			}
			one(e, storage.NumberClientFailed, label)
		}
	}
	return added
}

// isFactor reports whether a word is a kind of factor.
func isFactor(word string) bool {
	switch storage.FactorKind(word) {
	case storage.FactorPassword, storage.FactorTOTP, storage.FactorEmail, storage.FactorSMS, storage.FactorRecovery, storage.FactorPasskey:
		return true
	}
	return false
}
