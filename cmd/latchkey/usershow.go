package main

import (
	"time"

	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// shownPerson is the answer of `user show --json`: a form that others read, so its
// names stay as they are.
type shownPerson struct {
	shownUser
	Groups        []string           `json:"groups"`
	Password      bool               `json:"password"`
	PasswordSetAt *time.Time         `json:"password_set_at,omitempty"`
	SignedInAt    *time.Time         `json:"first_signed_in_at,omitempty"`
	Factors       []shownFactor      `json:"factors"`
	RecoveryCodes int                `json:"recovery_codes"`
	Sessions      []shownSession     `json:"sessions"`
	Applications  []shownApplication `json:"applications"`
	Devices       []shownDevice      `json:"trusted_devices"`
	// Attributes are the custom ones that operators may see.
	Attributes map[string]any `json:"attributes,omitempty"`
}

type shownDevice struct {
	ID         storage.ID `json:"id"`
	TrustedAt  time.Time  `json:"trusted_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	ExpiresAt  time.Time  `json:"expires_at"`
}

type shownFactor struct {
	ID         storage.ID         `json:"id"`
	Kind       storage.FactorKind `json:"kind"`
	Name       string             `json:"name"`
	AddedAt    time.Time          `json:"added_at"`
	LastUsedAt *time.Time         `json:"last_used_at,omitempty"`
}

type shownApplication struct {
	ClientID string    `json:"client_id"`
	Scopes   []string  `json:"scopes"`
	Offline  bool      `json:"offline"`
	UsedAt   time.Time `json:"used_at"`
}

// personAsJSON reads what `user show` shows.
func personAsJSON(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, u *storage.User) (*shownPerson, error) {
	ctx := cmd.Context()
	p := &shownPerson{
		shownUser: shownUserOf(u), Groups: listed(u.Groups), Password: u.PasswordHash != "", PasswordSetAt: timeOrNone(u.PasswordChangedAt),
		SignedInAt: timeOrNone(u.SignedInAt), Factors: []shownFactor{}, Sessions: []shownSession{}, Applications: []shownApplication{},
		Devices: []shownDevice{}, Attributes: map[string]any{},
	}
	for _, seen := range d.cfg.AttributeSchema.Seen(attribute.Administrator) {
		if value, has := u.Attributes[seen.Name]; has {
			p.Attributes[seen.Name] = value
		}
	}
	credentials, err := store.Credentials().ListByUser(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	for _, c := range credentials {
		p.Factors = append(p.Factors, shownFactor{c.ID, c.Kind, c.Name, c.CreatedAt.UTC(), timeOrNone(c.LastUsedAt)})
	}
	codes, err := store.RecoveryCodes().Status(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	p.RecoveryCodes = codes.Remaining
	sessions, err := store.Sessions().ListByUser(ctx, u.ID, d.now())
	if err != nil {
		return nil, err
	}
	for _, s := range sessions {
		p.Sessions = append(p.Sessions, shownSessionOf(u.ID, &s))
	}
	applications, err := store.Grants().ApplicationsOf(ctx, u.ID, d.now())
	if err != nil {
		return nil, err
	}
	for _, a := range applications {
		p.Applications = append(p.Applications, shownApplication{a.ClientID, listed(a.Scopes), a.Offline, a.UsedAt.UTC()})
	}
	devices, err := store.TrustedDevices().ListByUser(ctx, u.ID, d.now())
	if err != nil {
		return nil, err
	}
	for _, t := range devices {
		p.Devices = append(p.Devices, shownDevice{t.ID, t.CreatedAt.UTC(), timeOrNone(t.LastUsedAt), t.ExpiresAt.UTC()})
	}
	return p, nil
}
