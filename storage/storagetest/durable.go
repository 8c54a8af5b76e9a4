package storagetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// TestDurable holds an empty, migrated store to the contract.
func TestDurable(t *testing.T, s *sqlstore.Store, clock *Clock) {
	f := fixture{s: s, clock: clock}
	t.Run("users", f.testUsers)
	t.Run("sessions", f.testSessions)
	t.Run("session replaced", f.testSessionReplaced)
	t.Run("TestSE5_step-up of an ended session", f.testSessionRenewed)
	t.Run("grants", f.testGrants)
	t.Run("TestTK1_one grant for a code", f.testOneGrantForACode)
	t.Run("TestSE5_no grant of what has ended", f.testGrantOfWhatEnded)
	t.Run("TestSE5_no grant slips past an ending", f.testGrantAgainstEnding)
	t.Run("TestRF3_one rotation of a generation", f.testOneRotation)
	t.Run("rotation conditions", f.testRotationConditions)
	t.Run("TestRF5_online grants", f.testOnlineGrants)
	t.Run("access tokens", f.testAccessTokens)
	t.Run("consents", f.testConsents)
	t.Run("TestAZ8_first consents at once add up", f.testConsentsAtOnce)
	t.Run("grants without a session", f.testGrantWithoutSession)
	t.Run("signing keys", f.testSigningKeys)
	t.Run("revoked signing keys", f.testRevokedSigningKeys)
	t.Run("events", f.testEvents)
	f.testAccounts(t)
	f.testGroups(t)
	f.testProvisions(t)
	f.testFactors(t)
	t.Run("outbox", f.testOutbox)
	t.Run("one claim of a message", f.testOneClaim)
	t.Run("outbox retries", f.testOutboxRetries)
	t.Run("outbox order", f.testOutboxOrder)
	t.Run("the end of a delivery", f.testOutboxEnd)
	f.testSearch(t)
	t.Run("sweep", f.testSweep)
	t.Run("nodes", f.testNodes)
	t.Run("TestAC2_removed clients", f.testRemovedClients)
	t.Run("locked clients", f.testLockedClients)
	t.Run("lists over everybody", f.testLists)
	t.Run("TestKY3_what is sealed", f.testSecrets)
	t.Run("feeds of events", f.testFeeds)
	t.Run("daily numbers", f.testNumbers)
	t.Run("clients", f.testClients)
	t.Run("TestDR1_a client is admitted within its bounds", f.testClientAdmission)
	t.Run("TestDR1_what is deleted with a client", f.testClientDeletion)
	t.Run("initial access tokens", f.testRegistrationTokens)
}

// fixture makes rows to test with.
type fixture struct {
	s     *sqlstore.Store
	clock *Clock
}

// same compares what was written with what was read.
var same = cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(0)}

