package sqlstore_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

func TestLG3_WhatIsTamperedWithIsFound(t *testing.T) {
	t.Parallel()
	const last = "ffffffffffffffffffffffffffffffff"
	for name, test := range map[string]struct {
		statements []string
		want       []storage.AuditFinding
	}{
		"edited": {
			[]string{`UPDATE audit_events SET detail = 'nothing' WHERE id = ` + linked(4)},
			[]storage.AuditFinding{{Problem: storage.AuditChanged, Seq: 4}},
		},
		"given to another": {
			[]string{`UPDATE audit_events SET user_id = 'eve' WHERE id = ` + linked(2)},
			[]storage.AuditFinding{{Problem: storage.AuditChanged, Seq: 2}},
		},
		"moved in time": {
			[]string{`UPDATE audit_events SET at = at + 1 WHERE id = ` + linked(10)},
			[]storage.AuditFinding{{Problem: storage.AuditChanged, Seq: 10}},
		},
		"another address": {
			[]string{`UPDATE audit_events SET address = '198.51.100.1' WHERE id = ` + linked(4)},
			[]storage.AuditFinding{{Problem: storage.AuditChanged, Seq: 4}},
		},
		"another address, as if it were erased": {
			[]string{`UPDATE audit_events SET address = '198.51.100.1', personal_salt = '' WHERE id = ` + linked(4)},
			[]storage.AuditFinding{{Problem: storage.AuditChanged, Seq: 4}},
		},
		"another MAC": {
			[]string{`UPDATE audit_events SET mac = (SELECT e.mac FROM audit_events AS e WHERE e.id = ` + linked(5) + `) WHERE id = ` + linked(4)},
			[]storage.AuditFinding{{Problem: storage.AuditForged, Seq: 4}},
		},
		"deleted": {
			removal(4),
			[]storage.AuditFinding{{Problem: storage.AuditRemoved, Seq: 5}},
		},
		"deleted, its link kept": {
			removal(4)[:1],
			[]storage.AuditFinding{{Problem: storage.AuditRemoved, Seq: 5}},
		},
		"taken out of the chain": {
			removal(10)[1:],
			[]storage.AuditFinding{{Problem: storage.AuditTruncated, Seq: 9}},
		},
		"several deleted": {
			slices.Concat(removal(1), removal(5), removal(6)),
			[]storage.AuditFinding{{Problem: storage.AuditRemoved, Seq: 2}, {Problem: storage.AuditRemoved, Seq: 7}},
		},
		"deleted, another in its place": {
			append(removal(4), `UPDATE audit_links SET seq = 4 WHERE seq = 10`),
			[]storage.AuditFinding{
				{Problem: storage.AuditReordered, Seq: 4}, {Problem: storage.AuditReordered, Seq: 5}, {Problem: storage.AuditTruncated, Seq: 9},
			},
		},
		"deleted, a copy in its place": {
			append(removal(4), copyOf(5, last, "4")...),
			[]storage.AuditFinding{
				{Problem: storage.AuditForged, Seq: 4, EventID: last}, {Problem: storage.AuditReordered, Seq: 5},
			},
		},
		"inserted at the end": {
			copyOf(10, last, "11"),
			[]storage.AuditFinding{{Problem: storage.AuditExtra, Seq: 11, EventID: last}},
		},
		"inserted before the beginning": {
			copyOf(1, last, "0"),
			[]storage.AuditFinding{{Problem: storage.AuditExtra, Seq: 0, EventID: last}},
		},
		"inserted to be linked": {
			copyOf(10, last, ""),
			[]storage.AuditFinding{{Problem: storage.AuditForged, EventID: last}},
		},
		"truncated": {
			slices.Concat(removal(8), removal(9), removal(10)),
			[]storage.AuditFinding{{Problem: storage.AuditTruncated, Seq: 7}},
		},
		"truncated, the head moved": {
			append(slices.Concat(removal(8), removal(9), removal(10)),
				`UPDATE audit_marks SET seq = 7, chain = (SELECT chain FROM audit_links WHERE seq = 7) WHERE name = 'head'`),
			[]storage.AuditFinding{{Problem: storage.AuditMarkBad, Seq: 7}},
		},
		"truncated, the head taken from the base": {
			[]string{
				`DELETE FROM audit_events`, `DELETE FROM audit_links`, `DELETE FROM audit_marks WHERE name = 'head'`,
				`UPDATE audit_marks SET name = 'head'`, `INSERT INTO audit_marks SELECT 'base', seq, chain, mac FROM audit_marks`,
			},
			[]storage.AuditFinding{{Problem: storage.AuditMarkBad}},
		},
		"pruned by somebody else": {
			append([]string{`UPDATE audit_marks SET seq = 3, chain = (SELECT chain FROM audit_links WHERE seq = 3) WHERE name = 'base'`},
				slices.Concat(removal(1), removal(2), removal(3))...),
			[]storage.AuditFinding{{Problem: storage.AuditMarkBad, Seq: 3}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachAudited(t, func(t *testing.T, a audited) {
				a.tamper(t, test.statements...)
				got := a.verify(t).Findings
				if len(got) != len(test.want) {
					t.Fatalf("found %+v, want %+v", got, test.want)
				}
				for i, want := range test.want {
					if want.EventID == "" {
						want.EventID = got[i].EventID
					}
					if got[i] != want {
						t.Errorf("found %+v, want %+v", got[i], want)
					}
				}
			})
		})
	}
}

