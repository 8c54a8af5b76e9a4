package storagetest

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

func (f fixture) testAccounts(t *testing.T) {
	t.Run("password change", f.testPasswordChange)
	t.Run("one password change of an epoch", f.testOnePasswordChange)
	t.Run("TestFE3_what was allowed under another password", f.testOtherPassword)
	t.Run("TestFE2_recovery", f.testRecovery)
	t.Run("email change", f.testEmailChange)
	t.Run("phone, profile and roles", f.testProfile)
	t.Run("TestSE5_disabling ends everything", f.testDisable)
	t.Run("a lockdown shuts every door", f.testLockdown)
	t.Run("TestFE2_what lifts a lockdown", f.testLockdownEnds)
	t.Run("TestRS1_a raised epoch ends everything", f.testEpochRaised)
	t.Run("deletion", f.testDeletion)
	t.Run("one deletion of a person", f.testOneDeletion)
	t.Run("invitations", f.testInvitations)
	t.Run("one account for an invitation", f.testOneInvited)
	t.Run("import of all or none", f.testImport)
	t.Run("sessions of an account", f.testAccountSessions)
	t.Run("applications of an account", f.testApplications)
}

// signedIn is a person with two sessions, and of each an online and an offline grant.
type signedIn struct {
	*storage.User
	kept, other                                        *storage.Session
	keptOnline, keptOffline, otherOnline, otherOffline *storage.Grant
}

func (f fixture) signedIn(t *testing.T) signedIn {
	t.Helper()
	return f.signedInAs(t, f.user(t))
}

func (f fixture) signedInAs(t *testing.T, u *storage.User) signedIn {
	t.Helper()
	s := signedIn{User: u, kept: f.session(t, u), other: f.session(t, u)}
	for _, g := range []struct {
		to      **storage.Grant
		sid     storage.ID
		offline bool
	}{
		{&s.keptOnline, s.kept.SID, false}, {&s.keptOffline, s.kept.SID, true},
		{&s.otherOnline, s.other.SID, false}, {&s.otherOffline, s.other.SID, true},
	} {
		*g.to = f.newGrant(t, u, g.sid)
		(*g.to).Offline = g.offline
		want(t, "Create grant", f.createGrant(t.Context(), *g.to, f.event(t, storage.EventGrantIssued)), nil)
	}
	return s
}

// alive says whether the two sessions and the four grants work.
func (f fixture) alive(t *testing.T, what string, s signedIn, kept, other, keptOnline, keptOffline, otherOnline, otherOffline bool) {
	t.Helper()
	for session, want := range map[*storage.Session]bool{s.kept: kept, s.other: other} {
		_, err := f.s.Sessions().BySecret(t.Context(), []string{session.SecretHash}, f.clock.Now())
		equal(t, what+": session works", err == nil, want)
	}
	for i, want := range []bool{keptOnline, keptOffline, otherOnline, otherOffline} {
		g := []*storage.Grant{s.keptOnline, s.keptOffline, s.otherOnline, s.otherOffline}[i]
		_, err := f.s.AccessTokens().Check(t.Context(), g.ID, "jti", f.clock.Now())
		if (err == nil) != want {
			t.Errorf("%s: grant %d works: %v, want %v", what, i, err == nil, want)
		}
	}
}

// told reports whether the event was written, and the message with it.
func (f fixture) told(t *testing.T, e storage.Event, m storage.Message) bool {
	t.Helper()
	events, err := f.s.Events().List(t.Context(), storage.EventFilter{Limit: 1000})
	want(t, "List events", err, nil)
	queued, err := f.s.Outbox().List(t.Context(), "", storage.DeliveryQueued, 1000)
	want(t, "List messages", err, nil)
	written := slices.ContainsFunc(events, func(o storage.Event) bool { return o.ID == e.ID })
	if sent := slices.ContainsFunc(queued, func(o storage.Message) bool { return o.ID == m.ID }); sent != written {
		t.Errorf("event %s was written: %v, message: %v", e.Type, written, sent)
	}
	for _, m := range queued {
		want(t, "Finish", f.s.Outbox().Finish(t.Context(), m.ID, f.ended(storage.DeliverySkipped), nil), nil)
	}
	return written
}

