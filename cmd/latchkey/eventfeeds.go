package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/cmd/internal/eventfeed"
	"github.com/latchkey-id/latchkey/cmd/internal/outbox"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/fetch"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// forwardEvents brings events that are linked to the stream and to the queue of each
// webhook. One that cannot be brought on does not hold the others up.
func (p *process) forwardEvents(ctx context.Context) (int64, error) {
	current := p.current.Load()
	feeder := newFeeder(&current.dependencies, p.store)
	var all int64
	var errs []error
	if s := current.cfg.Events.Stream; s.To != "" {
		n, err := feeder.RunStream(ctx, eventfeed.Stream{
			To: s.To, Stdout: p.stdout, ECS: s.Format == config.EventsECS, Types: config.EventTypesOf(s.Types),
		})
		all, errs = all+n, append(errs, err)
	}
	hooks, err := current.webhookList()
	errs = append(errs, err)
	for _, hook := range hooks {
		n, err := feeder.RunWebhook(ctx, hook, current.eventDeliveries())
		all, errs = all+n, append(errs, err)
		if n > 0 {
			p.outbox.Poke()
		}
	}
	return all, errors.Join(errs...)
}

func newFeeder(d *dependencies, store *sqlstore.Store) *eventfeed.Feeder {
	return &eventfeed.Feeder{Places: store.Feeds(), Record: store.Events(), Turns: store.Jobs(), Now: d.now}
}

func (p *dependencies) eventDeliveries() eventfeed.Deliveries {
	return eventfeed.Deliveries{Sealer: p.sealer, Now: p.now, Random: rand.Reader}
}

// webhookList are the webhooks of the configuration.
func (p *dependencies) webhookList() ([]eventfeed.Webhook, error) {
	var hooks []eventfeed.Webhook
	for _, w := range p.cfg.Events.Webhooks {
		secret, err := eventfeed.ReadSecret(w.Secret.Reveal())
		if err != nil {
			return nil, fmt.Errorf("secret of webhook %s: %w", w.Name, err)
		}
		hooks = append(hooks, eventfeed.Webhook{Name: w.Name, URL: w.URL, Secret: secret, Types: config.EventTypesOf(w.Types)})
	}
	return hooks, nil
}

// webhooks carries out the deliveries of webhooks.
func (p *dependencies) webhooks(calls *fetch.Client) (outbox.Webhooks, error) {
	hooks, err := p.webhookList()
	by := make(map[string]eventfeed.Webhook, len(hooks))
	for _, hook := range hooks {
		by[hook.Name] = hook
	}
	return outbox.Webhooks{Hooks: by, Deliveries: p.eventDeliveries(), Poster: calls, Now: p.now}, err
}
