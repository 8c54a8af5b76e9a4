package storage

import "time"

// Node is a process that serves, as it last reported itself.
type Node struct {
	// ID is the process' own: its host and a part that is drawn at each start.
	ID      string
	Version string
	// Digest is that of the configuration it serves with.
	Digest string
	// Fault is why the last reload changed nothing; empty after one that succeeded.
	Fault string
	// Waiting are changes, in words, that need a restart.
	Waiting []string
	// StartedAt is when the process began, LoadedAt when it loaded what it serves with.
	StartedAt, LoadedAt time.Time
	// SeenAt is when it reported itself.
	SeenAt time.Time
}

// NodeGone is how long after its last report a node is taken for one that ended
// without saying so.
const NodeGone = 3 * time.Minute

// Live reports whether the node serves, as far as its last report tells.
func (n *Node) Live(now time.Time) bool { return now.Sub(n.SeenAt) < NodeGone }

// Configuration is what nodes of a digest run with.
type Configuration struct {
	Digest string
	// Document is its snapshot (config.Snapshot), encoded.
	Document []byte
	// Clients are the ids of its clients.
	Clients []string
	SeenAt  time.Time
}

// RemovedClient is a client that no node is configured with any more.
type RemovedClient struct {
	ClientID  string
	RemovedAt time.Time
	// PrunedAt is when its consents were deleted; zero while bringing the client back
	// restores them.
	PrunedAt time.Time
}