func (f fixture) testPasswordChange(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	for _, offline := range []bool{false, true} {
		s := f.signedIn(t)
		f.clock.Advance(time.Minute)
		e, m := f.event(t, storage.EventPasswordChanged), f.message(t)
		c := storage.PasswordChange{
			UserID: s.ID, Epoch: 3, Hash: "$argon2id$new", Now: f.clock.Now(), KeepSID: s.kept.SID, EndOffline: offline,
			KeepSecretHash: "p1." + rand.Text(),
		}
		want(t, "ChangePassword", users.ChangePassword(ctx, c, e, m), nil)
		_, err := f.s.Sessions().BySecret(ctx, []string{s.kept.SecretHash}, f.clock.Now())
		want(t, "SE1: BySecret with the old secret", err, storage.ErrNotFound)
		s.kept.SecretHash = c.KeepSecretHash
		f.alive(t, "after a change", s, true, false, true, !offline, false, !offline)
		equal(t, "told", f.told(t, e, m), true)
		u, err := users.ByID(ctx, s.ID)
		want(t, "ByID", err, nil)
		s.PasswordHash, s.PasswordEpoch, s.PasswordChangedAt, s.UpdatedAt = c.Hash, 4, c.Now, c.Now
		equal(t, "person", u, s.User)

		e, m = f.event(t, storage.EventPasswordChanged), f.message(t)
		want(t, "OT2: ChangePassword under an old epoch", users.ChangePassword(ctx, c, e, m), storage.ErrConflict)
		equal(t, "told of nothing", f.told(t, e, m), false)
		f.alive(t, "after a refused change", s, true, false, true, !offline, false, !offline)
		c.Epoch, c.KeepSID, c.KeepSecretHash, c.EndOffline = 4, "", "", true
		want(t, "ChangePassword by a reset", users.ChangePassword(ctx, c, f.event(t, storage.EventPasswordChanged)), nil)
		f.alive(t, "RE2: after a reset", s, false, false, false, false, false, false)
	}
}

func (f fixture) testOnePasswordChange(t *testing.T) {
	u := f.user(t)
	won := race(t, func(ctx context.Context) error {
		return f.s.Users().ChangePassword(ctx, storage.PasswordChange{
			UserID: u.ID, Epoch: u.PasswordEpoch, Hash: rand.Text(), Now: f.clock.Now(),
		}, f.event(t, storage.EventPasswordChanged))
	}, storage.ErrConflict)
	if won != 1 {
		t.Fatalf("%d password changes under one epoch", won)
	}
}

func (f fixture) testEmailChange(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	other := f.user(t)
	u := f.user(t, func(u *storage.User) { u.EmailVerified = false })
	event := func() storage.Event { return f.event(t, storage.EventEmailChanged) }
	want(t, "VerifyEmail of another address", users.VerifyEmail(ctx, u.ID, other.Email, f.clock.Now(), event()), storage.ErrConflict)
	want(t, "VerifyEmail", users.VerifyEmail(ctx, u.ID, ident.Canonical(u.Email), f.clock.Now(), event()), nil)
	got, err := users.ByID(ctx, u.ID)
	want(t, "ByID", err, nil)
	equal(t, "verified", got.EmailVerified, true)

	change := storage.EmailChange{UserID: u.ID, PasswordEpoch: u.PasswordEpoch, From: u.Email, To: "New." + u.Email, Verified: true, Now: f.clock.Now()}
	taken := change
	taken.To = ident.Canonical(other.Email)
	want(t, "ChangeEmail to another's", users.ChangeEmail(ctx, taken, event()), storage.ErrConflict)
	e, m := event(), f.message(t)
	want(t, "ChangeEmail", users.ChangeEmail(ctx, change, e, m), nil)
	equal(t, "told", f.told(t, e, m), true)
	want(t, "ChangeEmail from an old address", users.ChangeEmail(ctx, change, event()), storage.ErrConflict)
	want(t, "VerifyEmail of an old address", users.VerifyEmail(ctx, u.ID, u.Email, f.clock.Now(), event()), storage.ErrConflict)
	got, err = users.ByIdentifier(ctx, change.To)
	want(t, "ByIdentifier", err, nil)
	equal(t, "address", []any{got.ID, got.Email, got.EmailVerified}, []any{u.ID, change.To, true})

	change = storage.EmailChange{UserID: u.ID, PasswordEpoch: got.PasswordEpoch + 1, From: change.To, To: "newer." + u.Email, Now: f.clock.Now()}
	want(t, "ChangeEmail asked for under another password", users.ChangeEmail(ctx, change, event()), storage.ErrConflict)

	none := f.user(t, func(u *storage.User) { u.Email, u.EmailVerified = "", false })
	change = storage.EmailChange{UserID: none.ID, PasswordEpoch: none.PasswordEpoch, To: "first." + u.Email, Now: f.clock.Now()}
	want(t, "ChangeEmail from none", users.ChangeEmail(ctx, change, event()), nil)
	want(t, "ChangeEmail from none again", users.ChangeEmail(ctx, change, event()), storage.ErrConflict)
}

