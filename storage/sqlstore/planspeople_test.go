package sqlstore_test

import (
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

func (c *planCalls) peopleCalls() map[string]func() error {
	ctx, users := c.t.Context(), c.s.Users()
	return map[string]func() error{
		"Users.Create": func() error { return users.Create(ctx, c.user(), c.event(), c.notice()) },
		"Users.CreateInvited": func() error {
			u := c.user()
			inv := &storage.Invitation{ID: c.id(), TokenHash: string(c.id()), Email: u.Email, CreatedAt: c.now, ExpiresAt: c.now.Add(time.Hour)}
			if err := c.s.Invitations().Create(ctx, inv, c.event()); err != nil {
				return err
			}
			return users.CreateInvited(ctx, u, inv.ID, c.event())
		},
		"Users.Import": func() error {
			u := c.user()
			u.Groups = []string{"g7"}
			return second(users.Import(ctx, storagetest.Imports(storage.ImportedUser{User: *u, Credentials: []storage.Credential{c.credential(u.ID)}, Event: c.event()})))
		},
		"Users.Taken": func() error { return second(users.Taken(ctx, []string{"u77@example.com", "nobody"})) },
		"Users.List":  func() error { return second(users.List(ctx, rowOf(c.row()), 50)) },
		"Users.Search": func() error {
			for _, f := range []storage.PeopleFilter{
				{}, {Prefix: "u77"}, {Prefix: "U7", After: "u77@example.com"}, {Role: "role7"}, {Role: "role7", After: string(rowOf(77))}, {Disabled: true}, {ByName: true}, {ByName: true, After: "u77@example.com"},
			} {
				f.Limit = 50
				if err := second(users.Search(ctx, f)); err != nil {
					return err
				}
			}
			return nil
		},
		"Users.ByID":         func() error { return second(users.ByID(ctx, rowOf(c.row()))) },
		"Users.ByIdentifier": func() error { return second(users.ByIdentifier(ctx, "u77@example.com")) },
		"Users.SampleForeignHashes": func() error {
			found, err := users.SampleForeignHashes(ctx, "$argon2id$", 100)
			if err == nil && (found.Foreign < loaded/1000 || len(found.Sample) != 100 || found.People < loaded-100) {
				c.t.Errorf("foreign hashes = %d of %d, %d in the sample", found.Foreign, found.People, len(found.Sample))
			}
			return err
		},
		"Users.SetPasswordHash": func() error {
			n := c.row()
			return users.SetPasswordHash(ctx, rowOf(n), fmt.Sprint("$argon2id$", n), "$argon2id$new", c.now)
		},
		"Users.PlanDeletion": func() error {
			return users.PlanDeletion(ctx, storage.DeletionPlan{UserID: rowOf(c.row()), At: c.now.Add(time.Hour)}, c.event())
		},
		"Users.CancelDeletion": func() error {
			id := rowOf(c.row())
			if err := users.PlanDeletion(ctx, storage.DeletionPlan{UserID: id, At: c.now.Add(time.Hour)}, c.event()); err != nil {
				return err
			}
			return users.CancelDeletion(ctx, id, c.now, c.event())
		},
		"Users.DeleteDue": func() error {
			return second(users.DeleteDue(ctx, c.now, 10, func(storage.User) (storage.Event, []storage.Message, error) {
				return c.event(), []storage.Message{c.notice()}, nil
			}))
		},
		"Invitations.Create": func() error {
			return c.s.Invitations().Create(ctx, &storage.Invitation{ID: c.id(), TokenHash: string(c.id()), CreatedAt: c.now, ExpiresAt: c.now}, c.event())
		},
		"Invitations.List": func() error {
			if err := second(c.s.Invitations().List(ctx, "", 50)); err != nil {
				return err
			}
			return second(c.s.Invitations().List(ctx, rowOf(77), 50))
		},
		"Invitations.Revoke": func() error {
			inv := &storage.Invitation{ID: c.id(), TokenHash: string(c.id()), CreatedAt: c.now, ExpiresAt: c.now.Add(time.Hour)}
			if err := c.s.Invitations().Create(ctx, inv, c.event()); err != nil {
				return err
			}
			return c.s.Invitations().Revoke(ctx, inv.ID, c.now, c.event())
		},
		"Invitations.Valid": func() error { return second(c.s.Invitations().Valid(ctx, []string{"t7", "t8"}, c.now)) },
	}
}

func (c *planCalls) groupCalls() map[string]func() error {
	ctx, groups, members := c.t.Context(), c.s.Groups(), c.s.Memberships()
	return map[string]func() error{
		"Groups.Create": func() error { return groups.Create(ctx, c.group(), c.event()) },
		"Groups.ByName": func() error { return second(groups.ByName(ctx, "g77")) },
		"Groups.ByID":   func() error { return second(groups.ByID(ctx, rowOf(77))) },
		"Groups.List":   func() error { return second(groups.List(ctx, fmt.Sprint("g", c.row()), 50)) },
		"Groups.Sizes":  func() error { return second(groups.Sizes(ctx, []storage.ID{rowOf(c.row()), rowOf(c.row())})) },
		"Groups.Update": func() error {
			g, err := groups.ByName(ctx, fmt.Sprint("g", c.row()))
			if err != nil {
				return err
			}
			g.Roles = append(g.Roles, "more")
			return groups.Update(ctx, g, c.now, c.event())
		},
		"Groups.Delete": func() error { return groups.Delete(ctx, rowOf(c.row()), time.Time{}, c.event()) },
		"Memberships.Add": func() error {
			return members.Add(ctx, storage.Membership{GroupID: rowOf(c.row()), UserID: rowOf(c.row()), Source: storage.SourceImport, AddedAt: c.now}, c.event())
		},
		"Memberships.Remove": func() error {
			id := rowOf(c.row())
			return members.Remove(ctx, storage.Membership{GroupID: id, UserID: id}, c.event())
		},
		"Groups.OfSource": func() error {
			return second(groups.OfSource(ctx, storage.SourcePage{Source: "scim:7", Limit: 50, Skip: 50}))
		},
		"Groups.CountOfSource": func() error { return second(groups.CountOfSource(ctx, "scim:7")) },
		"Groups.ByExternalID":  func() error { return second(groups.ByExternalID(ctx, "scim:7", "x77")) },
		"Groups.BySourceOf":    func() error { return second(groups.BySourceOf(ctx, "", rowOf(c.row()))) },
		"Groups.Edit": func() error {
			g, err := groups.ByName(ctx, fmt.Sprint("g", c.row()))
			if err != nil {
				return err
			}
			edit := storage.GroupEdit{Group: *g, Source: "scim:7", Add: []storage.ID{rowOf(c.row())}, Remove: []storage.ID{rowOf(c.row())}, Now: c.now}
			note := func(joined, left []storage.ID) ([]storage.Event, error) { return []storage.Event{c.event()}, nil }
			if err := groups.Edit(ctx, edit, note); err != nil {
				return err
			}
			again, err := groups.ByID(ctx, g.ID)
			if err != nil {
				return err
			}
			edit.Group, edit.Replace = *again, true
			return groups.Edit(ctx, edit, note)
		},
		"Memberships.BySource": func() error { return second(members.BySource(ctx, rowOf(c.row()), "", 50)) },
		"Memberships.Members":  func() error { return second(members.Members(ctx, rowOf(c.row()), "", 50)) },
		"Memberships.Of":       func() error { return second(members.Of(ctx, rowOf(c.row()))) },
	}
}

func (c *planCalls) accountCalls() map[string]func() error {
	ctx, users := c.t.Context(), c.s.Users()
	return map[string]func() error{
		"Users.RaiseEpoch": func() error {
			return second(users.RaiseEpoch(ctx, c.now, func(storage.Holdings) storage.Event { return c.event() }))
		},
		"Users.ChangePassword": func() error {
			id := rowOf(c.row())
			return users.ChangePassword(ctx, storage.PasswordChange{UserID: id, Hash: "x", Now: c.now, KeepSID: id, KeepSecretHash: "kept" + string(id), RemoveSince: c.now, Keep: storage.Kept{Factors: []storage.ID{id}}}, c.event())
		},
		"Users.VerifyEmail": func() error {
			n := c.row()
			return users.VerifyEmail(ctx, rowOf(n), fmt.Sprintf("u%d@example.com", n), c.now, c.event())
		},
		"Users.ChangeEmail": func() error {
			n := c.row()
			return users.ChangeEmail(ctx, storage.EmailChange{UserID: rowOf(n), From: fmt.Sprintf("u%d@example.com", n), To: string(c.id()) + "@example.com", Now: c.now}, c.event())
		},
		"Users.Recover": func() error {
			if err := users.Recover(ctx, storage.Recovery{UserID: rowOf(c.row()), Epoch: 0, Now: c.now}, c.event()); err != nil {
				return err
			}
			return users.Recover(ctx, storage.Recovery{UserID: rowOf(c.row()), Epoch: 1, Since: c.now, Now: c.now}, c.event())
		},
		"Users.ChangePhone": func() error {
			return users.ChangePhone(ctx, storage.PhoneChange{UserID: rowOf(c.row()), Phone: "+4930", Now: c.now}, c.event())
		},
		"Users.UpdateProfile": func() error {
			return users.UpdateProfile(ctx, storage.ProfileChange{UserID: rowOf(c.row()), Username: string(c.id()), Now: c.now}, c.event())
		},
		"Users.SetAttributes": func() error {
			return users.SetAttributes(ctx, storage.AttributesChange{UserID: rowOf(c.row()), To: storage.Attributes{"a": "b"}, Now: c.now}, c.event())
		},
		"Users.SetRoles":             func() error { return users.SetRoles(ctx, rowOf(c.row()), []string{"admin"}, c.now, c.event()) },
		"Users.StartEnrollmentGrace": func() error { return users.StartEnrollmentGrace(ctx, rowOf(c.row()), c.now) },
		"Users.Disable":              func() error { return users.Disable(ctx, rowOf(c.row()), c.now, c.event()) },
		"Users.Enable": func() error {
			id := rowOf(c.row())
			if err := users.Disable(ctx, id, c.now, c.event()); err != nil {
				return err
			}
			return users.Enable(ctx, id, c.now, c.event())
		},
		"Users.Lockdown": func() error {
			_, err := users.Lockdown(ctx, storage.Lockdown{UserID: rowOf(c.row()), Now: c.now}, func(storage.Holdings) storage.Event { return c.event() })
			return err
		},
		"Users.LiftLockdown": func() error {
			id := rowOf(c.row())
			_, err := users.Lockdown(ctx, storage.Lockdown{UserID: id, Now: c.now}, func(storage.Holdings) storage.Event { return c.event() })
			if err != nil {
				return err
			}
			return users.LiftLockdown(ctx, id, c.now.Add(-time.Hour), c.event())
		},
		"Users.Holdings":     func() error { _, err := users.Holdings(ctx, rowOf(c.row()), c.now); return err },
		"Users.ResetFactors": func() error { return users.ResetFactors(ctx, rowOf(c.row()), c.now, c.event()) },
	}
}
