package storage

import (
	"fmt"
	"time"
)

// Lockdown shuts an account that is in wrong hands.
type Lockdown struct {
	UserID ID
	// Held says that the owner's own recovery does not open the account again, as
	// when the mailbox is in wrong hands as well: only the help desk does.
	Held bool
	Now  time.Time
}

// Holdings counts what is open in somebody's name.
type Holdings struct {
	Sessions int `json:"sessions"`
	Grants   int `json:"grants"`
	Devices  int `json:"trusted_devices"`
}

// LockedClient is a client in wrong hands: no node serves it.
type LockedClient struct {
	ClientID string
	LockedAt time.Time
}

// ClientHoldings counts what a client has of people.
type ClientHoldings struct {
	Grants   int64 `json:"grants"`
	Sessions int64 `json:"sessions"`
}

// String says it in words of ours, for events.
func (h ClientHoldings) String() string {
	return fmt.Sprintf("grants %d, sessions %d", h.Grants, h.Sessions)
}

// String says it in words of ours, for events.
func (h Holdings) String() string {
	return fmt.Sprintf("sessions %d, grants %d, trusted devices %d", h.Sessions, h.Grants, h.Devices)
}
