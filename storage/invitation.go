package storage

import "time"

// Invitation lets one person sign up where sign-up is by invitation. Its token
// is kept as a keyed hash.
type Invitation struct {
	ID        ID
	TokenHash string
	// Email is whom it is for; only that address can use it.
	Email     string
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero: not used
}