func (f fixture) id(t *testing.T) storage.ID {
	t.Helper()
	id, err := storage.NewID(f.clock.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (f fixture) event(t *testing.T, typ storage.EventType) storage.Event {
	t.Helper()
	return storage.Event{
		ID: f.id(t), At: f.clock.Now(), Type: typ, ClientID: "wiki", Address: "192.0.2.1",
		UserAgent: "Test/1", RequestID: "r1", Outcome: storage.Success,
	}
}

// firstEpoch is the password epoch of a new person here.
const firstEpoch = 3

func (f fixture) user(t *testing.T, change ...func(*storage.User)) *storage.User {
	t.Helper()
	id := f.id(t)
	u := &storage.User{
		ID: id, Email: "Ada." + string(id[20:]) + "@Example.com", EmailVerified: true, Username: "ada" + string(id[20:]),
		Phone: "+4915112345678", Profile: storage.Profile{Name: "Ada Lovelace", Address: &storage.Address{Country: "UK"}},
		PasswordHash: "$argon2id$old", PasswordEpoch: firstEpoch, PasswordChangedAt: f.clock.Now(), Roles: []string{"admin", "staff"},
		CreatedAt: f.clock.Now(), UpdatedAt: f.clock.Now(),
	}
	for _, c := range change {
		c(u)
	}
	if err := f.s.Users().Create(t.Context(), u, f.event(t, storage.EventUserCreated)); err != nil {
		t.Fatal(err)
	}
	return u
}

func (f fixture) session(t *testing.T, u *storage.User, replaces ...string) *storage.Session {
	t.Helper()
	now := f.clock.Now()
	s := &storage.Session{
		SID: f.id(t), UserID: u.ID, SecretHash: "p1." + rand.Text(),
		Proofs:         []storage.Proof{{Kind: storage.FactorPassword, At: now}, {Kind: storage.FactorPasskey, At: now, CredentialID: "c", UserVerified: true}},
		Authentication: storage.Authentication{Time: now, ACR: "aal1", AMR: []string{"pwd"}},
		CreatedAt:      now, LastSeenAt: now, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(10 * time.Hour),
		UserAgent: "Test/1", Address: "192.0.2.1", Remembered: true,
	}
	if err := f.s.Sessions().Create(t.Context(), s, storage.SessionStart{PasswordEpoch: u.PasswordEpoch, Replaces: replaces}, f.event(t, storage.EventSignIn)); err != nil {
		t.Fatal(err)
	}
	return s
}

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

func want(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

func (f fixture) testUsers(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	u := f.user(t)
	for _, name := range []string{u.Email, " " + u.Email + "\t", "ADA" + u.Email[3:], u.Username, "ＡＤＡ" + u.Username[3:]} {
		got, err := users.ByIdentifier(ctx, name)
		if err != nil {
			t.Fatalf("ByIdentifier(%q): %v", name, err)
		}
		equal(t, "user by "+name, *got, *u)
	}
	got, err := users.ByID(ctx, u.ID)
	want(t, "ByID", err, nil)
	equal(t, "user by id", *got, *u)
	for _, nobody := range []string{"", "nobody", "nobody@example.com", "no\x00text", "no text\xff"} {
		_, err = users.ByIdentifier(ctx, nobody)
		want(t, "ByIdentifier of "+nobody, err, storage.ErrNotFound)
	}
	twin := *u
	twin.ID, twin.Username = f.id(t), ""
	want(t, "Create with a taken address", users.Create(ctx, &twin, f.event(t, storage.EventUserCreated)), storage.ErrConflict)
	f.user(t, func(u *storage.User) { u.Username = "" })
	f.user(t, func(u *storage.User) { u.Username = "" })
	before, err := users.SampleForeignHashes(ctx, "$argon2id$new", 1000)
	want(t, "SampleForeignHashes", err, nil)
	want(t, "SetPasswordHash", users.SetPasswordHash(ctx, u.ID, u.PasswordHash, "$argon2id$new", f.clock.Now()), nil)
	after, err := users.SampleForeignHashes(ctx, "$argon2id$new", 1)
	want(t, "SampleForeignHashes", err, nil)
	if after.People != before.People || after.Foreign != before.Foreign-1 || len(after.Sample) != 1 || !slices.Contains(before.Sample, u.PasswordHash) {
		t.Errorf("of the verifiers it tells %+v, and after a new one %+v", before, after)
	}
	want(t, "SetPasswordHash after a change", users.SetPasswordHash(ctx, u.ID, u.PasswordHash, "x", f.clock.Now()), storage.ErrConflict)
}

func (f fixture) testSessions(t *testing.T) {
	ctx, sessions := t.Context(), f.s.Sessions()
	u := f.user(t)
	s := f.session(t, u)
	got, err := sessions.BySecret(ctx, []string{"p0.none", s.SecretHash}, f.clock.Now())
	want(t, "BySecret", err, nil)
	equal(t, "session", got.Session, *s)
	equal(t, "person of the session", got.User, *u)

	// A sign-in that began under another password, or of somebody disabled since, ends in no session.
	late := *s
	late.SID, late.SecretHash = f.id(t), "p1.late"
	err = f.s.Sessions().Create(t.Context(), &late, storage.SessionStart{PasswordEpoch: firstEpoch - 1}, f.event(t, storage.EventSignIn))
	want(t, "Create under an old password", err, storage.ErrConflict)
	_, err = sessions.BySecret(ctx, []string{"p1.other"}, f.clock.Now())
	want(t, "BySecret of another", err, storage.ErrNotFound)
	later := s.IdleExpiresAt
	_, err = sessions.BySecret(ctx, []string{s.SecretHash}, later)
	want(t, "BySecret when idle too long", err, storage.ErrNotFound)
	want(t, "Touch", sessions.Touch(ctx, s.SID, f.clock.Now(), later.Add(time.Hour)), nil)
	_, err = sessions.BySecret(ctx, []string{s.SecretHash}, later)
	want(t, "BySecret after Touch", err, nil)
	_, err = sessions.BySecret(ctx, []string{s.SecretHash}, s.ExpiresAt)
	want(t, "BySecret at the absolute end", err, storage.ErrNotFound)

	online, offline := f.newGrant(t, u, s.SID), f.newGrant(t, u, s.SID)
	online.Offline = false
	for _, g := range []*storage.Grant{online, offline} {
		want(t, "Create grant", f.createGrant(ctx, g, f.event(t, storage.EventGrantIssued)), nil)
	}
	want(t, "End", sessions.End(ctx, s.SID, f.clock.Now(), f.event(t, storage.EventSignOut)), nil)
	want(t, "End twice", sessions.End(ctx, s.SID, f.clock.Now(), f.event(t, storage.EventSignOut)), storage.ErrNotFound)
	_, err = f.s.AccessTokens().Check(ctx, online.ID, "jti", f.clock.Now())
	want(t, "SE5: Check of a grant whose session ended", err, storage.ErrNotFound)
	_, err = f.s.AccessTokens().Check(ctx, offline.ID, "jti", f.clock.Now())
	want(t, "Check of an offline grant whose session ended", err, nil)
}

func (f fixture) testSessionReplaced(t *testing.T) {
	ctx := t.Context()
	u := f.user(t)
	old := f.session(t, u)
	g := f.newGrant(t, u, old.SID)
	g.Offline = false
	want(t, "Create grant", f.createGrant(ctx, g, f.event(t, storage.EventGrantIssued)), nil)
	f.session(t, u, old.SecretHash)
	_, err := f.s.Sessions().BySecret(ctx, []string{old.SecretHash}, f.clock.Now())
	want(t, "BySecret of a replaced session", err, storage.ErrNotFound)
	_, err = f.s.AccessTokens().Check(ctx, g.ID, "jti", f.clock.Now())
	want(t, "Check of a grant of a replaced session", err, storage.ErrNotFound)
}

// testSessionRenewed shows that a step-up keeps the name of its session and what
// was granted in it, and brings no session back that was ended meanwhile.
func (f fixture) testSessionRenewed(t *testing.T) {
	ctx, u := t.Context(), f.user(t)
	old := f.session(t, u)
	g := f.newGrant(t, u, old.SID)
	g.Offline = false
	want(t, "Create grant", f.createGrant(ctx, g, f.event(t, storage.EventGrantIssued)), nil)
	stepUp := *old
	stepUp.SecretHash = "p1.stepped." + string(old.SID)
	renews := storage.SessionStart{PasswordEpoch: firstEpoch, Replaces: []string{old.SecretHash}, Renews: true}
	want(t, "Create", f.s.Sessions().Create(ctx, &stepUp, renews, f.event(t, storage.EventSignIn)), nil)
	_, err := f.s.AccessTokens().Check(ctx, g.ID, "jti", f.clock.Now())
	want(t, "Check of a grant of a session that was renewed", err, nil)

	ended := f.event(t, storage.EventSessionsEnded)
	want(t, "EndAll", f.s.Sessions().EndAll(ctx, u.ID, "", f.clock.Now(), false, ended), nil)
	again := stepUp
	again.SecretHash = "p1.again." + string(old.SID)
	renews.Replaces = []string{stepUp.SecretHash}
	err = f.s.Sessions().Create(ctx, &again, renews, f.event(t, storage.EventSignIn))
	want(t, "Create on top of a session that was ended", err, storage.ErrConflict)
	_, err = f.s.Sessions().BySecret(ctx, []string{again.SecretHash}, f.clock.Now())
	want(t, "BySecret", err, storage.ErrNotFound)
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

func (f fixture) testSigningKeys(t *testing.T) {
	ctx, keys, now := t.Context(), f.s.SigningKeys(), f.clock.Now()
	k := storage.SigningKey{
		ID: "kid-1", Alg: "ES256", Slot: 1, Public: []byte(`{"kty":"EC"}`), Sealed: "v1.k.n.c", CreatedAt: now, SignsFrom: now,
	}
	want(t, "Insert", keys.Insert(ctx, k, f.event(t, storage.EventSigningKeyRotated)), nil)
	rival := k
	rival.ID = "kid-2"
	want(t, "KY2: Insert into a taken slot", keys.Insert(ctx, rival, f.event(t, storage.EventSigningKeyRotated)), storage.ErrConflict)
	until, expires := now.Add(time.Hour), now.Add(2*time.Hour)
	want(t, "Retire", keys.Retire(ctx, k.ID, until, expires), nil)
	want(t, "Retire again", keys.Retire(ctx, k.ID, until.Add(time.Hour), expires.Add(time.Hour)), nil)
	k.SignsUntil, k.ExpiresAt = until, expires
	got, err := keys.List(ctx)
	want(t, "List", err, nil)
	equal(t, "keys", got, []storage.SigningKey{k})
	want(t, "Expire of what is published", keys.Expire(ctx, expires.Add(-time.Second), now), nil)
	equal(t, "keys", f.signingKeys(t), []storage.SigningKey{k})
	want(t, "Expire of what verifies hints", keys.Expire(ctx, expires, now), nil)
	k.Sealed = ""
	equal(t, "keys", f.signingKeys(t), []storage.SigningKey{k})
	want(t, "Expire", keys.Expire(ctx, expires, expires), nil)
	equal(t, "keys", len(f.signingKeys(t)), 0)
}

func (f fixture) signingKeys(t *testing.T) []storage.SigningKey {
	t.Helper()
	got, err := f.s.SigningKeys().List(t.Context())
	want(t, "List", err, nil)
	return got
}

func (f fixture) testRevokedSigningKeys(t *testing.T) {
	ctx, keys, now := t.Context(), f.s.SigningKeys(), f.clock.Now()
	revoked := func() storage.Event { return f.event(t, storage.EventSigningKeyRevoked) }
	key := func(id string, slot int, from, until time.Time) storage.SigningKey {
		k := storage.SigningKey{
			ID: id, Alg: "EdDSA", Slot: slot, Public: []byte(`{"kty":"OKP"}`), Sealed: "v1.k.n.c", CreatedAt: now, SignsFrom: from, SignsUntil: until,
		}
		if !until.IsZero() {
			k.ExpiresAt = until.Add(time.Hour)
		}
		return k
	}
	none := time.Time{}
	soon := now.Add(time.Hour)
	for _, k := range []storage.SigningKey{key("a", 1, now, soon), key("b", 2, soon, none)} {
		want(t, "Insert", keys.Insert(ctx, k, f.event(t, storage.EventSigningKeyRotated)), nil)
	}
	want(t, "KY6: Revoke of nothing", keys.Revoke(ctx, "z", nil, now, revoked()), storage.ErrNotFound)
	next := key("b", 2, now, none)
	want(t, "KY6: Revoke of the one that signs", keys.Revoke(ctx, "a", &next, now, revoked()), nil)
	equal(t, "keys", f.signingKeys(t), []storage.SigningKey{next})
	made := key("c", 3, now, none)
	want(t, "KY6: Revoke with a new successor", keys.Revoke(ctx, "b", &made, now, revoked()), nil)
	equal(t, "keys", f.signingKeys(t), []storage.SigningKey{made})

	waiting := key("d", 4, soon, none)
	want(t, "Insert", keys.Insert(ctx, waiting, f.event(t, storage.EventSigningKeyRotated)), nil)
	want(t, "Retire", keys.Retire(ctx, "c", soon, soon.Add(time.Hour)), nil)
	want(t, "KY6: Revoke of one that waits", keys.Revoke(ctx, "d", nil, now, revoked()), nil)
	equal(t, "KY6: its predecessor goes on", f.signingKeys(t), []storage.SigningKey{made})
	want(t, "Revoke", keys.Revoke(ctx, "c", nil, now, revoked()), nil)
}

func (f fixture) testEvents(t *testing.T) {
	f.clock.Advance(time.Minute)
	e := f.event(t, storage.EventRefreshReuse)
	e.UserID, e.GrantID, e.SID, e.Detail = f.id(t), "g", "s", "why"
	want(t, "Append", f.s.Events().Append(t.Context(), e), nil)
	got, err := f.s.Events().List(t.Context(), storage.EventFilter{Limit: 1})
	want(t, "List", err, nil)
	equal(t, "newest event", got, []storage.Event{e})
	all, err := f.s.Events().List(t.Context(), storage.EventFilter{Limit: 1000})
	want(t, "List", err, nil)
	if !slices.ContainsFunc(all, func(e storage.Event) bool { return e.Type == storage.EventGrantIssued }) {
		t.Error("no event came with a grant")
	}
	for name, filter := range map[string]storage.EventFilter{
		"person": {UserID: e.UserID}, "type": {Type: e.Type, Since: e.At}, "since": {Since: e.At},
		"span": {Since: e.At, Until: e.At.Add(time.Second)},
	} {
		filter.Limit = 10
		got, err := f.s.Events().List(t.Context(), filter)
		want(t, "List by "+name, err, nil)
		equal(t, "events by "+name, got, []storage.Event{e})
	}
	got, err = f.s.Events().List(t.Context(), storage.EventFilter{Until: e.At, UserID: e.UserID, Limit: 10})
	want(t, "List until", err, nil)
	equal(t, "events until", len(got), 0)
	got, err = f.s.Events().ListByUser(t.Context(), e.UserID, 10)
	want(t, "ListByUser", err, nil)
	equal(t, "events of a person", len(got), 1)
}

func (f fixture) testSweep(t *testing.T) {
	ctx := t.Context()
	before, err := f.s.Sweep(ctx, f.clock.Now())
	want(t, "Sweep", err, nil)
	if before["revoked_access_tokens"] == 0 {
		t.Errorf("Sweep left revoked access tokens alone: %v", before)
	}
	kept := f.grant(t, func(g *storage.Grant) { g.ExpiresAt = g.ExpiresAt.Add(1000 * time.Hour) })
	u := f.user(t)
	f.session(t, u)
	f.grant(t)
	f.device(t, u)
	f.invitation(t, "never@example.com")
	sent, queued := f.message(t), f.message(t)
	want(t, "Add", f.s.Outbox().Add(ctx, nil, sent, queued), nil)
	want(t, "Sent", f.s.Outbox().Finish(ctx, sent.ID, f.ended(storage.DeliverySent), nil), nil)
	for _, kind := range []storage.FactorKind{storage.FactorTOTP, storage.FactorSMS} {
		_, err := f.s.Lockouts().Attempt(ctx, u.ID, kind, f.clock.Now(), storage.Backoff{Free: 5}, 0)
		want(t, "Attempt", err, nil)
	}
	want(t, "Succeeded", f.s.Lockouts().Succeeded(ctx, u.ID, storage.FactorSMS, f.clock.Now()), nil)
	_, err = f.s.Jobs().Claim(ctx, "sweep", 0, f.clock.Now())
	want(t, "Claim", err, nil)
	for _, step := range []struct {
		after time.Duration
		swept []string
	}{
		{100 * time.Hour, []string{"sessions", "grants", "trusted_devices", "lockouts"}},
		{31 * 24 * time.Hour, []string{"invitations", "deliveries", "jobs"}},
	} {
		f.clock.Advance(step.after)
		swept, err := f.s.Sweep(ctx, f.clock.Now())
		want(t, "Sweep", err, nil)
		for table, n := range swept {
			if (n > 0) != slices.Contains(step.swept, table) && table != "ephemeral" {
				t.Errorf("after %s: Sweep took %d rows of %s", step.after, n, table)
			}
		}
	}
	left, err := f.s.Outbox().List(ctx, "", "", 1000)
	want(t, "List", err, nil)
	if len(left) != 1 || left[0].ID != queued.ID {
		t.Errorf("left in the outbox = %v", left)
	}
	locked, err := f.s.Lockouts().ListByUser(ctx, u.ID)
	want(t, "ListByUser", err, nil)
	if len(locked) != 1 || locked[0].Kind != storage.FactorTOTP {
		t.Errorf("left lockouts = %v", locked)
	}
	_, err = f.s.Grants().ByID(ctx, kept.ID)
	want(t, "ByID of a grant that lives", err, nil)
}
