package sqlstore_test

import (
	"errors"

	"github.com/latchkey-id/latchkey/storage"
)

func (c *planCalls) provisionCalls() map[string]func() error {
	ctx, users, provisions := c.t.Context(), c.s.Users(), c.s.Provisions()
	made := func() (*storage.ProvisionedUser, error) {
		u := c.user()
		p := &storage.Provisioned{UserID: u.ID, Source: "scim:7", UserName: string(u.ID), Document: "{}", Version: 1, CreatedAt: c.now, UpdatedAt: c.now}
		if err := users.CreateProvisioned(ctx, u, p, c.event()); err != nil {
			return nil, err
		}
		return &storage.ProvisionedUser{Provisioned: *p, User: *u}, nil
	}
	return map[string]func() error{
		"Users.CreateProvisioned": func() error { return second(made()) },
		"Users.Edit": func() error {
			m, err := made()
			if err != nil {
				return err
			}
			id, roles := m.UserID, []string{"admin"}
			u := c.user()
			adopts := storage.PersonEdit{UserID: u.ID, Adopt: true, Now: c.now, Provisioned: &storage.Provisioned{
				UserID: u.ID, Source: "scim:7", UserName: string(u.ID), Document: "{}", Version: 1, CreatedAt: c.now, UpdatedAt: c.now,
			}}
			if err := errors.Join(users.Create(ctx, u, c.event()), users.Edit(ctx, adopts, nil)); err != nil {
				return err
			}
			return users.Edit(ctx, storage.PersonEdit{
				UserID: id, Email: &storage.EmailChange{UserID: id, From: m.User.Email, To: "new" + m.User.Email, Now: c.now}, VerifyEmail: "new" + m.User.Email,
				Profile:    &storage.ProfileChange{UserID: id, Username: m.User.Username, Now: c.now},
				Attributes: &storage.AttributesChange{UserID: id, To: storage.Attributes{"a": "b"}, Now: c.now}, Roles: &roles, Provisioned: &m.Provisioned,
				Disable: true, Now: c.now,
			}, []storage.Event{c.event()}, c.notice())
		},
		"Users.Deprovision": func() error {
			m, err := made()
			if err != nil {
				return err
			}
			return users.Deprovision(ctx, storage.Deprovision{Provisioned: m.Provisioned, DeleteAt: c.now, Now: c.now}, c.event())
		},
		"Provisions.Find": func() error {
			for _, key := range []storage.ProvisionedKey{{ID: rowOf(77)}, {UserName: "u77"}, {ExternalID: "x77"}, {Email: "u77@example.com"}, {UserName: "u77", Deleted: true}} {
				if err := second(provisions.Find(ctx, "scim:7", key)); err != nil {
					return err
				}
			}
			return nil
		},
		"Provisions.Page": func() error {
			return second(provisions.Page(ctx, storage.SourcePage{Source: "scim:7", After: rowOf(c.row()), Skip: 10, Limit: 50}))
		},
		"Provisions.Count": func() error { return second(provisions.Count(ctx, "scim:7")) },
		"Provisions.Known": func() error {
			return second(provisions.Known(ctx, "scim:7", []storage.ID{rowOf(77), rowOf(78)}))
		},
	}
}
