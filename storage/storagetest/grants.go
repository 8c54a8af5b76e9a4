package storagetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func (f fixture) newGrant(t *testing.T, u *storage.User, sid storage.ID) *storage.Grant {
	t.Helper()
	now := f.clock.Now()
	return &storage.Grant{
		ID: f.id(t), ClientID: "wiki", UserID: u.ID, SID: sid, CodeHash: "p1." + rand.Text(), Address: "192.0.2.7", CodeChallenge: "challenge",
		RedirectURI: "https://wiki.example.com/cb", Scopes: []string{"openid", "offline_access"}, Nonce: "n", Confirmation: `{"jkt":"one"}`,
		Claims:         storage.ClaimsRequest{IDToken: map[string]*storage.ClaimRequest{"name": {Essential: true}, "email": nil}},
		Authentication: storage.Authentication{Time: now, ACR: "aal1", AMR: []string{"pwd"}},
		Offline:        true, Refreshable: true, Generation: 1, Salt: []byte("0123456789abcdef"),
		RotatedAt: now, CreatedAt: now, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(10 * time.Hour),
		Origin: storage.OriginCode,
	}
}

func (f fixture) grant(t *testing.T, change ...func(*storage.Grant)) *storage.Grant {
	t.Helper()
	u := f.user(t)
	g := f.newGrant(t, u, f.session(t, u).SID)
	for _, c := range change {
		c(g)
	}
	if err := f.createGrant(t.Context(), g, f.event(t, storage.EventGrantIssued)); err != nil {
		t.Fatal(err)
	}
	return g
}

func (f fixture) createGrant(ctx context.Context, g *storage.Grant, e storage.Event) error {
	_, err := f.s.Grants().Create(ctx, g, f.start(g), e)
	return err
}

// start is under what conditions grants of people that nothing changed begin.
func (f fixture) start(g *storage.Grant) storage.GrantStart {
	return storage.GrantStart{PasswordEpoch: firstEpoch, Subject: string(g.UserID)}
}

// rotation is the refresh that the grant's row allows.
func (f fixture) rotation(g *storage.Grant) storage.Rotation {
	return storage.Rotation{
		GrantID: g.ID, ClientID: g.ClientID, Generation: g.Generation, Salt: g.Salt, IdleLifetime: time.Hour, Confirmation: g.Confirmation,
	}
}

func (f fixture) testGrants(t *testing.T) {
	ctx, grants := t.Context(), f.s.Grants()
	u := f.user(t)
	g := f.newGrant(t, u, f.session(t, u).SID)
	created, err := grants.Create(ctx, g, f.start(g), f.event(t, storage.EventGrantIssued))
	want(t, "Create", err, nil)
	equal(t, "created grant", created.Grant, *g)
	got, err := grants.ByID(ctx, g.ID)
	want(t, "ByID", err, nil)
	equal(t, "person that Create returns", created.User, got.User)
	equal(t, "grant", got.Grant, *g)
	if got.User.ID != g.UserID {
		t.Errorf("person of the grant = %s", got.User.ID)
	}
	byCode, err := grants.ByCodeHash(ctx, []string{"p0.none", g.CodeHash})
	want(t, "ByCodeHash", err, nil)
	equal(t, "grant by code", *byCode, *g)
	_, err = grants.ByCodeHash(ctx, []string{"none"})
	want(t, "ByCodeHash of another", err, storage.ErrNotFound)
	now := f.clock.Now()
	want(t, "Revoke", grants.Revoke(ctx, g.ID, now, storage.RevokedReuse, f.event(t, storage.EventRefreshReuse)), nil)
	want(t, "Revoke twice", grants.Revoke(ctx, g.ID, now, storage.RevokedReuse, f.event(t, storage.EventRefreshReuse)), storage.ErrNotFound)
	got, err = grants.ByID(ctx, g.ID)
	want(t, "ByID of a revoked grant", err, nil)
	if got.Grant.Live(now) || got.Grant.RevokedReason != storage.RevokedReuse {
		t.Errorf("revoked grant = %+v", got.Grant)
	}
}

func (f fixture) testOneGrantForACode(t *testing.T) {
	u := f.user(t)
	sid := f.session(t, u).SID
	grants := make(chan *storage.Grant, parallel)
	for range parallel {
		g := f.newGrant(t, u, sid)
		g.CodeHash = "p1.the same code"
		grants <- g
	}
	won := race(t, func(ctx context.Context) error {
		return f.createGrant(ctx, <-grants, f.event(t, storage.EventGrantIssued))
	}, storage.ErrConsumed)
	if won != 1 {
		t.Fatalf("%d grants for one code", won)
	}
}

