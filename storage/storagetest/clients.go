package storagetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func (f fixture) client(id string, source storage.ClientSource) *storage.Client {
	now := f.clock.Now()
	return &storage.Client{
		ID: id, Metadata: []byte(`{"client_name":"` + id + `"}`), Source: source, Version: 1, CreatedAt: now, UpdatedAt: now,
		Origins: []string{"https://" + id + ".example"}, Scopes: []string{"openid", "scope of " + id},
		Secrets:          []storage.ClientSecret{{ID: "s1", Verifier: "p1.v", CreatedAt: now}, {ID: "s2", Verifier: "p1.w", CreatedAt: now, ExpiresAt: now.Add(time.Hour)}},
		RegistrationHash: "p1." + id, EndsAt: now.Add(24 * time.Hour),
	}
}

// testClients: a client is kept with all that it has, changed by who read it last, and
// found by its origins and scopes.
func (f fixture) testClients(t *testing.T) {
	ctx, clients := t.Context(), f.s.Clients()
	a := f.client("client-a", storage.ClientByAnybody)
	want(t, "Create", clients.Create(ctx, a, storage.ClientAdmission{}, f.event(t, storage.EventClientRegistered)), nil)
	want(t, "Create again", clients.Create(ctx, a, storage.ClientAdmission{}, f.event(t, storage.EventClientRegistered)), storage.ErrConflict)
	b := f.client("client-b", storage.ClientByAdministrator)
	b.EndsAt, b.RegistrationHash = time.Time{}, ""
	want(t, "Create of another", clients.Create(ctx, b, storage.ClientAdmission{}, f.event(t, storage.EventClientRegistered)), nil)

	has := func(what string, ask func() (bool, error), want bool) {
		t.Helper()
		got, err := ask()
		if err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", what, got, err, want)
		}
	}
	origin := func(o string) func() (bool, error) { return func() (bool, error) { return clients.HasOrigin(ctx, o) } }
	scope := func(s string) func() (bool, error) { return func() (bool, error) { return clients.HasScope(ctx, s) } }
	has("origin", origin("https://client-a.example"), true)
	has("scope", scope("scope of client-b"), true)
	has("origin that is a scope", origin("openid"), false)

	changed := *a
	changed.Metadata, changed.Origins, changed.Secrets = []byte(`{"client_name":"A"}`), nil, a.Secrets[:1]
	changed.RegistrationHash, changed.UpdatedAt, changed.DisabledAt = "p1.next", f.clock.Now().Add(time.Second), f.clock.Now()
	want(t, "Replace of another version", clients.Replace(ctx, &changed, 2, f.event(t, storage.EventClientChanged)), storage.ErrConflict)
	want(t, "Replace", clients.Replace(ctx, &changed, 1, f.event(t, storage.EventClientChanged)), nil)
	want(t, "Replace again", clients.Replace(ctx, &changed, 1, f.event(t, storage.EventClientChanged)), storage.ErrConflict)
	has("origin that it has no more", origin("https://client-a.example"), false)

	now := f.clock.Now()
	want(t, "Used", clients.Used(ctx, a.ID, now, now.Add(-time.Hour), now.Add(48*time.Hour)), nil)
	want(t, "Used again within the hour", clients.Used(ctx, a.ID, now.Add(time.Minute), now.Add(-time.Hour), now.Add(96*time.Hour)), nil)
	changed.Version, changed.LastUsedAt, changed.EndsAt = 2, now, now.Add(48*time.Hour)
	changed.Scopes = nil // names are not read
	got, err := clients.ByID(ctx, a.ID)
	want(t, "ByID", err, nil)
	equal(t, "client", got, &changed)
	_, err = clients.ByID(ctx, "client-c")
	want(t, "ByID of none", err, storage.ErrNotFound)

	list, err := clients.List(ctx, "client-a", 10)
	want(t, "List", err, nil)
	equal(t, "clients after the first", []string{list[0].ID}, []string{b.ID})
	ended, err := clients.Ended(ctx, now.Add(48*time.Hour), 10)
	want(t, "Ended", err, nil)
	equal(t, "ended clients", []int{len(ended)}, []int{1})
	ended, err = clients.Ended(ctx, now.Add(47*time.Hour), 10)
	want(t, "Ended before", err, nil)
	equal(t, "clients that ended before", len(ended), 0)
	for _, id := range []string{a.ID, b.ID} {
		want(t, "Delete", clients.Delete(ctx, storage.ClientRemoval{ID: id, Now: now, Reason: storage.RevokedClientGone}, f.event(t, storage.EventClientDeleted)), nil)
	}
}

