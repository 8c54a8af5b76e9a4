package storagetest

import (
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// testLockedClients: what a client in wrong hands had ends, it gets nothing new until the
// lockdown is lifted, and nothing of before comes back with that.
func (f fixture) testLockedClients(t *testing.T) {
	ctx, locked := t.Context(), f.s.LockedClients()
	of := func(client string) *storage.Grant {
		return f.grant(t, func(g *storage.Grant) { g.ClientID, g.Offline = client, true })
	}
	stolen, second, other := of("stolen"), of("stolen"), of("sound")
	now := f.clock.Now()
	var noted storage.ClientHoldings
	note := func(had storage.ClientHoldings) storage.Event {
		noted = had
		return f.event(t, storage.EventClientLocked)
	}
	lock := func() (storage.ClientHoldings, error) { return locked.Lock(ctx, "stolen", now, note) }

	before, err := locked.Holdings(ctx, "stolen")
	want(t, "Holdings", err, nil)
	equal(t, "holdings", before, storage.ClientHoldings{Grants: 2, Sessions: 2})
	want(t, "Lift of one that is not locked", locked.Lift(ctx, "stolen", now, f.event(t, storage.EventClientUnlocked)), storage.ErrNotFound)
	had, err := lock()
	want(t, "Lock", err, nil)
	equal(t, "what ended", had, before)
	equal(t, "noted", noted, before)
	_, err = lock()
	want(t, "Lock twice", err, storage.ErrConflict)
	list, err := locked.List(ctx)
	want(t, "List", err, nil)
	equal(t, "locked", list, []storage.LockedClient{{ClientID: "stolen", LockedAt: now}})

	for _, g := range []*storage.Grant{stolen, second} {
		read, err := f.s.Grants().ByID(ctx, g.ID)
		want(t, "ByID", err, nil)
		equal(t, "reason", read.Grant.RevokedReason, storage.RevokedLockdown)
	}
	_, err = f.s.Grants().Rotate(ctx, f.rotation(other))
	want(t, "Rotate of another client's", err, nil)
	sessions, err := f.s.Sessions().ListByUser(ctx, stolen.UserID, now)
	want(t, "ListByUser", err, nil)
	equal(t, "sessions of the person", len(sessions), 1)
	clients, err := f.s.Sessions().Clients(ctx, stolen.SID)
	want(t, "Clients", err, nil)
	equal(t, "clients of the session", len(clients), 0)

	begin := func(client string) (*storage.Grant, error) {
		u := f.user(t)
		g := f.newGrant(t, u, f.session(t, u).SID)
		g.ClientID = client
		return g, f.createGrant(ctx, g, f.event(t, storage.EventGrantIssued))
	}
	_, err = begin("stolen")
	want(t, "a grant while it is locked", err, storage.ErrNotFound)
	_, err = begin("sound")
	want(t, "a grant of another client", err, nil)
	f.ownToken(t, "stolen", now.Add(-time.Second), true)
	f.ownToken(t, "sound", now.Add(-time.Second), false)

	f.clock.Advance(time.Minute)
	lifted := f.clock.Now()
	want(t, "Lift", locked.Lift(ctx, "stolen", lifted, f.event(t, storage.EventClientUnlocked)), nil)
	want(t, "Lift twice", locked.Lift(ctx, "stolen", lifted, f.event(t, storage.EventClientUnlocked)), storage.ErrNotFound)
	list, err = locked.List(ctx)
	want(t, "List", err, nil)
	equal(t, "locked after the lift", len(list), 0)
	_, err = f.s.Grants().Rotate(ctx, f.rotation(stolen))
	want(t, "Rotate after the lift", err, storage.ErrNotFound)
	f.ownToken(t, "stolen", lifted.Add(-time.Second), true)
	f.ownToken(t, "stolen", lifted.Add(time.Second), false)
	g, err := begin("stolen")
	want(t, "a grant after the lift", err, nil)

	now = lifted
	had, err = lock()
	want(t, "Lock a second time", err, nil)
	equal(t, "what ended the second time", had, storage.ClientHoldings{Grants: 1, Sessions: 1})
	_, err = f.s.Grants().Rotate(ctx, f.rotation(g))
	want(t, "Rotate of the second time", err, storage.ErrNotFound)
	want(t, "Lift the second", locked.Lift(ctx, "stolen", now, f.event(t, storage.EventClientUnlocked)), nil)
}

// ownToken says whether a token that a client was issued for itself is void.
func (f fixture) ownToken(t *testing.T, client string, issuedAt time.Time, void bool) {
	t.Helper()
	got, err := f.s.AccessTokens().Revoked(t.Context(), client, "of the client "+client, issuedAt)
	want(t, "Revoked", err, nil)
	equal(t, "void token of "+client, got, void)
}

// testLists: everybody's sessions and grants are listed page by page, each once.
func (f fixture) testLists(t *testing.T) {
	ctx := t.Context()
	made := map[storage.ID]bool{}
	var grants []*storage.Grant
	for range 3 {
		f.clock.Advance(time.Second) // ids are in the order of time
		g := f.grant(t, func(g *storage.Grant) { g.ClientID = "listed" })
		made[g.SID] = true
		grants = append(grants, g)
	}
	var after storage.ID
	for n := 0; ; n++ {
		page, err := f.s.Sessions().List(ctx, storage.SessionFilter{ClientID: "listed", After: after, Limit: 2})
		want(t, "List sessions", err, nil)
		if len(page) == 0 {
			equal(t, "pages", n, 2)
			break
		}
		for _, s := range page {
			equal(t, "a session of the client", made[s.SID], true)
			delete(made, s.SID)
			after = s.SID
		}
	}
	equal(t, "sessions that were not listed", len(made), 0)
	all, err := f.s.Sessions().List(ctx, storage.SessionFilter{After: grants[1].SID, Limit: 1})
	want(t, "List all sessions", err, nil)
	equal(t, "the session after", all[0].SID > grants[1].SID, true)
	listed, err := f.s.Grants().List(ctx, grants[0].ID, 2)
	want(t, "List grants", err, nil)
	for i, g := range listed {
		equal(t, "grants", g.ID, grants[i+1].ID)
	}
}

// testSecrets: what is sealed is found where it stands, and replaced unless it changed
// meanwhile.
func (f fixture) testSecrets(t *testing.T) {
	ctx, secrets := t.Context(), f.s.Secrets()
	u := f.user(t)
	app, passkey := f.credential(t, u, storage.FactorTOTP), f.credential(t, u, storage.FactorPasskey)
	found := map[string]storage.SealedValue{}
	after := ""
	for {
		page, err := secrets.Page(ctx, storage.SealedFactors, after, 1)
		want(t, "Page", err, nil)
		if len(page) == 0 {
			break
		}
		after = page[0].Key
		found[after] = page[0]
	}
	equal(t, "the app's", found[string(app.ID)], storage.SealedValue{Key: string(app.ID), Owner: u.ID, Sealed: app.Secret})
	_, has := found[string(passkey.ID)]
	equal(t, "the passkey's", has, false)
	want(t, "Replace", secrets.Replace(ctx, storage.SealedFactors, string(app.ID), app.Secret, "v1.next.n.c"), nil)
	want(t, "Replace again", secrets.Replace(ctx, storage.SealedFactors, string(app.ID), app.Secret, "v1.other.n.c"), storage.ErrNotFound)
	of, err := f.s.Credentials().ListByUser(ctx, u.ID)
	want(t, "ListByUser", err, nil)
	equal(t, "secret", of[slices.IndexFunc(of, func(c storage.Credential) bool { return c.ID == app.ID })].Secret, "v1.next.n.c")
	for _, kind := range []storage.SealedKind{storage.SealedSigningKeys, storage.SealedMessages} {
		_, err := secrets.Page(ctx, kind, "", 10)
		want(t, "Page of "+string(kind), err, nil)
	}
}
