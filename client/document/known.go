package document

import (
	"sync"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/fetch"
	"github.com/latchkey-id/latchkey/storage"
)

// maxKnown bounds what a node remembers; beyond it some are forgotten.
const maxKnown = 1000

// read is an answer and what it comes to: a client, or why not. It is never changed.
type read struct {
	answer *fetch.Answer
	client *client.Client
	// row is the client as it is kept once it is used.
	row *storage.Client
	err error
}

// known are the documents that this node has read, by id. Its zero value has none.
type known struct {
	mu   sync.Mutex
	byID map[string]*read
}

// get returns what was read last; nil where nothing was.
func (k *known) get(id string) *read {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.byID[id]
}

// put keeps what was read, and forgets any other where there are too many.
func (k *known) put(id string, r *read) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byID == nil {
		k.byID = map[string]*read{}
	}
	for other := range k.byID {
		if len(k.byID) < maxKnown {
			break
		}
		delete(k.byID, other)
	}
	k.byID[id] = r
}

// any reports whether a client is one.
func (k *known) any(is func(*client.Client) bool) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range k.byID {
		if r.err == nil && is(r.client) {
			return true
		}
	}
	return false
}