// testClientAdmission: of many that register at once as many get in as may, and an
// initial access token is spent as often as it may be (requirement OT2).
func (f fixture) testClientAdmission(t *testing.T) {
	ctx, clients, now := t.Context(), f.s.Clients(), f.clock.Now()
	once := &storage.RegistrationToken{ID: f.id(t), TokenHash: "p1.once", UsesLeft: 1, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	over := &storage.RegistrationToken{ID: f.id(t), TokenHash: "p1.over", UsesLeft: 9, CreatedAt: now, ExpiresAt: now}
	for _, token := range []*storage.RegistrationToken{once, over} {
		want(t, "Create token", f.s.RegistrationTokens().Create(ctx, token, f.event(t, storage.EventRegistrationTokenCreated)), nil)
	}
	for hash, why := range map[string]string{"p1.over": "expired", "p1.none": "unknown"} {
		err := clients.Create(ctx, f.client("client-"+why, storage.ClientByToken), storage.ClientAdmission{TokenHash: hash}, f.event(t, storage.EventClientRegistered))
		want(t, "Create with a token that is "+why, err, storage.ErrConsumed)
	}
	race := func(n int, source storage.ClientSource, a storage.ClientAdmission, lost error) int64 {
		t.Helper()
		var won atomic.Int64
		var wait sync.WaitGroup
		for i := range n {
			c, e := f.client(fmt.Sprintf("racer-%s-%d", source, i), source), f.event(t, storage.EventClientRegistered)
			wait.Go(func() {
				switch err := clients.Create(ctx, c, a, e); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, lost):
					t.Errorf("Create: %v; want %v", err, lost)
				}
			})
		}
		wait.Wait()
		return won.Load()
	}
	equal(t, "clients by one use of a token", race(200, storage.ClientByToken, storage.ClientAdmission{TokenHash: once.TokenHash}, storage.ErrConsumed), int64(1))
	equal(t, "clients where three may be", race(40, storage.ClientByAnybody, storage.ClientAdmission{Most: 3}, storage.ErrFull), int64(3))

	twice := &storage.RegistrationToken{ID: f.id(t), TokenHash: "p1.twice", UsesLeft: 2, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	want(t, "Create token", f.s.RegistrationTokens().Create(ctx, twice, f.event(t, storage.EventRegistrationTokenCreated)), nil)
	err := clients.Create(ctx, f.client("refused", storage.ClientByAnybody), storage.ClientAdmission{TokenHash: twice.TokenHash, Most: 3}, f.event(t, storage.EventClientRegistered))
	want(t, "Create where there is no room", err, storage.ErrFull)
	tokens, err := f.s.RegistrationTokens().List(ctx, "", 100)
	want(t, "List", err, nil)
	left := map[string]int64{}
	for _, token := range tokens {
		left[token.TokenHash] = token.UsesLeft
	}
	equal(t, "uses that are left", left, map[string]int64{"p1.once": 0, "p1.over": 9, "p1.twice": 2})
}