func TestLG3_WhatIsWrittenIsProven(t *testing.T) {
	t.Parallel()
	eachAudited(t, func(t *testing.T, a audited) {
		report := a.verify(t)
		if report.Events != 10 || report.Head.Seq != 10 || report.Unlinked != 0 || len(report.Findings) != 0 {
			t.Errorf("report = %+v", report)
		}
		if head, err := a.Events().Head(t.Context()); err != nil || head != report.Head {
			t.Errorf("the head is %+v, %v", head, err)
		}
		inOrder, err := a.Events().List(t.Context(), storage.EventFilter{InOrder: true, AfterSeq: 7, Limit: 2})
		if err != nil || len(inOrder) != 2 || inOrder[0].Seq != 8 || inOrder[1].Seq != 9 {
			t.Errorf("events after 7 = %+v, %v", inOrder, err)
		}

		if n, oldest, err := a.Events().Unlinked(t.Context()); n != 0 || !oldest.IsZero() || err != nil {
			t.Errorf("%d wait since %v, %v", n, oldest, err)
		}
		first := a.clock.Now()
		a.append(t, 3)
		if n, oldest, err := a.Events().Unlinked(t.Context()); n != 3 || oldest.Before(first) || oldest.After(a.clock.Now()) || err != nil {
			t.Errorf("%d wait since %v, %v", n, oldest, err)
		}
		if report = a.verify(t); report.Events != 10 || report.Unlinked != 3 || len(report.Findings) != 0 {
			t.Errorf("report before linking = %+v", report)
		}
		// A node whose clock is ahead by five minutes looks at what was written just now.
		a.clock.Advance(5 * time.Minute)
		if report = a.verify(t); report.Unlinked != 3 || len(report.Findings) != 0 {
			t.Errorf("report by a clock that is ahead = %+v", report)
		}
		a.clock.Advance(6 * time.Minute)
		report = a.verify(t)
		if len(report.Findings) != 3 || report.Findings[0].Problem != storage.AuditUnlinked {
			t.Errorf("report when linking stopped = %+v", report)
		}
		a.link(t)
		if report = a.verify(t); report.Events != 13 || len(report.Findings) != 0 {
			t.Errorf("report after linking = %+v", report)
		}
	})
}

func TestLG3_ErasedEventsStayProven(t *testing.T) {
	t.Parallel()
	eachAudited(t, func(t *testing.T, a audited) {
		a.append(t, 1) // one that is not linked yet
		if err := a.Users().PlanDeletion(t.Context(), storage.DeletionPlan{UserID: a.user, At: a.clock.Now()}, a.event(t)); err != nil {
			t.Fatal(err)
		}
		gone, err := a.Users().DeleteDue(t.Context(), a.clock.Now(), 10, func(storage.User) (storage.Event, []storage.Message, error) {
			return storage.Event{ID: a.id(t), At: a.clock.Now(), Type: storage.EventUserDeleted, UserID: a.user}, nil, nil
		})
		if err != nil || len(gone) != 1 {
			t.Fatalf("deleted %v, %v", gone, err)
		}
		a.link(t)
		if report := a.verify(t); report.Events != 13 || report.Erased != 12 || len(report.Findings) != 0 {
			t.Errorf("report = %+v", report)
		}
		events, err := a.Events().ListByUser(t.Context(), a.user, 100)
		if err != nil || len(events) != 13 {
			t.Fatalf("%d events of a deleted person, %v", len(events), err)
		}
		for _, e := range events {
			if e.Address != "" || e.UserAgent != "" {
				t.Errorf("event %d still holds %q, %q", e.Seq, e.Address, e.UserAgent)
			}
		}
	})
}