// testGrantOfWhatEnded shows that a code is worth nothing when what it came from
// is no more.
func (f fixture) testGrantOfWhatEnded(t *testing.T) {
	users, now := f.s.Users(), f.clock.Now()
	for name, end := range map[string]func(*storage.User, *storage.Session) error{
		"sign-out": func(_ *storage.User, s *storage.Session) error {
			return f.s.Sessions().End(t.Context(), s.SID, now, f.event(t, storage.EventSignOut))
		},
		"disabled": func(u *storage.User, _ *storage.Session) error {
			return users.Disable(t.Context(), u.ID, now, f.event(t, storage.EventUserDisabled))
		},
		"password changed in that very session": func(u *storage.User, s *storage.Session) error {
			change := storage.PasswordChange{UserID: u.ID, Epoch: u.PasswordEpoch, Hash: "new", Now: now, KeepSID: s.SID}
			return users.ChangePassword(t.Context(), change, f.event(t, storage.EventPasswordChanged))
		},
	} {
		u := f.user(t)
		s := f.session(t, u)
		g := f.newGrant(t, u, s.SID)
		want(t, name, end(u, s), nil)
		e := f.event(t, storage.EventGrantIssued)
		want(t, "Create after "+name, f.createGrant(t.Context(), g, e), storage.ErrNotFound)
		if f.told(t, e, storage.Message{}) {
			t.Errorf("%s: a grant that was refused has an event", name)
		}
	}
	g := f.newGrant(t, f.user(t), f.session(t, f.user(t)).SID)
	want(t, "Create of a session of somebody else", f.createGrant(t.Context(), g, f.event(t, storage.EventGrantIssued)), storage.ErrNotFound)
}

// testGrantAgainstEnding lets codes be exchanged while the password is changed:
// however that ends, no grant works afterwards.
func (f fixture) testGrantAgainstEnding(t *testing.T) {
	for range 20 {
		u := f.user(t)
		s := f.session(t, u)
		grants := make(chan *storage.Grant, parallel)
		for range parallel {
			grants <- f.newGrant(t, u, s.SID)
		}
		change := storage.PasswordChange{UserID: u.ID, Epoch: u.PasswordEpoch, Hash: "new", Now: f.clock.Now(), EndOffline: true}
		changed := make(chan error, 1)
		go func() {
			changed <- f.s.Users().ChangePassword(context.WithoutCancel(t.Context()), change, f.event(t, storage.EventPasswordChanged))
		}()
		race(t, func(ctx context.Context) error {
			return f.createGrant(ctx, <-grants, f.event(t, storage.EventGrantIssued))
		}, storage.ErrNotFound)
		want(t, "ChangePassword", <-changed, nil)
		left, err := f.s.Grants().ListByUser(t.Context(), u.ID)
		want(t, "ListByUser", err, nil)
		for _, g := range left {
			if g.RevokedAt.IsZero() {
				t.Fatal("a grant outlived the change of the password")
			}
		}
	}
}

func (f fixture) testOneRotation(t *testing.T) {
	g := f.grant(t)
	f.clock.Advance(time.Second)
	rotation := f.rotation(g)
	won := race(t, func(ctx context.Context) error {
		got, err := f.s.Grants().Rotate(ctx, rotation)
		if err == nil && (got.Grant.Generation != 2 || !got.Grant.RotatedAt.Equal(f.clock.Now())) {
			t.Errorf("rotated to generation %d at %s", got.Grant.Generation, got.Grant.RotatedAt)
		}
		return err
	}, storage.ErrNotFound)
	if won != 1 {
		t.Fatalf("%d rotations of one generation", won)
	}
	got, err := f.s.Grants().ByID(t.Context(), g.ID)
	want(t, "ByID", err, nil)
	g.Generation, g.RotatedAt, g.IdleExpiresAt = 2, f.clock.Now(), f.clock.Now().Add(rotation.IdleLifetime)
	equal(t, "grant after rotation", got.Grant, *g)
}

