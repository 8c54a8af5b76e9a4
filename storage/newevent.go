package storage

import (
	"fmt"
	"io"
	"time"
)

// NewEvent starts the security event of something that happened now and went
// well. It is the only composer of events: whoever has more to say of one sets
// its fields. random names it.
func NewEvent(now time.Time, random io.Reader, typ EventType) (Event, error) {
	id, err := NewID(now, random)
	if err != nil {
		return Event{}, fmt.Errorf("name event %s: %w", typ, err)
	}
	return Event{ID: id, At: now, Type: typ, Outcome: Success}, nil
}
