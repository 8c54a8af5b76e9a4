package config

import (
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

func (l *loader) validateMFA(c *Config) {
	m := c.MFA
	l.validateRequirement(m)
	l.validateFactors("mfa.factors", m.Factors)
	if slices.Contains(m.Factors, storage.FactorEmail) && !l.canMail(c) {
		l.add("mfa.factors", "email needs mail.smtp_url; set that, or remove email")
	}
	if slices.Contains(m.Factors, storage.FactorSMS) && !l.Dev && !c.SMS.Enabled() {
		l.add("mfa.factors", "sms needs sms.provider; set that, or remove sms")
	}
	l.within("mfa.enrolment_grace", m.EnrolmentGrace, 0, 366*day)
	l.within("mfa.code_lifetime", m.CodeLifetime, 30*time.Second, 10*time.Minute)
	l.within("mfa.partial_lifetime", m.PartialLifetime, 30*time.Second, 5*time.Minute)
	l.within("mfa.trusted_device_lifetime", m.TrustedDeviceLifetime, time.Hour, 366*day)
	l.checkCount("mfa.tries", m.Tries, 10)
	l.validateLockout(m.Lockout)
}

func (l *loader) validateRequirement(m MFA) {
	l.noRepeats("mfa.roles", m.Roles)
	for i, role := range m.Roles {
		if err := ident.Role(role); err != nil {
			l.add(indexPath("mfa.roles", i), "%v", err)
		}
	}
	switch {
	case m.Required == MFARole && len(m.Roles) == 0:
		l.add("mfa.roles", "required with mfa.required: role; name the roles that need a second factor")
	case m.Required != MFARole && len(m.Roles) > 0:
		l.add("mfa.roles", "they mean nothing with mfa.required: %s; set that to role, or remove them", m.Required)
	}
}

// validateFactors checks a list of kinds that count as a second factor.
func (l *loader) validateFactors(path string, kinds []storage.FactorKind) {
	seen := map[storage.FactorKind]bool{}
	for i, kind := range kinds {
		if seen[kind] {
			l.add(indexPath(path, i), "%q is listed twice; remove one", kind)
		}
		seen[kind] = true
	}
	if len(kinds) == 0 || len(kinds) == 1 && seen[storage.FactorRecovery] {
		l.add(path, "name at least one factor that people can enrol: passkey or totp, or email or sms, which are weaker")
	}
}

func (l *loader) validateLockout(k Lockout) {
	const path = "mfa.lockout"
	l.checkWaits(path, k.Free, k.Base, k.Max)
	// Its ceiling is no matter of taste: NIST SP 800-63B-4 section 3.2.2.
	l.checkCount(joinPath(path, "disable_after"), k.DisableAfter, 100)
	if k.Free >= k.DisableAfter {
		l.add(joinPath(path, "free"), "it must be less than disable_after (%d), which ends them", k.DisableAfter)
	}
}

// validateClientPolicy checks what a client asks of the people who go there.
func (l *loader) validateClientPolicy(path string, c *Client, m MFA) {
	l.checkColor(joinPath(path, "accent_color"), c.AccentColor)
	if c.Type == client.TypeService {
		const without = "of no use to a service client, which acts for no person; remove it"
		for _, p := range []struct {
			key string
			set bool
		}{
			{"require_verified_email", c.RequireVerifiedEmail},
			{"require_mfa", c.RequireMFA},
			{"trust_devices", c.TrustDevices},
			{"factors", len(c.Factors) > 0},
		} {
			if p.set {
				l.add(joinPath(path, p.key), without)
			}
		}
		return
	}
	if c.Factors == nil {
		return
	}
	at := joinPath(path, "factors")
	l.validateFactors(at, c.Factors)
	for i, kind := range c.Factors {
		if !slices.Contains(m.Factors, kind) {
			l.add(indexPath(at, i), "%s is not among mfa.factors, so nobody can have it; add it there or remove it", kind)
		}
	}
}
