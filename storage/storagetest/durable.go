package storagetest

import (
	"crypto/rand"
	"errors"
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
