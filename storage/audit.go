package storage

// AuditMark is a place in the chain of events: the number of the event that was
// linked last, and the chain's value there. Whoever keeps one elsewhere can tell
// later whether everything up to it is still what it was.
type AuditMark struct {
	Seq   int64
	Chain string
}

// MostUnlinked is up to how many events that wait to be linked are counted.
const MostUnlinked = 10_000

// AuditReport is what a look at every event found.
type AuditReport struct {
	// Base is where the chain begins: what was before it was pruned. Head is where it ends.
	Base, Head AuditMark
	// Events is how many linked events there are, Erased how many of them are
	// without what was personal in them, Unlinked how many wait to be linked.
	Events, Erased, Unlinked int64
	// Uncheckable is how many events and marks were proven under a key that is not
	// configured here: nothing is known of them.
	Uncheckable int64
	// Findings are the first things that do not fit; none is a good report.
	Findings []AuditFinding
}

// AuditFinding is one thing in the events that does not fit.
type AuditFinding struct {
	Problem AuditProblem
	// Seq is the place in the chain; zero where there is none.
	Seq int64
	// EventID names the event; empty where none is there.
	EventID ID
	// KeyID names the key that is missing; empty where none is.
	KeyID string
}

// AuditProblem says what does not fit.
type AuditProblem string

// The problems.
const (
	AuditChanged   AuditProblem = "changed"            // the event is not as it was written
	AuditForged    AuditProblem = "forged"             // it was not written by us at all
	AuditErased    AuditProblem = "erased"             // what is personal in it is gone, though its person was not deleted
	AuditRemoved   AuditProblem = "removed"            // events before this one are gone
	AuditReordered AuditProblem = "reordered"          // it does not follow the one before it
	AuditTruncated AuditProblem = "truncated"          // the newest events are gone
	AuditExtra     AuditProblem = "outside the chain"  // it stands where none may: before the base or after the head
	AuditMarkBad   AuditProblem = "mark changed"       // the record of where the chain begins or ends is not ours
	AuditUnlinked  AuditProblem = "not linked"         // it waits to be linked for too long
	AuditOtherPast AuditProblem = "not the known past" // the chain is another at a place that was noted before

	// AuditUncheckable is no verdict: from this place on a key is needed that is not
	// configured where the look was taken.
	AuditUncheckable AuditProblem = "cannot check"
)
