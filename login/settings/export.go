package settings

import (
	"context"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// maxExportedEvents bounds the security events of one download, newest first.
const maxExportedEvents = 100_000

// export is everything that is kept about a person, but for secrets: those are
// kept only so that nobody can read them.
type export struct {
	ExportedAt    time.Time         `json:"exported_at"`
	Account       exportedAccount   `json:"account"`
	Groups        []exportedGroup   `json:"groups"`
	Sessions      []exportedSession `json:"sessions"`
	Grants        []exportedGrant   `json:"grants"`
	Consents      []exportedConsent `json:"consents"`
	Factors       []exportedFactor  `json:"factors"`
	RecoveryCodes exportedRecovery  `json:"recovery_codes"`
	Lockouts      []exportedLockout `json:"failed_factors"`
	Devices       []exportedDevice  `json:"trusted_devices"`
	Events        []exportedEvent   `json:"security_events"`
}

type exportedAccount struct {
	ID                storage.ID         `json:"id"`
	Email             string             `json:"email,omitempty"`
	EmailVerified     bool               `json:"email_verified"`
	Username          string             `json:"username,omitempty"`
	Phone             string             `json:"phone_number,omitempty"`
	PhoneVerified     bool               `json:"phone_number_verified"`
	Profile           storage.Profile    `json:"profile"`
	Roles             []string           `json:"roles,omitempty"`
	Attributes        storage.Attributes `json:"attributes,omitempty"`
	HasPassword       bool               `json:"has_password"`
	PasswordChangedAt time.Time          `json:"password_changed_at,omitzero"`
	FactorAskedAt     time.Time          `json:"factor_asked_at,omitzero"`
	DeleteAt          time.Time          `json:"delete_at,omitzero"`
	CreatedAt         time.Time          `json:"created_at"`
	UpdatedAt         time.Time          `json:"updated_at"`
}

type exportedGroup struct {
	Name        string    `json:"name"`
	DisplayName string    `json:"display_name,omitempty"`
	Roles       []string  `json:"roles,omitempty"`
	Sources     []string  `json:"sources"`
	AddedAt     time.Time `json:"added_at"`
}

type exportedSession struct {
	ID         storage.ID `json:"id"`
	CreatedAt  time.Time  `json:"created_at"`
	LastSeenAt time.Time  `json:"last_seen_at"`
	Address    string     `json:"address,omitempty"`
	UserAgent  string     `json:"user_agent,omitempty"`
}

type exportedGrant struct {
	ID            storage.ID `json:"id"`
	ClientID      string     `json:"client_id"`
	SessionID     storage.ID `json:"session_id,omitempty"`
	Scopes        []string   `json:"scopes"`
	Offline       bool       `json:"offline"`
	CreatedAt     time.Time  `json:"created_at"`
	UsedAt        time.Time  `json:"used_at,omitzero"`
	ExpiresAt     time.Time  `json:"expires_at"`
	RevokedAt     time.Time  `json:"revoked_at,omitzero"`
	RevokedReason string     `json:"revoked_reason,omitempty"`
}

type exportedConsent struct {
	ClientID  string    `json:"client_id"`
	Scopes    []string  `json:"scopes"`
	UpdatedAt time.Time `json:"updated_at"`
}

type exportedFactor struct {
	ID         storage.ID         `json:"id"`
	Kind       storage.FactorKind `json:"kind"`
	Name       string             `json:"name,omitempty"`
	CreatedAt  time.Time          `json:"created_at"`
	LastUsedAt time.Time          `json:"last_used_at,omitzero"`
}

type exportedRecovery struct {
	Total     int       `json:"total"`
	Remaining int       `json:"remaining"`
	CreatedAt time.Time `json:"created_at,omitzero"`
}

type exportedLockout struct {
	Kind        storage.FactorKind `json:"kind"`
	Failures    int64              `json:"failures"`
	LockedUntil time.Time          `json:"locked_until,omitzero"`
	DisabledAt  time.Time          `json:"disabled_at,omitzero"`
}

type exportedDevice struct {
	ID         storage.ID `json:"id"`
	Address    string     `json:"address,omitempty"`
	UserAgent  string     `json:"user_agent,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt time.Time  `json:"last_used_at,omitzero"`
	ExpiresAt  time.Time  `json:"expires_at"`
}

type exportedEvent struct {
	At        time.Time         `json:"at"`
	Type      storage.EventType `json:"type"`
	Outcome   string            `json:"outcome"`
	ClientID  string            `json:"client_id,omitempty"`
	SessionID storage.ID        `json:"session_id,omitempty"`
	Address   string            `json:"address,omitempty"`
	UserAgent string            `json:"user_agent,omitempty"`
	Detail    string            `json:"detail,omitempty"`
}

// collectExport reads everything that is kept about the person.
func (h *Handler) collectExport(r *http.Request, v *visit) (*export, error) {
	ctx, id, now := r.Context(), v.User.ID, h.cfg.Now()
	e := &export{ExportedAt: now, Account: exportAccount(&v.User)}
	if err := h.exportGroups(ctx, id, e); err != nil {
		return nil, err
	}
	sessions, err := h.cfg.Sessions.ListByUser(ctx, id, now)
	if err != nil {
		return nil, err
	}
	for _, s := range sessions {
		e.Sessions = append(e.Sessions, exportedSession{s.SID, s.CreatedAt, s.LastSeenAt, s.Address, s.UserAgent})
	}
	grants, err := h.cfg.Grants.ListByUser(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		e.Grants = append(e.Grants, exportedGrant{
			ID: g.ID, ClientID: g.ClientID, SessionID: g.SID, Scopes: g.Scopes, Offline: g.Offline, CreatedAt: g.CreatedAt,
			UsedAt: g.RotatedAt, ExpiresAt: g.ExpiresAt, RevokedAt: g.RevokedAt, RevokedReason: g.RevokedReason,
		})
	}
	consents, err := h.cfg.Consents.ListByUser(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, c := range consents {
		e.Consents = append(e.Consents, exportedConsent(c))
	}
	if err := h.collectFactors(r, v, e); err != nil {
		return nil, err
	}
	events, err := h.cfg.Events.ListByUser(ctx, id, maxExportedEvents)
	if err != nil {
		return nil, err
	}
	for _, event := range events {
		e.Events = append(e.Events, exportedEvent{
			event.At, event.Type, event.Outcome, event.ClientID, event.SID, event.Address, event.UserAgent, event.Detail,
		})
	}
	return e, nil
}

func (h *Handler) exportGroups(ctx context.Context, id storage.ID, e *export) error {
	groups, err := h.cfg.Accounts.GroupsOf(ctx, id)
	if err != nil {
		return err
	}
	for _, g := range groups {
		shown := exportedGroup{Name: g.Name, DisplayName: g.DisplayName, Roles: g.Roles, AddedAt: g.AddedAt}
		for _, source := range g.Sources {
			shown.Sources = append(shown.Sources, source.String())
		}
		e.Groups = append(e.Groups, shown)
	}
	return nil
}

func exportAccount(u *storage.User) exportedAccount {
	return exportedAccount{
		ID: u.ID, Email: u.Email, EmailVerified: u.EmailVerified, Username: u.Username, Phone: u.Phone, PhoneVerified: u.PhoneVerified,
		Profile: u.Profile, Roles: u.Roles, Attributes: u.Attributes, HasPassword: u.PasswordHash != "", PasswordChangedAt: u.PasswordChangedAt,
		FactorAskedAt: u.FactorAskedAt, DeleteAt: u.DeleteAt, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
	}
}

func (h *Handler) collectFactors(r *http.Request, v *visit, e *export) error {
	person, err := h.cfg.Factors.Person(r.Context(), &v.User)
	if err != nil {
		return err
	}
	for _, c := range person.Credentials {
		e.Factors = append(e.Factors, exportedFactor{c.ID, c.Kind, c.Name, c.CreatedAt, c.LastUsedAt})
	}
	e.RecoveryCodes = exportedRecovery{person.Recovery.Total, person.Recovery.Remaining, person.Recovery.CreatedAt}
	for _, l := range person.Lockouts {
		e.Lockouts = append(e.Lockouts, exportedLockout{l.Kind, l.Failures, l.LockedUntil, l.DisabledAt})
	}
	devices, err := h.cfg.Devices.ListByUser(r.Context(), v.User.ID, h.cfg.Now())
	if err != nil {
		return err
	}
	for _, d := range devices {
		e.Devices = append(e.Devices, exportedDevice{d.ID, d.Address, d.UserAgent, d.CreatedAt, d.LastUsedAt, d.ExpiresAt})
	}
	return nil
}
