package storagetest

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func (f fixture) invitation(t *testing.T, email string) *storage.Invitation {
	t.Helper()
	now := f.clock.Now()
	inv := &storage.Invitation{ID: f.id(t), TokenHash: "p1." + rand.Text(), Email: email, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	want(t, "Create invitation", f.s.Invitations().Create(t.Context(), inv, f.event(t, storage.EventInvitationCreated)), nil)
	return inv
}

func (f fixture) invited(t *testing.T, email string) *storage.User {
	now := f.clock.Now()
	return &storage.User{ID: f.id(t), Email: email, CreatedAt: now, UpdatedAt: now}
}

func (f fixture) testInvitations(t *testing.T) {
	ctx, invitations := t.Context(), f.s.Invitations()
	inv := f.invitation(t, "Grace@Example.com")
	got, err := invitations.Valid(ctx, []string{"p0.none", inv.TokenHash}, f.clock.Now())
	want(t, "Valid", err, nil)
	equal(t, "invitation", got, inv)
	_, err = invitations.Valid(ctx, []string{inv.TokenHash}, inv.ExpiresAt)
	want(t, "Valid when expired", err, storage.ErrNotFound)
	_, err = invitations.Valid(ctx, []string{"p1.other"}, f.clock.Now())
	want(t, "Valid of another", err, storage.ErrNotFound)

	create := func(u *storage.User) error {
		return f.s.Users().CreateInvited(ctx, u, inv.ID, f.event(t, storage.EventUserCreated))
	}
	want(t, "CreateInvited of another address", create(f.invited(t, "eve@example.com")), storage.ErrConsumed)
	late := f.invited(t, "grace@example.com")
	late.CreatedAt = inv.ExpiresAt
	want(t, "CreateInvited too late", create(late), storage.ErrConsumed)
	want(t, "CreateInvited", create(f.invited(t, "grace@example.com")), nil)
	want(t, "CreateInvited again", create(f.invited(t, "grace@example.com")), storage.ErrConsumed)
	_, err = invitations.Valid(ctx, []string{inv.TokenHash}, f.clock.Now())
	want(t, "Valid when used", err, storage.ErrNotFound)

	again := f.invitation(t, "grace@example.com")
	err = f.s.Users().CreateInvited(ctx, f.invited(t, "grace@example.com"), again.ID, f.event(t, storage.EventUserCreated))
	want(t, "CreateInvited of an address with an account", err, storage.ErrConflict)
	_, err = invitations.Valid(ctx, []string{again.TokenHash}, f.clock.Now())
	want(t, "Valid after a sign-up that failed", err, nil)

	third := f.invitation(t, "third@example.com")
	equal(t, "invitations", f.invitationsOf(t, 3), newestFirst(*third, *again, withUse(*inv, f.clock.Now())))
	revoke := func(id storage.ID, now time.Time) error {
		return invitations.Revoke(ctx, id, now, f.event(t, storage.EventInvitationRevoked))
	}
	want(t, "Revoke when used", revoke(inv.ID, f.clock.Now()), storage.ErrNotFound)
	want(t, "Revoke when expired", revoke(third.ID, third.ExpiresAt), storage.ErrNotFound)
	want(t, "Revoke", revoke(third.ID, f.clock.Now()), nil)
	want(t, "Revoke again", revoke(third.ID, f.clock.Now()), storage.ErrNotFound)
	_, err = invitations.Valid(ctx, []string{third.TokenHash}, f.clock.Now())
	want(t, "Valid when revoked", err, storage.ErrNotFound)
	equal(t, "invitations after one was revoked", f.invitationsOf(t, 2), newestFirst(*again, withUse(*inv, f.clock.Now())))
}

// newestFirst puts invitations in the order of their ids, which those of one moment have
// by chance.
func newestFirst(all ...storage.Invitation) []storage.Invitation {
	slices.SortFunc(all, func(a, b storage.Invitation) int { return strings.Compare(string(b.ID), string(a.ID)) })
	return all
}

func withUse(inv storage.Invitation, at time.Time) storage.Invitation {
	inv.UsedAt = at
	return inv
}

// invitationsOf reads the newest invitations, one to a page.
func (f fixture) invitationsOf(t *testing.T, n int) []storage.Invitation {
	t.Helper()
	var all []storage.Invitation
	before := storage.ID("")
	for len(all) < n {
		page, err := f.s.Invitations().List(t.Context(), before, 1)
		want(t, "List", err, nil)
		if len(page) != 1 {
			t.Fatalf("a page of %d invitations", len(page))
		}
		all, before = append(all, page...), page[0].ID
	}
	return all
}

func (f fixture) testOneInvited(t *testing.T) {
	inv := f.invitation(t, "many@example.com")
	won := race(t, func(ctx context.Context) error {
		return f.s.Users().CreateInvited(ctx, f.invited(t, "many@example.com"), inv.ID, f.event(t, storage.EventUserCreated))
	}, storage.ErrConsumed)
	if won != 1 {
		t.Fatalf("%d accounts for one invitation", won)
	}
}
