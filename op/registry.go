package op

import (
	"sync/atomic"

	"github.com/latchkey-id/latchkey/storage"
)

// Registry knows the registered clients. It may be read while it is replaced:
// a reader sees the clients of before or of after, never a mixture.
type Registry struct {
	current atomic.Pointer[clientSet]
}

// clientSet is never changed once made.
type clientSet struct {
	byID    map[string]*storage.Client
	all     []*storage.Client
	origins map[string]bool
}

// NewRegistry makes a Registry of clients, whose ids must differ.
func NewRegistry(clients []storage.Client) *Registry {
	r := &Registry{}
	r.Replace(clients)
	return r
}

// Replace puts other clients in the place of those of before.
func (r *Registry) Replace(clients []storage.Client) {
	set := &clientSet{
		byID:    make(map[string]*storage.Client, len(clients)),
		all:     make([]*storage.Client, 0, len(clients)),
		origins: map[string]bool{},
	}
	for _, c := range clients {
		set.byID[c.ID] = &c
		set.all = append(set.all, &c)
		for _, origin := range c.Origins {
			set.origins[origin] = true
		}
	}
	r.current.Store(set)
}

// Client returns the client of the id. The caller must not change it.
func (r *Registry) Client(id string) (*storage.Client, bool) {
	c, ok := r.current.Load().byID[id]
	return c, ok
}

// All returns the clients in the order they were given. The caller must change
// neither the list nor a client.
func (r *Registry) All() []*storage.Client { return r.current.Load().all }

// hasOrigin reports whether any client is registered for the web origin.
func (r *Registry) hasOrigin(origin string) bool { return r.current.Load().origins[origin] }
