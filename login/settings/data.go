package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// maxExportedEvents bounds the security events of one download, newest first.
const maxExportedEvents = 100_000

func (p *Pages) showData(w http.ResponseWriter, r *http.Request, v *visit) error {
	return p.cfg.UI.Render(w, http.StatusOK, ui.AccountData{Account: p.begin(w, r, v, "account.data")})
}

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

// exportData answers with a file of everything that is kept about the person.
// That it was taken is recorded before it is.
func (p *Pages) exportData(w http.ResponseWriter, r *http.Request, v *visit) error {
	if ok, err := p.passwordShown(r, v, "password"); err != nil {
		return err
	} else if !ok {
		data := ui.AccountData{Account: p.begin(w, r, v, "account.data")}
		data.Fail("password", "wrong.password")
		return p.cfg.UI.Render(w, http.StatusOK, data)
	}
	if err := p.cfg.Accounts.RecordExport(r.Context(), v.by, v.User.ID); err != nil {
		return p.refused(w, r, v, ui.PathData, "record export", err)
	}
	found, err := p.gather(r, v)
	if err != nil {
		return unavailable("gather data", err)
	}
	raw, err := json.MarshalIndent(found, "", "  ")
	if err != nil {
		return fmt.Errorf("encode data: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="account-data.json"`)
	h.Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(raw))
	return nil
}