func (f fixture) testRotationConditions(t *testing.T) {
	for name, change := range map[string]func(*storage.Rotation){
		"another grant":      func(r *storage.Rotation) { r.GrantID = f.id(t) },
		"another client":     func(r *storage.Rotation) { r.ClientID = "evil" },
		"an older token":     func(r *storage.Rotation) { r.Generation-- },
		"a newer token":      func(r *storage.Rotation) { r.Generation++ },
		"another key":        func(r *storage.Rotation) { r.Confirmation = `{"jkt":"another"}` },
		"no key":             func(r *storage.Rotation) { r.Confirmation = "" },
		"another salt":       func(r *storage.Rotation) { r.Salt = []byte("fedcba9876543210") },
		"after idling":       func(*storage.Rotation) { f.clock.Advance(time.Hour) },
		"after its last day": func(*storage.Rotation) { f.clock.Advance(10 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			g := f.grant(t)
			rotation := f.rotation(g)
			change(&rotation)
			_, err := f.s.Grants().Rotate(t.Context(), rotation)
			want(t, "Rotate", err, storage.ErrNotFound)
			got, err := f.s.Grants().ByID(t.Context(), g.ID)
			want(t, "ByID", err, nil)
			equal(t, "grant", got.Grant, *g)
		})
	}
	t.Run("TestPR1_a first key binds", func(t *testing.T) {
		g := f.grant(t, func(g *storage.Grant) { g.Confirmation = "" })
		rotation := f.rotation(g)
		rotation.Confirmation = `{"jkt":"first"}`
		got, err := f.s.Grants().Rotate(t.Context(), rotation)
		want(t, "Rotate", err, nil)
		equal(t, "bound by", got.Grant.Confirmation, rotation.Confirmation)
		rotation.Generation, rotation.Confirmation = 2, ""
		_, err = f.s.Grants().Rotate(t.Context(), rotation)
		want(t, "Rotate without it", err, storage.ErrNotFound)
	})
	t.Run("TestRF5_of a disabled person", func(t *testing.T) {
		g := f.grant(t)
		want(t, "Disable", f.s.Users().Disable(t.Context(), g.UserID, f.clock.Now(), f.event(t, storage.EventUserDisabled)), nil)
		_, err := f.s.Grants().Rotate(t.Context(), f.rotation(g))
		want(t, "Rotate", err, storage.ErrNotFound)
	})
	t.Run("without refresh tokens", func(t *testing.T) {
		g := f.grant(t, func(g *storage.Grant) { g.Refreshable = false })
		_, err := f.s.Grants().Rotate(t.Context(), f.rotation(g))
		want(t, "Rotate", err, storage.ErrNotFound)
	})
	t.Run("of a revoked grant", func(t *testing.T) {
		g := f.grant(t)
		want(t, "Revoke", f.s.Grants().Revoke(t.Context(), g.ID, f.clock.Now(), "x", f.event(t, storage.EventGrantRevoked)), nil)
		_, err := f.s.Grants().Rotate(t.Context(), f.rotation(g))
		want(t, "Rotate", err, storage.ErrNotFound)
	})
}

func (f fixture) testAccessTokens(t *testing.T) {
	ctx, tokens := t.Context(), f.s.AccessTokens()
	g := f.grant(t)
	now := f.clock.Now()
	got, err := tokens.Check(ctx, g.ID, "jti-1", now)
	want(t, "Check", err, nil)
	equal(t, "grant", got.Grant, storage.Grant{
		ID: g.ID, ClientID: g.ClientID, UserID: g.UserID, SID: g.SID, RedirectURI: g.RedirectURI, Address: g.Address, Scopes: g.Scopes,
		Resource: g.Resource, Claims: g.Claims, Authentication: g.Authentication, ExpiresAt: g.ExpiresAt,
	})
	want(t, "Revoke", tokens.Revoke(ctx, "jti-1", now.Add(time.Minute), f.event(t, storage.EventAccessTokenRevoked)), nil)
	want(t, "Revoke twice", tokens.Revoke(ctx, "jti-1", now.Add(time.Minute), f.event(t, storage.EventAccessTokenRevoked)), nil)
	_, err = tokens.Check(ctx, g.ID, "jti-1", now)
	want(t, "Check of a revoked token", err, storage.ErrNotFound)
	_, err = tokens.Check(ctx, g.ID, "jti-2", now)
	want(t, "Check of its sibling", err, nil)
	_, err = tokens.Check(ctx, g.ID, "jti-2", g.ExpiresAt)
	want(t, "Check after the grant's end", err, storage.ErrNotFound)
	for jti, revoked := range map[string]bool{"jti-1": true, "jti-2": false} {
		got, err := tokens.Revoked(ctx, "service", jti, now)
		want(t, "Revoked", err, nil)
		equal(t, jti, got, revoked)
	}
}

