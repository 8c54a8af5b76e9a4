package storagetest

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// testOnlineGrants: a grant without offline access is refreshed for as long as the
// session that it rests on lives, and no longer, however that ends.
func (f fixture) testOnlineGrants(t *testing.T) {
	online := func(g *storage.Grant) { g.Offline, g.ExpiresAt = false, g.CreatedAt.Add(24*time.Hour) }
	rotate := func(g *storage.Grant) error {
		r := f.rotation(g)
		r.IdleLifetime = 24 * time.Hour
		_, err := f.s.Grants().Rotate(t.Context(), r)
		if err == nil {
			g.Generation++
		}
		return err
	}
	bound, free := f.grant(t, online), f.grant(t)
	alone := f.newGrant(t, f.user(t), "")
	online(alone)
	want(t, "Create without a session", f.createGrant(t.Context(), alone, f.event(t, storage.EventGrantIssued)), nil)
	for _, g := range []*storage.Grant{bound, free, alone} {
		want(t, "Rotate while the session lives", rotate(g), nil)
	}
	f.clock.Advance(time.Hour) // sessions are not used for so long
	want(t, "RF5: Rotate when the session was not used for too long", rotate(bound), storage.ErrNotFound)
	want(t, "Rotate of an offline grant", rotate(free), nil)
	want(t, "Rotate of a grant that rests on no session", rotate(alone), nil)
}