func (f fixture) testProfile(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	other, u := f.user(t), f.user(t)
	f.clock.Advance(time.Second)
	now := f.clock.Now()
	event := func() storage.Event { return f.event(t, storage.EventProfileChanged) }
	want(t, "ChangePhone", users.ChangePhone(ctx, storage.PhoneChange{UserID: u.ID, PasswordEpoch: u.PasswordEpoch, Phone: "+4930", Verified: true, Now: now}, event()), nil)
	want(t, "SetRoles", users.SetRoles(ctx, u.ID, []string{"auditor"}, now, event()), nil)
	want(t, "StartEnrollmentGrace", users.StartEnrollmentGrace(ctx, u.ID, now), nil)
	want(t, "StartEnrollmentGrace later", users.StartEnrollmentGrace(ctx, u.ID, now.Add(time.Hour)), nil)
	profile := storage.Profile{Name: "Countess", Locale: "en"}
	want(t, "UpdateProfile to a username of another", users.UpdateProfile(ctx, profileOf(u, profile, other.Username, now), event()), storage.ErrConflict)
	want(t, "UpdateProfile", users.UpdateProfile(ctx, profileOf(u, profile, "Countess"+u.Username, now), event()), nil)
	got, err := users.ByIdentifier(ctx, "countess"+u.Username)
	want(t, "ByIdentifier", err, nil)
	u.Phone, u.PhoneVerified, u.PhoneChangedAt, u.Roles, u.FactorAskedAt = "+4930", true, now, []string{"auditor"}, now
	u.Profile, u.Username, u.UpdatedAt = profile, "Countess"+u.Username, now
	equal(t, "person", got, u)
	for _, who := range []*storage.User{u, other} { // several people have no username
		want(t, "UpdateProfile to no username", users.UpdateProfile(ctx, profileOf(who, profile, "", now), event()), nil)
	}
	want(t, "ChangePhone of nobody", users.ChangePhone(ctx, storage.PhoneChange{UserID: "nobody", Now: now}, event()), storage.ErrNotFound)
	want(t, "UpdateProfile of nobody", users.UpdateProfile(ctx, profileOf(&storage.User{ID: "nobody"}, profile, "", now), event()), storage.ErrNotFound)

	people, err := users.List(ctx, "", 1000)
	want(t, "List", err, nil)
	i := slices.IndexFunc(people, func(p storage.User) bool { return p.ID == u.ID })
	rest, err := users.List(ctx, people[i-1].ID, 1)
	want(t, "List after one", err, nil)
	if len(rest) != 1 || rest[0].ID != u.ID {
		t.Errorf("after the person before = %v, want %s", rest, u.ID)
	}
}

// profileOf is a change of profile and planOf a deletion that was allowed to the person.
func profileOf(u *storage.User, p storage.Profile, username string, now time.Time) storage.ProfileChange {
	return storage.ProfileChange{UserID: u.ID, PasswordEpoch: u.PasswordEpoch, Profile: p, Username: username, Now: now}
}

func planOf(u *storage.User, at time.Time) storage.DeletionPlan {
	return storage.DeletionPlan{UserID: u.ID, PasswordEpoch: u.PasswordEpoch, At: at}
}

func (f fixture) testDisable(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	s := f.signedIn(t)
	event := func() storage.Event { return f.event(t, storage.EventUserDisabled) }
	want(t, "Enable of an enabled person", users.Enable(ctx, s.ID, f.clock.Now(), event()), storage.ErrNotFound)
	want(t, "Disable", users.Disable(ctx, s.ID, f.clock.Now(), event()), nil)
	want(t, "Disable twice", users.Disable(ctx, s.ID, f.clock.Now(), event()), storage.ErrNotFound)
	want(t, "Enable", users.Enable(ctx, s.ID, f.clock.Now(), event()), nil)
	f.alive(t, "after Disable and Enable", s, false, false, false, false, false, false)
	u, err := users.ByID(ctx, s.ID)
	want(t, "ByID", err, nil)
	equal(t, "disabled", u.Disabled(), false)
}

