package storage

import "time"

// DailyNumber is how often something happened on a day (UTC), or how much of it there
// was that day. Nothing in it is about anybody.
type DailyNumber struct {
	// Day is when it begins.
	Day  time.Time
	Kind NumberKind
	// Label tells numbers of a kind apart; most have one that is empty.
	Label string
	N     int64
}

// NumberKind is what a number counts.
type NumberKind string

// The kinds of numbers. The last two say how many there are, and the others how many
// there were more that day.
const (
	NumberSignIns       NumberKind = "sign_in"
	NumberFailedSignIns NumberKind = "sign_in_failed"
	NumberFactors       NumberKind = "factor"        // was passed; Label is its kind
	NumberNewPeople     NumberKind = "new_person"    // were made or imported
	NumberClientFailed  NumberKind = "client_failed" // Label is the client; empty is one that is not known
	NumberPeople        NumberKind = "people"
	NumberEnrolled      NumberKind = "enrolled" // people who have a factor; Label is its kind, and empty is any
)

// NumbersStep counts events on, past some of them.
type NumbersStep struct {
	// From is the place in the chain up to which was counted, and To is that from then on.
	From, To int64
	// Added is what there is more.
	Added []DailyNumber
}
