package config

import (
	"errors"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
)

func (l *loader) validateSignUp(c *Config) {
	if c.SignUp.Mode != account.SignUpOff && !l.canMail(c) {
		l.add("sign_up.mode", "%s sends messages, so it needs mail.smtp_url; set that, or mode: off", c.SignUp.Mode)
	}
}

// canMail reports whether email leaves: under dev it ends in the inbox.
func (l *loader) canMail(c *Config) bool { return l.Dev || !c.Mail.SMTPURL.IsZero() }

func (l *loader) validateAccount(a Account) {
	l.within("account.fresh_for", a.FreshFor, time.Minute, day)
	l.within("account.deletion_grace", a.DeletionGrace, 0, 366*day)
	l.within("account.lockdown_undo", a.LockdownUndo, 0, 30*day)
	l.within("account.recent_factors", a.RecentFactors, 0, 90*day)
	l.within("account.links.verify", a.Links.Verify, time.Minute, 30*day)
	l.within("account.links.code", a.Links.Code, time.Minute, a.Links.Verify)
	l.within("account.links.reset", a.Links.Reset, time.Minute, day)
	l.within("account.links.email_undo", a.Links.EmailUndo, time.Hour, 90*day)
	l.within("account.links.invitation", a.Links.Invitation, time.Minute, 90*day)
}

func (l *loader) validateAudit(a Audit) {
	if a.Retention != 0 {
		l.within("audit.retention", a.Retention, day, 100*366*day)
	}
}

// maxBrand bounds the name on the pages, in characters: it stands in subjects
// and headings.
const maxBrand = 64

func (l *loader) validateBranding(b Branding) {
	if n := utf8.RuneCountInString(b.Name); n < 1 || n > maxBrand {
		l.add("branding.name", "use 1 to %d characters", maxBrand)
	}
	l.checkColor("branding.accent_color", b.AccentColor)
	for _, page := range []struct{ key, text string }{
		{"logo_uri", b.LogoURI}, {"privacy_uri", b.PrivacyURI}, {"terms_uri", b.TermsURI},
	} {
		l.checkPageAt(joinPath("branding", page.key), page.text)
	}
	if u, err := url.Parse(b.SupportURI); err != nil || u.Scheme != "mailto" || u.Opaque == "" {
		l.checkPageAt("branding.support_uri", b.SupportURI)
	}
}

// checkPageAt checks an address to show to people, which may be absent.
func (l *loader) checkPageAt(path, text string) {
	if text == "" {
		return
	}
	if err := client.CheckPage(text, l.Dev); err != nil {
		l.add(path, "%q: %v", text, err)
	}
}

// checkColor checks a color, which may be absent. It ends up in a style sheet.
func (l *loader) checkColor(path, text string) {
	if text != "" && !client.IsColor(text) {
		l.add(path, "%q is not a color; write it like #1f6feb", text)
	}
}

func (l *loader) validateLimits(m Limits) {
	for _, group := range []struct {
		path string
		b    Backoff
	}{
		{"sign_in.per_account", m.SignIn.PerAccount},
		{"sign_in.per_address", m.SignIn.PerAddress},
		{"sign_in.per_pair", m.SignIn.PerPair},
		{"sign_in.known_device", m.SignIn.KnownDevice},
		{"sign_up.per_account", m.SignUp.PerAccount},
		{"sign_up.per_address", m.SignUp.PerAddress},
		{"reset.per_account", m.Reset.PerAccount},
		{"reset.per_address", m.Reset.PerAddress},
		{"resend.per_account", m.Resend.PerAccount},
		{"resend.per_address", m.Resend.PerAddress},
		{"user_code.per_account", m.UserCode.PerAccount},
		{"user_code.per_address", m.UserCode.PerAddress},
		{"messages.per_account", m.Messages.PerAccount},
		{"messages.per_destination", m.Messages.PerDestination},
		{"messages.per_address", m.Messages.PerAddress},
	} {
		l.checkBackoff(joinPath("limits", group.path), group.b)
	}
	for _, n := range []struct {
		path  string
		value int
	}{
		{"limits.pending_per_address", m.PendingPerAddress},
		{"limits.user_code.anonymous_per_hour", m.UserCode.AnonymousPerHour},
		{"limits.messages.anonymous_per_hour", m.Messages.AnonymousPerHour},
		{"limits.body_kib", m.BodyKiB},
		{"limits.header_kib", m.HeaderKiB},
	} {
		l.checkCount(n.path, n.value, 1_000_000)
	}
}

// checkBackoff refuses a limit that never delays or never forgets.
func (l *loader) checkBackoff(path string, b Backoff) {
	l.checkWaits(path, b.Free, b.Base, b.Max)
	l.within(joinPath(path, "window"), b.Window, time.Second, 366*day)
}

func (l *loader) checkWaits(path string, free int, base, most time.Duration) {
	l.checkCount(joinPath(path, "free"), free, 1_000_000)
	l.within(joinPath(path, "base"), base, time.Second, day)
	l.within(joinPath(path, "max"), most, time.Second, 30*day)
	if base > most {
		l.add(joinPath(path, "base"), "it is longer than max (%s); shorten it", client.FormatDuration(most))
	}
}

func (l *loader) checkCount(path string, n, most int) {
	if n < 1 || n > most {
		l.add(path, "use 1 to %d", most)
	}
}

// The lengths of NIST SP 800-63B-4 section 3.1.1.2: the least that it allows
// for a password alone, and beside a second factor. The most is what every
// password policy must still take.
const (
	minPasswordAlone      = 15
	minPasswordWithFactor = 8
	maxPasswordMinimum    = 64
)

func (l *loader) validatePasswordLength(p Password) {
	for _, n := range []struct {
		key          string
		value, least int
		why          error
	}{
		{"min_length", p.MinLength, minPasswordAlone, errors.New("a password that is the only factor needs at least that many characters")},
		{"min_length_with_factor", p.MinLengthWithFactor, minPasswordWithFactor, errors.New("a password used with a second factor needs at least that many characters")},
	} {
		if n.value < n.least || n.value > maxPasswordMinimum {
			l.add(joinPath("password", n.key), "use %d to %d: %v (NIST SP 800-63B-4)", n.least, maxPasswordMinimum, n.why)
		}
	}
	if p.MinLengthWithFactor > p.MinLength {
		l.add("password.min_length_with_factor", "it is more than min_length (%d), which is for people without a second factor; lower it", p.MinLength)
	}
}