func (f fixture) testDeletion(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	s := f.signedIn(t)
	want(t, "Put consent", f.s.Consents().Put(ctx, s.ID, "wiki", []string{"openid"}, f.clock.Now(), f.event(t, storage.EventConsentGranted)), nil)
	trace := f.event(t, storage.EventSignIn)
	trace.UserID = s.ID
	want(t, "Append", f.s.Events().Append(ctx, trace), nil)
	event := func() storage.Event { return f.event(t, storage.EventDeletionPlanned) }
	at := f.clock.Now().Add(24 * time.Hour)
	want(t, "CancelDeletion of none", users.CancelDeletion(ctx, s.ID, f.clock.Now(), event()), storage.ErrNotFound)
	want(t, "PlanDeletion", users.PlanDeletion(ctx, planOf(s.User, at), event()), nil)
	want(t, "PlanDeletion twice", users.PlanDeletion(ctx, planOf(s.User, at), event()), storage.ErrConflict)
	f.alive(t, "SE5: while it is planned", s, false, false, false, false, false, false)
	want(t, "CancelDeletion when it is due", users.CancelDeletion(ctx, s.ID, at, event()), storage.ErrNotFound)
	want(t, "CancelDeletion", users.CancelDeletion(ctx, s.ID, f.clock.Now(), event()), nil)
	want(t, "PlanDeletion again", users.PlanDeletion(ctx, planOf(s.User, at), event()), nil)

	e, m := f.event(t, storage.EventUserDeleted), f.message(t)
	farewell := func(storage.User) (storage.Event, []storage.Message, error) { return e, []storage.Message{m}, nil }
	gone, err := users.DeleteDue(ctx, at.Add(-time.Second), 10, farewell)
	want(t, "DeleteDue too early", err, nil)
	equal(t, "deleted", len(gone), 0)
	gone, err = users.DeleteDue(ctx, at, 10, farewell)
	want(t, "DeleteDue", err, nil)
	if len(gone) != 1 || gone[0].ID != s.ID || gone[0].Email != s.Email {
		t.Fatalf("deleted = %+v", gone)
	}
	equal(t, "told", f.told(t, e, m), true)
	_, err = users.ByID(ctx, s.ID)
	want(t, "ByID", err, storage.ErrNotFound)
	f.alive(t, "RF5: after deletion", s, false, false, false, false, false, false)
	_, err = f.s.Grants().Rotate(ctx, f.rotation(s.keptOffline))
	want(t, "RF5: Rotate", err, storage.ErrNotFound)
	_, err = f.s.Consents().Get(ctx, s.ID, "wiki")
	want(t, "Get consent", err, storage.ErrNotFound)
	events, err := f.s.Events().List(ctx, storage.EventFilter{Limit: 1000})
	want(t, "List events", err, nil)
	i := slices.IndexFunc(events, func(o storage.Event) bool { return o.ID == trace.ID })
	if i < 0 {
		t.Fatal("the audit was not kept")
	}
	trace.Address, trace.UserAgent = "", ""
	equal(t, "what is left of their events", events[i], trace)
	again := f.user(t, func(u *storage.User) { u.Email, u.Username = s.Email, s.Username })
	if again.ID == s.ID {
		t.Error("an id was given to another person")
	}
}

func (f fixture) testOneDeletion(t *testing.T) {
	const people = 5
	due := f.clock.Now()
	for range people {
		u := f.user(t)
		want(t, "PlanDeletion", f.s.Users().PlanDeletion(t.Context(), planOf(u, due), f.event(t, storage.EventDeletionPlanned)), nil)
	}
	deleted := make(chan storage.ID, parallel*people)
	race(t, func(ctx context.Context) error {
		gone, err := f.s.Users().DeleteDue(ctx, due, 2, func(storage.User) (storage.Event, []storage.Message, error) {
			return f.event(t, storage.EventUserDeleted), nil, nil
		})
		for _, u := range gone {
			deleted <- u.ID
		}
		return err
	}, nil)
	if len(deleted) != people {
		t.Errorf("%d people were deleted %d times", people, len(deleted))
	}
}

