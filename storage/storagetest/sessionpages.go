package storagetest

import (
	"crypto/rand"
	"fmt"
	"slices"
	"testing"

	"github.com/latchkey-id/latchkey/storage"
)

// testSessionPages: each session stands on one page, the newest first, whatever narrows
// the list, with who it is of and where it signed in.
func (f fixture) testSessionPages(t *testing.T) {
	ctx, client, u := t.Context(), "pages"+rand.Text(), f.user(t)
	var own, atClient []storage.ID
	for i := range 5 {
		g := f.newGrant(t, u, f.session(t, u).SID)
		g.ClientID = "other" + client
		if i%2 == 0 {
			g.ClientID = client
			atClient = append(atClient, g.SID)
		}
		want(t, "CreateGrant", f.createGrant(ctx, g, f.event(t, storage.EventGrantIssued)), nil)
		own = append(own, g.SID)
	}
	other := f.user(t)
	g := f.newGrant(t, other, f.session(t, other).SID)
	g.ClientID = client
	want(t, "CreateGrant", f.createGrant(ctx, g, f.event(t, storage.EventGrantIssued)), nil)

	read := func(p storage.SessionPage) (sids []storage.ID) {
		for range 100 {
			found, err := f.s.Sessions().Page(ctx, p)
			want(t, "Page", err, nil)
			for _, one := range found {
				sids = append(sids, one.SID)
				if one.UserID == u.ID && (one.Email != u.Email || one.Username != u.Username || len(one.Clients) != 1 || one.SecretHash != "" || one.CreatedAt.IsZero()) {
					t.Errorf("a session is listed as %+v", one)
				}
			}
			if len(found) < p.Limit {
				break
			}
			p.Before = found[len(found)-1].SID
		}
		return sids
	}
	newest := func(list ...storage.ID) []storage.ID {
		list = slices.Clone(list)
		slices.Sort(list)
		slices.Reverse(list)
		return list
	}
	for _, limit := range []int{1, 2, 100} {
		at := fmt.Sprint(" by ", limit)
		equal(t, "of a person"+at, read(storage.SessionPage{UserID: u.ID, Limit: limit}), newest(own...))
		equal(t, "of a client"+at, read(storage.SessionPage{ClientID: client, Limit: limit}), newest(append(slices.Clone(atClient), g.SID)...))
		equal(t, "of both"+at, read(storage.SessionPage{UserID: u.ID, ClientID: client, Limit: limit}), newest(atClient...))
	}
	all := read(storage.SessionPage{Limit: 3})
	equal(t, "the order of all", all, newest(all...))
	for _, sid := range append(own, g.SID) {
		if !slices.Contains(all, sid) {
			t.Errorf("%s is on no page", sid)
		}
	}
	equal(t, "of nobody", len(read(storage.SessionPage{UserID: f.id(t), Limit: 5})), 0)
}