// testClientDeletion: what people allowed a client ends with it, that of others does
// not, and one that was used meanwhile is not swept.
func (f fixture) testClientDeletion(t *testing.T) {
	ctx, clients, now := t.Context(), f.s.Clients(), f.clock.Now()
	want(t, "Create", clients.Create(ctx, f.client("doomed", storage.ClientByAnybody), storage.ClientAdmission{}, f.event(t, storage.EventClientRegistered)), nil)
	gone := f.grant(t, func(g *storage.Grant) { g.ClientID, g.Offline = "doomed", true })
	other := f.grant(t, func(g *storage.Grant) { g.ClientID = "innocent" })
	for _, id := range []string{"doomed", "innocent"} {
		want(t, "Put consent", f.s.Consents().Put(ctx, gone.UserID, id, []string{"openid"}, now, f.event(t, storage.EventConsentGranted)), nil)
	}
	removal := storage.ClientRemoval{ID: "doomed", Now: now, Reason: storage.RevokedClientGone}
	early, stale := removal, removal
	early.EndedBy, stale.Version = now.Add(23*time.Hour), 7
	want(t, "Delete before it ended", clients.Delete(ctx, early, f.event(t, storage.EventClientDeleted)), storage.ErrNotFound)
	want(t, "Delete of another version", clients.Delete(ctx, stale, f.event(t, storage.EventClientDeleted)), storage.ErrNotFound)
	removal.Version, removal.EndedBy = 1, now.Add(24*time.Hour)
	want(t, "Delete", clients.Delete(ctx, removal, f.event(t, storage.EventClientDeleted)), nil)
	want(t, "Delete again", clients.Delete(ctx, removal, f.event(t, storage.EventClientDeleted)), storage.ErrNotFound)
	got, err := f.s.Grants().ByID(ctx, gone.ID)
	want(t, "ByID", err, nil)
	equal(t, "reason", got.Grant.RevokedReason, storage.RevokedClientGone)
	got, err = f.s.Grants().ByID(ctx, other.ID)
	want(t, "ByID of another client's", err, nil)
	equal(t, "another client's grant lives", got.Grant.RevokedAt.IsZero(), true)
	_, err = f.s.Consents().Get(ctx, gone.UserID, "doomed")
	want(t, "consent", err, storage.ErrNotFound)
	_, err = f.s.Consents().Get(ctx, gone.UserID, "innocent")
	want(t, "consent of another client", err, nil)
	has, err := clients.HasScope(ctx, "scope of doomed")
	equal(t, "is still found by a scope", fmt.Sprint(has, err), "false <nil>")
}

// testRegistrationTokens: they are listed until they are taken back or swept.
func (f fixture) testRegistrationTokens(t *testing.T) {
	ctx, tokens, now := t.Context(), f.s.RegistrationTokens(), f.clock.Now()
	a := storage.RegistrationToken{ID: f.id(t), TokenHash: "p1.a", Note: "build farm", UsesLeft: 3, CreatedBy: "root", CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	want(t, "Create", tokens.Create(ctx, &a, f.event(t, storage.EventRegistrationTokenCreated)), nil)
	find := func() (found *storage.RegistrationToken) {
		t.Helper()
		list, err := tokens.List(ctx, "", 100)
		want(t, "List", err, nil)
		for i := range list {
			if list[i].ID == a.ID {
				found = &list[i]
			}
		}
		return found
	}
	equal(t, "token", find(), &a)
	want(t, "Delete", tokens.Delete(ctx, a.ID, f.event(t, storage.EventRegistrationTokenRevoked)), nil)
	want(t, "Delete again", tokens.Delete(ctx, a.ID, f.event(t, storage.EventRegistrationTokenRevoked)), storage.ErrNotFound)
	b := a
	b.ID, b.TokenHash = f.id(t), "p1.b"
	want(t, "Create", tokens.Create(ctx, &b, f.event(t, storage.EventRegistrationTokenCreated)), nil)
	a = b
	f.clock.Advance(31 * 24 * time.Hour)
	_, err := f.s.Sweep(ctx, f.clock.Now())
	want(t, "Sweep", err, nil)
	equal(t, "token after it was over for long", find(), (*storage.RegistrationToken)(nil))
}