// TestLG3_AnOlderStateIsNotThePast: whoever puts everything back as it was
// earlier is found by what was noted since.
func TestLG3_AnOlderStateIsNotThePast(t *testing.T) {
	t.Parallel()
	eachAudited(t, func(t *testing.T, a audited) {
		older := a.verify(t).Head
		a.tamper(t, `CREATE TABLE stolen AS SELECT * FROM audit_marks`)
		a.append(t, 2)
		a.link(t)
		noted := a.verify(t, older)
		if len(noted.Findings) != 0 {
			t.Fatalf("report = %+v", noted)
		}
		a.tamper(t, `DELETE FROM audit_events WHERE id IN (SELECT id FROM audit_links WHERE seq > 10)`, `DELETE FROM audit_links WHERE seq > 10`, `DELETE FROM audit_marks`, `INSERT INTO audit_marks SELECT * FROM stolen`)
		if got := a.verify(t, noted.Head).Findings; len(got) != 1 || got[0].Problem != storage.AuditTruncated {
			t.Errorf("found %+v", got)
		}
		a.append(t, 2)
		a.link(t)
		if got := a.verify(t).Findings; len(got) != 0 {
			t.Errorf("without a note: found %+v", got)
		}
		if got := a.verify(t, older, noted.Head).Findings; len(got) != 1 || got[0].Problem != storage.AuditOtherPast || got[0].Seq != 12 {
			t.Errorf("with a note: found %+v", got)
		}
	})
}

func TestLG3_NothingIsSignedOverWhatWasTamperedWith(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"head moved back": `UPDATE audit_marks SET seq = 9, chain = (SELECT chain FROM audit_links WHERE seq = 9) WHERE name = 'head'`,
		"head deleted":    `DELETE FROM audit_marks WHERE name = 'head'`,
	} {
		t.Run(name, func(t *testing.T) {
			eachAudited(t, func(t *testing.T, a audited) {
				a.tamper(t, statement)
				a.append(t, 1)
				if n, err := a.Events().Link(t.Context(), 10); !errors.Is(err, storage.ErrTampered) {
					t.Errorf("Link = %d, %v; want ErrTampered", n, err)
				}
			})
		})
	}
	t.Run("pruning", func(t *testing.T) {
		eachAudited(t, func(t *testing.T, a audited) {
			a.tamper(t, removal(4)...)
			if n, err := a.Events().Prune(t.Context(), a.clock.Now()); !errors.Is(err, storage.ErrTampered) || n != 0 {
				t.Errorf("Prune = %d, %v; want ErrTampered", n, err)
			}
		})
	})
}

func TestLG3_PrunedEventsAreNotMissed(t *testing.T) {
	t.Parallel()
	eachAudited(t, func(t *testing.T, a audited) {
		events, err := a.Events().List(t.Context(), storage.EventFilter{InOrder: true, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			before time.Time
			pruned int64
		}{{events[0].At, 0}, {events[4].At, 4}, {events[4].At, 0}, {a.clock.Now().Add(time.Hour), 6}} {
			n, err := a.Events().Prune(t.Context(), step.before)
			if err != nil || n != step.pruned {
				t.Fatalf("Prune before %s = %d, %v; want %d", step.before, n, err, step.pruned)
			}
			if report := a.verify(t); len(report.Findings) != 0 {
				t.Errorf("report after pruning %d = %+v", n, report)
			}
		}
		a.append(t, 1)
		a.link(t)
		if report := a.verify(t); report.Base.Seq != 10 || report.Events != 1 || report.Head.Seq != 11 || len(report.Findings) != 0 {
			t.Errorf("report = %+v", report)
		}
	})
}

func TestLG3_ManyNodesLinkOneChain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *sqlstore.Store, clock *storagetest.Clock) {
		a := audited{Store: s, clock: clock}
		if n, err := s.Events().Prune(t.Context(), clock.Now()); n != 0 || err != nil {
			t.Errorf("Prune of no chain = %d, %v", n, err)
		}
		const events = 60
		a.append(t, events)
		var linked atomic.Int64
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				n, err := s.Events().Link(t.Context(), 7)
				if err != nil {
					t.Errorf("Link: %v", err)
				}
				linked.Add(int64(n))
			})
		}
		group.Wait()
		if report := a.verify(t); linked.Load() != events || report.Head.Seq != events || len(report.Findings) != 0 {
			t.Errorf("linked %d of %d: %+v", linked.Load(), events, report)
		}
	})
}

