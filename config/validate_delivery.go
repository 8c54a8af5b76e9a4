package config

import (
	"net/mail"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/ident"
)

func (l *loader) validateDelivery(c *Config) {
	l.validateMail(c.Mail)
	l.validateSMS(c.SMS)
	l.validateOutbox(c.Outbox)
	l.validateFetch(c.Fetch)
}

func (l *loader) validateMail(m Mail) {
	l.checkURL("mail.smtp_url", m.SMTPURL, nil, "smtp://", "smtps://")
	l.checkMailTLS(m.SMTPURL)
	l.within("mail.timeout", m.Timeout, time.Second, time.Minute)
	for _, address := range []struct{ path, text string }{{"mail.from", m.From}, {"mail.reply_to", m.ReplyTo}} {
		if address.text == "" {
			continue
		}
		if _, err := mail.ParseAddress(address.text); err != nil {
			l.add(address.path, "%q is not an address; write it like Example <id@example.com>", address.text)
		}
	}
	if m.From == "" && !m.SMTPURL.IsZero() {
		l.add("mail.from", "required together with mail.smtp_url")
	}
}

// checkMailTLS refuses to send passwords and links over a network in clear.
func (l *loader) checkMailTLS(secret Secret) {
	const path = "mail.smtp_url"
	u, err := parseSecretURL(secret.Reveal())
	if err != nil || secret.IsZero() {
		return // said by checkURL
	}
	query := u.Query()
	switch {
	case u.Path != "" && u.Path != "/":
		l.add(path, "it has a path, which has no effect here; remove it")
	case len(query) == 0:
	case len(query) > 1 || query.Get("tls") != "none":
		l.add(path, "the only parameter it may have is tls=none")
	case u.Scheme != "smtp":
		l.add(path, "tls=none contradicts smtps://; use smtp://, or remove it")
	case !client.IsLoopback(u.Hostname()):
		l.add(path, "tls=none is only for a server on this machine, such as 127.0.0.1; remove it")
	}
}

func (l *loader) validateSMS(s SMS) {
	if !s.Enabled() {
		for _, set := range []struct {
			key string
			is  bool
		}{
			{"url", !s.URL.IsZero()}, {"account", s.Account != ""}, {"token", !s.Token.IsZero()}, {"from", s.From != ""},
			{"headers", len(s.Headers) > 0},
		} {
			if set.is {
				l.add(joinPath("sms", set.key), "it has no effect without sms.provider; set that to twilio or http")
			}
		}
	} else {
		l.validateGateway(s)
	}
	l.validateCountries(s)
	l.within("sms.timeout", s.Timeout, time.Second, time.Minute)
	for _, n := range []struct {
		path  string
		value int
	}{
		{"sms.per_number_day", s.PerNumberDay}, {"sms.per_country_day", s.CountryDay}, {"sms.daily_cap", s.DailyCap},
		{"sms.confirm_per_country_day", s.ConfirmCountryDay}, {"sms.confirm_daily_cap", s.ConfirmDailyCap},
	} {
		if n.value < 1 || n.value > 1_000_000 {
			l.add(n.path, "use 1 to 1000000")
		}
	}
	for _, pot := range []struct {
		path, of      string
		confirm, most int
	}{
		{"sms.confirm_per_country_day", "sms.per_country_day", s.ConfirmCountryDay, s.CountryDay},
		{"sms.confirm_daily_cap", "sms.daily_cap", s.ConfirmDailyCap, s.DailyCap},
	} {
		if pot.confirm > pot.most && pot.most > 0 {
			l.add(pot.path, "it is more than %s (%d), which is for people who sign in; lower it", pot.of, pot.most)
		}
	}
}

func (l *loader) validateGateway(s SMS) {
	required := func(path string, missing bool) {
		if missing {
			l.add(path, "required with sms.provider: %s", s.Provider)
		}
	}
	required("sms.from", s.From == "")
	required("sms.url", s.Provider == SMSHTTP && s.URL.IsZero())
	required("sms.account", s.Provider == SMSTwilio && s.Account == "")
	required("sms.token", s.Provider == SMSTwilio && s.Token.IsZero())
	l.checkURL("sms.url", s.URL, nil, "https://", "http://")
	if u, err := url.Parse(s.URL.Reveal()); err == nil && u.Scheme == "http" && !client.IsLoopback(u.Hostname()) {
		l.add("sms.url", "use https; http is only for a gateway on this machine")
	}
	for i, h := range s.Headers {
		at := indexPath("sms.headers", i)
		if s.Provider != SMSHTTP {
			l.add(at, "only sms.provider: http sends custom headers")
		}
		if h.Name == "" || strings.Trim(h.Name, headerName) != "" {
			l.add(joinPath(at, "name"), "%q is not a header name", h.Name)
		}
		if h.Value.IsZero() {
			l.add(joinPath(at, "value"), "required: a file: or env: reference")
		}
	}
}

const headerName = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func (l *loader) validateCountries(s SMS) {
	for i, country := range s.Countries {
		at := indexPath("sms.countries", i)
		switch {
		case !ident.IsPhoneCountry(country):
			l.add(at, "%q is not a country with telephone numbers; write its two letters, such as DE", country)
		case slices.Contains(s.Countries[:i], country):
			l.add(at, "%s is listed twice; remove one", country)
		}
	}
	if s.Enabled() && len(s.Countries) == 0 {
		l.add("sms.countries", "required with sms.provider: the countries where your people have their numbers, such as [DE, AT]")
	}
}

func (l *loader) validateOutbox(o Outbox) {
	if o.Workers < 1 || o.Workers > 100 {
		l.add("outbox.workers", "use 1 to 100")
	}
	l.within("outbox.poll", o.Poll, 100*time.Millisecond, time.Minute)
	l.within("outbox.give_up_after", o.GiveUp, time.Hour, 30*day)
	if o.MaxAge != 0 {
		l.within("outbox.max_age", o.MaxAge, time.Minute, 30*day)
	}
}

// completeMessages makes the folder of templates absolute.
func (l *loader) completeMessages(c *Config) {
	if dir := c.Messages.Templates; dir != "" && !filepath.IsAbs(dir) {
		c.Messages.Templates = filepath.Join(l.folder(), dir)
	}
}

func (l *loader) validateFetch(f Fetch) {
	l.within("fetch.timeout", f.Timeout, time.Second, time.Minute)
	if f.MaxKiB < 1 || f.MaxKiB > 16<<10 {
		l.add("fetch.max_kib", "use 1 to %d", 16<<10)
	}
	for i, p := range f.AllowedNetworks {
		if p.Bits() == 0 {
			l.add(indexPath("fetch.allowed_networks", i), "%s is every address; name the network", p)
		}
	}
}
