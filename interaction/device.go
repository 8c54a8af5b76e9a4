package interaction

import (
	"strings"
	"time"
	"unicode"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// Device is the device on which an application asks, as the person sees it who is to
// allow it (RFC 8628 section 5.4).
type Device struct {
	// ID tells two requests apart that had the same user code, one after the other. It
	// is no secret.
	ID storage.ID `json:"id"`
	// UserCode is what the device shows, without its dash.
	UserCode string `json:"user_code"`
	// Address is where the application asked from, UserAgent its User-Agent header,
	// unverified.
	Address   string    `json:"address,omitempty"`
	UserAgent string    `json:"user_agent,omitempty"`
	AskedAt   time.Time `json:"asked_at"`
}

// DeviceRequest is what an application asks for on a device that has no browser, until
// somebody decides elsewhere (RFC 8628).
type DeviceRequest struct {
	Device
	Request AuthorizationRequest `json:"request"`
	// Interval is how long the device waits between two polls, in seconds; it grows each
	// time that it does not (slow_down).
	Interval  int       `json:"interval"`
	ExpiresAt time.Time `json:"expires_at"`
	// Approval is who allowed it, and Refusal why nobody will; both nil: it is pending.
	Approval *Approval `json:"approval,omitempty"`
	Refusal  *Refusal  `json:"refusal,omitempty"`
	// Unanswered says that a redemption ended without an answer of the database, which
	// may have written the grant.
	Unanswered bool `json:"unanswered,omitempty"`

	version ephemeral.Version
}

// Approval is who allowed a device what it asks for, as they were when they did.
type Approval struct {
	GrantID        storage.ID             `json:"grant_id"`
	UserID         storage.ID             `json:"user_id"`
	SID            storage.ID             `json:"sid"`
	Authentication storage.Authentication `json:"authentication"`
	Address        string                 `json:"address,omitempty"` // of the person's browser
	PasswordEpoch  int64                  `json:"password_epoch"`
	// SessionExpiresAt is when the session ends at the latest.
	SessionExpiresAt time.Time `json:"session_expires_at,omitzero"`
}

// Pending reports whether it waits for somebody to decide, at now.
func (d *DeviceRequest) Pending(now time.Time) bool {
	return d.Approval == nil && d.Refusal == nil && !d.Expired(now)
}

// Expired reports whether it is too late for anything, approved or not.
func (d *DeviceRequest) Expired(now time.Time) bool { return !now.Before(d.ExpiresAt) }

// ForDevice makes an interaction of a device's request, unstored.
func ForDevice(d *DeviceRequest, now time.Time) *Interaction {
	device, request := d.Device, d.Request
	return &Interaction{Purpose: ApproveDevice, Request: &request, Device: &device, CreatedAt: now}
}

const (
	// userCodeAlphabet has no vowels, so that no code is a word, and no digits, so that
	// it is typed with one keyboard (RFC 8628 section 6.1).
	userCodeAlphabet = "BCDFGHJKLMNPQRSTVWXZ"
	// userCodeLength makes 20^8 codes, of which a guess in ten minutes has none: guesses
	// are limited besides (section 5.1).
	userCodeLength = 8
)

// NormalizeUserCode returns a user code as it was meant, in whatever spelling it was
// typed; empty is none that there could be.
func NormalizeUserCode(typed string) string {
	if len(typed) > maxTypedCode {
		return ""
	}
	code := strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) || unicode.IsSymbol(r) {
			return -1
		}
		return r
	}, ident.Code(typed))
	if len(code) != userCodeLength || strings.Trim(code, userCodeAlphabet) != "" {
		return ""
	}
	return code
}

// maxTypedCode bounds what is looked at of what was typed, in bytes.
const maxTypedCode = 128

// ShowUserCode spells a user code as devices show it.
func ShowUserCode(code string) string {
	if len(code) != userCodeLength {
		return code
	}
	return code[:userCodeLength/2] + "-" + code[userCodeLength/2:]
}
