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
	for _, p := range client.CheckFactors("mfa.factors", m.Factors) {
		l.add(p.Field, "%s", p.Message)
	}
	if slices.Contains(m.Factors, storage.FactorEmail) && !l.canMail(c) {
		l.add("mfa.factors", "email needs mail.smtp_url; set that, or remove email")
	}
	if slices.Contains(m.Factors, storage.FactorSMS) && !l.Dev && !c.SMS.Enabled() {
		l.add("mfa.factors", "sms needs sms.provider; set that, or remove sms")
	}
	l.validateACRAliases(m.ACRAliases)
	l.within("mfa.enrolment_grace", m.EnrollmentGrace, 0, 366*day)
	l.within("mfa.assurance_age", m.AssuranceAge, 0, 366*day)
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
		l.add("mfa.roles", "they have no effect with mfa.required: %s; set that to role, or remove them", m.Required)
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

// validateACRAliases reports names that are none, have two meanings, or hide a class.
func (l *loader) validateACRAliases(aliases []ACRAlias) {
	seen := map[string]bool{}
	for i, a := range aliases {
		at := joinPath(indexPath("mfa.acr_aliases", i), "name")
		switch {
		case !client.IsID(a.Name):
			l.add(at, "use 1 to 256 printable ASCII characters without spaces")
		case slices.Contains(client.ACRs(), a.Name):
			l.add(at, "%q is the name of a class itself; use another", a.Name)
		case seen[a.Name]:
			l.add(at, "%q is listed twice; remove one", a.Name)
		}
		seen[a.Name] = true
		if a.Class == "" {
			l.add(joinPath(indexPath("mfa.acr_aliases", i), "class"), "required: %s", client.OrList(client.ACRs()))
		}
	}
}