func (f fixture) testAccountSessions(t *testing.T) {
	ctx, sessions := t.Context(), f.s.Sessions()
	s, stranger := f.signedIn(t), f.signedIn(t)
	event := func() storage.Event { return f.event(t, storage.EventSessionEnded) }
	f.clock.Advance(time.Second)
	want(t, "Touch", sessions.Touch(ctx, s.kept.SID, f.clock.Now(), s.kept.IdleExpiresAt.Add(time.Hour)), nil)
	got, err := sessions.ListByUser(ctx, s.ID, f.clock.Now())
	want(t, "ListByUser", err, nil)
	equal(t, "sessions", got, []storage.AccountSession{
		{SID: s.kept.SID, CreatedAt: s.kept.CreatedAt, LastSeenAt: f.clock.Now(), UserAgent: "Test/1", Address: "192.0.2.1"},
		{SID: s.other.SID, CreatedAt: s.other.CreatedAt, LastSeenAt: s.other.LastSeenAt, UserAgent: "Test/1", Address: "192.0.2.1"},
	})
	got, err = sessions.ListByUser(ctx, s.ID, s.other.IdleExpiresAt)
	want(t, "ListByUser", err, nil)
	equal(t, "sessions when one has expired", len(got), 1)

	want(t, "EndOf another's", sessions.EndOf(ctx, stranger.ID, s.other.SID, f.clock.Now(), event()), storage.ErrNotFound)
	want(t, "EndOf", sessions.EndOf(ctx, s.ID, s.other.SID, f.clock.Now(), event()), nil)
	want(t, "EndOf twice", sessions.EndOf(ctx, s.ID, s.other.SID, f.clock.Now(), event()), storage.ErrNotFound)
	f.alive(t, "SE5: after EndOf", s, true, false, true, true, false, true)

	s = f.signedIn(t)
	want(t, "EndAll but one", sessions.EndAll(ctx, s.ID, s.kept.SID, f.clock.Now(), false, event()), nil)
	f.alive(t, "after EndAll but one", s, true, false, true, true, false, true)
	want(t, "EndAll", sessions.EndAll(ctx, s.ID, "", f.clock.Now(), false, event()), nil)
	f.alive(t, "after EndAll", s, false, false, false, true, false, true)
	want(t, "EndAll with grants", sessions.EndAll(ctx, s.ID, "", f.clock.Now(), true, event()), nil)
	f.alive(t, "after EndAll with grants", s, false, false, false, false, false, false)
	f.alive(t, "of another person", stranger, true, true, true, true, true, true)
}

func (f fixture) testApplications(t *testing.T) {
	ctx, grants := t.Context(), f.s.Grants()
	began := f.clock.Now()
	s := f.signedIn(t)
	chat := f.newGrant(t, s.User, s.kept.SID)
	chat.ClientID, chat.Offline = "chat", false
	want(t, "Create grant", f.createGrant(ctx, chat, f.event(t, storage.EventGrantIssued)), nil)
	f.clock.Advance(time.Second)
	for client, scopes := range map[string][]string{"wiki": {"email"}, "asked": {"openid"}} {
		want(t, "Put consent", f.s.Consents().Put(ctx, s.ID, client, scopes, f.clock.Now(), f.event(t, storage.EventConsentGranted)), nil)
	}
	_, err := grants.Rotate(ctx, f.rotation(s.keptOffline))
	want(t, "Rotate", err, nil)
	wiki := storage.AccountApplication{
		ClientID: "wiki", Scopes: []string{"email", "offline_access", "openid"}, Offline: true, GrantedAt: began, UsedAt: f.clock.Now(),
	}
	asked := storage.AccountApplication{ClientID: "asked", Scopes: []string{"openid"}, GrantedAt: f.clock.Now()}
	got, err := grants.ApplicationsOf(ctx, s.ID, f.clock.Now())
	want(t, "ApplicationsOf", err, nil)
	equal(t, "applications", got, []storage.AccountApplication{
		wiki, {ClientID: "chat", Scopes: []string{"offline_access", "openid"}, GrantedAt: began, UsedAt: began}, asked,
	})
	consents, err := f.s.Consents().ListByUser(ctx, s.ID)
	want(t, "ListByUser consents", err, nil)
	equal(t, "consents", consents, []storage.Consent{
		{ClientID: "asked", Scopes: []string{"openid"}, UpdatedAt: f.clock.Now()}, {ClientID: "wiki", Scopes: []string{"email"}, UpdatedAt: f.clock.Now()},
	})
	kept, err := grants.ListByUser(ctx, s.ID)
	want(t, "ListByUser grants", err, nil)
	equal(t, "grants", len(kept), 5)
	event := func() storage.Event { return f.event(t, storage.EventApplicationRevoked) }
	want(t, "RevokeClient", grants.RevokeClient(ctx, s.ID, "wiki", f.clock.Now(), storage.RevokedByUser, event()), nil)
	want(t, "RevokeClient twice", grants.RevokeClient(ctx, s.ID, "wiki", f.clock.Now(), storage.RevokedByUser, event()), storage.ErrNotFound)
	f.alive(t, "after RevokeClient", s, true, true, false, false, false, false)
	_, err = f.s.AccessTokens().Check(ctx, chat.ID, "jti", f.clock.Now())
	want(t, "Check of another client", err, nil)
	got, err = grants.ApplicationsOf(ctx, s.ID, chat.IdleExpiresAt)
	want(t, "ApplicationsOf", err, nil)
	equal(t, "applications after idling", got, []storage.AccountApplication{asked})
}