// testConsentsAtOnce lets sessions of one person allow one client something
// for the first time at once: none of it is lost.
func (f fixture) testConsentsAtOnce(t *testing.T) {
	u := f.user(t)
	scopes := make(chan string, parallel)
	for i := range parallel {
		scopes <- fmt.Sprintf("scope%03d", i)
	}
	race(t, func(ctx context.Context) error {
		return f.s.Consents().Put(ctx, u.ID, "wiki", []string{"openid", <-scopes}, f.clock.Now(), f.event(t, storage.EventConsentGranted))
	}, nil)
	got, err := f.s.Consents().Get(t.Context(), u.ID, "wiki")
	want(t, "Get", err, nil)
	if len(got) != parallel+1 {
		t.Errorf("%d scopes are left of %d: %v", len(got), parallel+1, got)
	}
}

// testGrantWithoutSession shows that a grant may rest on a person alone, and ends
// with what ends everything of theirs.
func (f fixture) testGrantWithoutSession(t *testing.T) {
	ctx, grants := t.Context(), f.s.Grants()
	u := f.user(t)
	s := f.session(t, u)
	rest := func(offline bool) *storage.Grant {
		g := f.newGrant(t, u, "")
		g.CodeHash, g.Origin, g.Offline = "", "device_code", offline
		want(t, "Create", f.createGrant(ctx, g, f.event(t, storage.EventGrantIssued)), nil)
		return g
	}
	works := func(what string, g *storage.Grant, want bool) {
		t.Helper()
		_, err := f.s.AccessTokens().Check(ctx, g.ID, "jti", f.clock.Now())
		equal(t, what, err == nil, want)
	}
	online, offline := rest(false), rest(true)
	got, err := grants.ByID(ctx, offline.ID)
	want(t, "ByID", err, nil)
	equal(t, "grant", got.Grant, *offline)
	_, err = grants.Rotate(ctx, f.rotation(offline))
	want(t, "Rotate", err, nil)
	want(t, "End", f.s.Sessions().End(ctx, s.SID, f.clock.Now(), f.event(t, storage.EventSignOut)), nil)
	works("online after a sign-out", online, true)
	works("offline after a sign-out", offline, true)
	want(t, "EndAll", f.s.Sessions().EndAll(ctx, u.ID, "", f.clock.Now(), false, f.event(t, storage.EventSessionsEnded)), nil)
	works("online after all sessions ended", online, false)
	works("offline after all sessions ended", offline, true)
	want(t, "Disable", f.s.Users().Disable(ctx, u.ID, f.clock.Now(), f.event(t, storage.EventUserDisabled)), nil)
	works("offline after its person was disabled", offline, false)
	late := f.newGrant(t, u, "")
	late.CodeHash = ""
	want(t, "Create for a disabled person", f.createGrant(ctx, late, f.event(t, storage.EventGrantIssued)), storage.ErrNotFound)
	ofClient, err := grants.ListByClient(ctx, "wiki", online.ID[:12], 1000)
	want(t, "ListByClient", err, nil)
	for _, g := range []*storage.Grant{online, offline} {
		if !slices.ContainsFunc(ofClient, func(o storage.Grant) bool { return o.ID == g.ID }) {
			t.Errorf("grant %s is not among those of its client", g.ID)
		}
	}
}

func (f fixture) testConsents(t *testing.T) {
	ctx, consents := t.Context(), f.s.Consents()
	u := f.user(t)
	_, err := consents.Get(ctx, u.ID, "wiki")
	want(t, "Get of none", err, storage.ErrNotFound)
	for _, scopes := range [][]string{{"openid", "email"}, {"email", "profile"}} {
		want(t, "Put", consents.Put(ctx, u.ID, "wiki", scopes, f.clock.Now(), f.event(t, storage.EventConsentGranted)), nil)
	}
	got, err := consents.Get(ctx, u.ID, "wiki")
	want(t, "Get", err, nil)
	equal(t, "scopes", got, []string{"email", "openid", "profile"})
	_, err = consents.Get(ctx, u.ID, "other")
	want(t, "Get of another client", err, storage.ErrNotFound)
}
