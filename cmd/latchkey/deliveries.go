package main

import (
	"context"
	"crypto/rand"
	"net/http"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/cmd/internal/outbox"
	"github.com/latchkey-id/latchkey/cmd/internal/sms"
	"github.com/latchkey-id/latchkey/cmd/internal/smtp"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/fetch"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/op"
	"github.com/latchkey-id/latchkey/storage"
)

// newHandlers is the table of who carries out the deliveries of which topic. A
// channel that is not set up falls back to dev's inbox, where there is one.
func newHandlers(p *process, f *foundation) (map[storage.Topic]outbox.Handler, error) {
	cfg, err := f.composerConfig()
	if err != nil {
		return nil, err
	}
	cfg.Users, cfg.Tokens = p.store.Users(), f.tokens
	composer, err := message.NewComposer(cfg)
	if err != nil {
		return nil, err
	}
	senders, err := f.senders()
	if err != nil {
		return nil, err
	}
	handlers := map[storage.Topic]outbox.Handler{
		storage.TopicLogout: outbox.Logouts{Tokens: f.logouts, Poster: f.fetch},
	}
	if handlers[storage.TopicWebhook], err = f.webhooks(f.fetch); err != nil {
		return nil, err
	}
	for _, channel := range []storage.Channel{storage.ChannelEmail, storage.ChannelSMS} {
		sender := senders[channel]
		if sender == nil {
			sender = p.dev.inbox
		}
		if sender != nil {
			handlers[storage.Topic(channel)] = outbox.Messages{Composer: composer, Sender: sender}
		}
	}
	return handlers, nil
}

// logouts tell clients of sessions that are over. The ring is nil where that is only
// queued, for a node to do.
func (p *dependencies) logouts(clients *client.Registry, ring *keys.Ring) *op.Logouts {
	cfg := op.LogoutsConfig{Issuer: p.cfg.Issuer, Clients: clients, Sealer: p.sealer, Now: p.now, Random: rand.Reader}
	if ring != nil {
		cfg.Keys = ring
	}
	return op.NewLogouts(cfg)
}

// sessionsEnded says what follows from sessions that end, by the clients of whichever
// generation is current when they do.
func (p *process) sessionsEnded(ctx context.Context, ended []storage.EndedSession) (storage.Aftermath, error) {
	return p.current.Load().logouts.Follow(ctx, ended)
}

// queued has the worker look, once there is one: what is queued before waits for it.
func (p *process) queued() {
	if p.outbox != nil {
		p.outbox.Poke()
	}
}

// fetcher calls addresses of clients, within the bounds of the configuration.
func (p *dependencies) fetcher(dev bool) *fetch.Client {
	c := p.cfg.Fetch
	return fetch.New(fetch.Config{
		Allowed: c.AllowedNetworks, Loopback: dev, Timeout: c.Timeout, MaxBytes: int64(c.MaxKiB) << 10, Now: p.now,
	})
}

// newOutbox makes the worker that carries deliveries out, by the handlers of
// whichever generation is current when it does.
func (p *process) newOutbox() *outbox.Worker {
	o := p.boot.cfg.Outbox
	return outbox.New(outbox.Config{
		Store: p.store.Outbox(), Handlers: func() map[storage.Topic]outbox.Handler { return p.current.Load().deliveries },
		Metrics: p.metrics, Log: p.log(), Now: p.now, Random: rand.Reader,
		Workers: o.Workers, Poll: o.Poll, GiveUp: o.GiveUp, Drain: p.boot.cfg.Timeouts.Shutdown,
	})
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
