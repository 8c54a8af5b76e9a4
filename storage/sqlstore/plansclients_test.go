package sqlstore_test

import (
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func (c *planCalls) clientCalls() map[string]func() error {
	ctx, clients, tokens := c.t.Context(), c.s.Clients(), c.s.RegistrationTokens()
	create := func() (*storage.Client, error) {
		made := &storage.Client{
			ID: string(c.id()), Metadata: []byte(`{}`), Source: storage.ClientByAnybody, RegistrationHash: string(c.id()),
			Origins: []string{"https://app.example"}, Scopes: []string{"openid"}, Version: 1, CreatedAt: c.now, UpdatedAt: c.now, EndsAt: c.now.Add(time.Hour),
		}
		return made, clients.Create(ctx, made, storage.ClientAdmission{}, c.event())
	}
	token := func() (*storage.RegistrationToken, error) {
		t := &storage.RegistrationToken{ID: c.id(), TokenHash: string(c.id()), UsesLeft: 1, CreatedAt: c.now, ExpiresAt: c.now.Add(time.Hour)}
		return t, tokens.Create(ctx, t, c.event())
	}
	return map[string]func() error{
		"Clients.Create": func() error {
			t, err := token()
			if err != nil {
				return err
			}
			made := &storage.Client{ID: string(c.id()), Metadata: []byte(`{}`), Source: storage.ClientByToken, Scopes: []string{"openid"}, CreatedAt: c.now, UpdatedAt: c.now}
			return clients.Create(ctx, made, storage.ClientAdmission{TokenHash: t.TokenHash, Most: 1_000_000}, c.event())
		},
		"Clients.ByID":  func() error { return second(clients.ByID(ctx, "client77")) },
		"Clients.List":  func() error { return second(clients.List(ctx, "client77", 50)) },
		"Clients.Ended": func() error { return second(clients.Ended(ctx, c.now, 50)) },
		"Clients.Replace": func() error {
			made, err := create()
			if err != nil {
				return err
			}
			return clients.Replace(ctx, made, 1, c.event())
		},
		"Clients.Used": func() error { return clients.Used(ctx, "client78", c.now, c.now.Add(-time.Hour), c.now.Add(time.Hour)) },
		"Clients.Delete": func() error {
			made, err := create()
			if err != nil {
				return err
			}
			return clients.Delete(ctx, storage.ClientRemoval{ID: made.ID, Version: 1, EndedBy: c.now.Add(2 * time.Hour), Now: c.now, Reason: storage.RevokedClientGone}, c.event())
		},
		"Clients.HasOrigin":         func() error { return second(clients.HasOrigin(ctx, "name8")) },
		"Clients.HasScope":          func() error { return second(clients.HasScope(ctx, "name7")) },
		"RegistrationTokens.Create": func() error { return second(token()) },
		"RegistrationTokens.List":   func() error { return second(tokens.List(ctx, rowOf(77), 50)) },
		"RegistrationTokens.Delete": func() error { return tokens.Delete(ctx, rowOf(c.row()), c.event()) },
	}
}
