package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/cmd/internal/health"
	"github.com/latchkey-id/latchkey/cmd/internal/outbox"
	"github.com/latchkey-id/latchkey/cmd/internal/sms"
	"github.com/latchkey-id/latchkey/cmd/internal/smtp"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// brand is whoever runs the service, on pages and in messages.
func (p *dependencies) brand() ui.Brand {
	b := p.cfg.Branding
	return ui.Brand{
		Name: b.Name, LogoURI: b.LogoURI, AccentColor: b.AccentColor,
		SupportURI: b.SupportURI, PrivacyURI: b.PrivacyURI, TermsURI: b.TermsURI,
	}
}

// composerConfig is all that a composer needs except whom it writes to.
func (p *dependencies) composerConfig() (message.ComposerConfig, error) {
	templates, err := message.LoadTemplates(p.cfg.Messages.Templates)
	if err != nil {
		return message.ComposerConfig{}, fmt.Errorf("messages.templates: %w", err)
	}
	brand := p.brand()
	ground, ink, err := brand.Button()
	if err != nil {
		return message.ComposerConfig{}, err
	}
	return message.ComposerConfig{
		Issuer: p.cfg.Issuer, Brand: message.Brand{Name: brand.Name, Accent: ground, OnAccent: ink},
		Hasher: p.hasher, Sealer: p.sealer, Templates: templates, Now: p.now, Lifetimes: p.lifetimes(),
	}, nil
}

// senders are the channels that the configuration sets up.
func (p *dependencies) senders() (map[storage.Channel]outbox.Sender, error) {
	made := map[storage.Channel]outbox.Sender{}
	if m := p.cfg.Mail; !m.SMTPURL.IsZero() {
		issuer, err := p.issuerURL()
		if err != nil {
			return nil, err
		}
		made[storage.ChannelEmail], err = smtp.New(smtp.Config{
			URL: m.SMTPURL.Reveal(), From: m.From, ReplyTo: m.ReplyTo, Hello: issuer.Hostname(), Timeout: m.Timeout,
		})
		if err != nil {
			return nil, err
		}
	}
	if p.cfg.SMS.Enabled() {
		sender, err := newSMS(p.cfg.SMS)
		if err != nil {
			return nil, err
		}
		made[storage.ChannelSMS] = sender
	}
	return made, nil
}

func newSMS(c config.SMS) (*sms.Sender, error) {
	if c.Provider == config.SMSTwilio {
		return sms.NewTwilio(sms.TwilioConfig{
			URL: c.URL.Reveal(), Account: c.Account, Token: c.Token.Reveal(), From: c.From, Timeout: c.Timeout,
		}), nil
	}
	headers := http.Header{}
	for _, h := range c.Headers {
		headers.Add(h.Name, h.Value.Reveal())
	}
	return sms.NewHTTP(sms.HTTPConfig{
		URL: c.URL.Reveal(), User: c.Account, Password: c.Token.Reveal(), Headers: headers,
		Body: c.Body, ContentType: c.ContentType, From: c.From, Timeout: c.Timeout,
	})
}

// backlogEvery is how often the metrics of the outbox are brought up to date.
const backlogEvery = 15 * time.Second

func (p *process) measureBacklog(ctx context.Context) {
	now := p.now()
	b, err := p.store.Outbox().Backlog(ctx, now)
	if err != nil {
		if ctx.Err() == nil {
			p.log().ErrorContext(ctx, "measure the outbox", "error", err)
		}
		return
	}
	p.metrics.Backlog(b, now)
}

// checkOutbox tells when the queue grows old.
func (p *process) checkOutbox(ctx context.Context) error {
	now := p.now()
	b, err := p.store.Outbox().Backlog(ctx, now)
	if err != nil {
		return err
	}
	return judgeBacklog(b, now, p.cfg().Outbox.MaxAge)
}

// judgeBacklog says what is wrong with the outbox. Messages that nobody even
// tries are a fault of the nodes. Where they are tried in vain it is the mail
// server that is at fault: people who need no message can go on, so the nodes
// stay.
func judgeBacklog(b storage.Backlog, now time.Time, maxAge time.Duration) error {
	old := func(since time.Time) bool { return maxAge > 0 && !since.IsZero() && now.Sub(since) > maxAge }
	switch {
	case old(b.DueSince):
		return fmt.Errorf("%d messages are due, the first since %s", b.Due, now.Sub(b.DueSince).Round(time.Second))
	case old(b.Oldest):
		return health.Degraded(fmt.Errorf("%d messages could not be delivered yet, the oldest is from %s ago",
			b.Queued, now.Sub(b.Oldest).Round(time.Second)))
	}
	return nil
}
