package storage

import "time"

// Feed is somewhere that security events go besides the record: a stream, or a webhook.
type Feed struct {
	Name string
	// Seq is the place in the chain of the last event that it got.
	Seq int64
	// MovedAt is when it last got one, or was moved.
	MovedAt time.Time
}

// FeedStep moves a feed on past events that it got.
type FeedStep struct {
	Name string
	// From is where it was, and To where it is then.
	From, To int64
	Now      time.Time
}