func TestLG3_AnotherKeyProvesNothing(t *testing.T) {
	t.Parallel()
	eachAudited(t, func(t *testing.T, a audited) {
		other := a.under(t, "p1=other")
		report := other.verify(t)
		if len(report.Findings) < 10 || report.Findings[len(report.Findings)-1].Problem != storage.AuditForged {
			t.Errorf("report under another key of the same id = %+v", report)
		}
		if n, err := other.Events().Link(t.Context(), 10); !errors.Is(err, storage.ErrTampered) {
			t.Errorf("Link = %d, %v; want ErrTampered", n, err)
		}
	})
}

// A node that lacks a key says so, and passes no verdict on what it cannot check.
func TestKY5_EventsUnderAnUnknownKeyAreNotJudged(t *testing.T) {
	t.Parallel()
	eachAudited(t, func(t *testing.T, a audited) {
		ahead := a.under(t, "p2,p1") // the one that was restarted first
		ahead.append(t, 2)
		ahead.link(t)
		if report := ahead.verify(t); len(report.Findings) != 0 || report.Events != 12 {
			t.Errorf("where both keys are: %+v", report)
		}
		report := a.verify(t)
		want := []storage.AuditFinding{{Problem: storage.AuditUncheckable, Seq: 12, KeyID: "p2"}}
		if !slices.Equal(report.Findings, want) || report.Uncheckable != 3 || report.Events != 12 {
			t.Errorf("where one key is missing: %+v, want %+v", report, want)
		}
		a.append(t, 1)
		if n, err := a.Events().Link(t.Context(), 10); n != 0 || !errors.Is(err, storage.ErrUnknownKey) || errors.Is(err, storage.ErrTampered) {
			t.Errorf("Link = %d, %v; want ErrUnknownKey", n, err)
		}
		ahead.link(t)
		if report := ahead.verify(t); len(report.Findings) != 0 || report.Events != 13 {
			t.Errorf("after the node with both keys linked: %+v", report)
		}
		// What is changed is found in what can be checked, and only there.
		a.tamper(t, `UPDATE audit_events SET detail = 'nothing' WHERE id = `+linked(4), `UPDATE audit_events SET detail = 'nothing' WHERE id = `+linked(12))
		problems := map[storage.AuditProblem]int64{}
		for _, f := range a.verify(t).Findings {
			problems[f.Problem] = f.Seq
		}
		if len(problems) != 2 || problems[storage.AuditChanged] != 4 || problems[storage.AuditUncheckable] != 13 {
			t.Errorf("found %v", problems)
		}
		if n, err := a.Events().Prune(t.Context(), a.clock.Now().Add(time.Hour)); n != 0 || err == nil {
			t.Errorf("Prune = %d, %v", n, err)
		}
	})
}

// Whoever writes to the database cannot wipe their traces by making it look as if
// a person had been deleted.
func TestLG3_WhoIsThereIsNotErased(t *testing.T) {
	t.Parallel()
	const wipe = `UPDATE audit_events SET address = '', user_agent = '', personal_salt = '' WHERE id = `
	eachAudited(t, func(t *testing.T, a audited) {
		a.tamper(t, wipe+linked(3), wipe+linked(7))
		report := a.verify(t)
		if report.Erased != 2 || len(report.Findings) != 2 || report.Findings[0].Problem != storage.AuditErased || report.Findings[0].Seq != 3 || report.Findings[1].Seq != 7 {
			t.Errorf("report = %+v", report)
		}
		if n, err := a.Events().Prune(t.Context(), a.clock.Now().Add(time.Hour)); n != 0 || !errors.Is(err, storage.ErrTampered) {
			t.Errorf("Prune = %d, %v; want ErrTampered", n, err)
		}
		// Somebody else's deletion is no excuse, and a forged one is none either.
		gone := a.event(t)
		gone.Type, gone.UserID = storage.EventUserDeleted, "somebody else"
		if err := a.Events().Append(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		a.link(t)
		if report = a.verify(t); len(report.Findings) != 2 {
			t.Errorf("after a deletion of another: %+v", report)
		}
		a.tamper(t, `UPDATE audit_events SET user_id = '`+string(a.user)+`' WHERE id = `+linked(11))
		if report = a.verify(t); len(report.Findings) != 3 || report.Findings[2].Problem != storage.AuditChanged {
			t.Errorf("after a forged deletion: %+v", report)
		}
	})
}
