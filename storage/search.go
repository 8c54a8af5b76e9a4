package storage

import "time"

// PeopleFilter says which people are listed: all, or those of one condition. More of
// them at once would have no index to go by.
type PeopleFilter struct {
	// Prefix begins their email address or username, in any case.
	Prefix string
	// Role is one that they have, themselves or by a group.
	Role string
	// Disabled lists those who are disabled.
	Disabled bool
	// ByName lists everybody by address, and who has none by username, instead of by id.
	ByName bool
	// After is the Key of the last one of the page before; empty is the first page.
	After string
	Limit int
}

// FoundUser is a person of a list, and where in it they stand.
type FoundUser struct {
	User User
	// Key orders the list: the name that was found, or the id.
	Key string
}

// DeliveryFilter says which deliveries are listed: those that meet each field that is
// set, the newest first.
type DeliveryFilter struct {
	Topic  Topic
	Status DeliveryStatus
	// Before is the id of the last one of the page before; empty is the first page.
	Before ID
	Limit  int
}

// JobClaim is when a periodic job was last begun, by whichever node.
type JobClaim struct {
	Name string
	At   time.Time
}
