package main

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/document"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/op"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// stored are the clients of the database.
func (p *dependencies) stored(store *sqlstore.Store) *client.Stored {
	r := p.cfg.Registration
	return client.NewStored(client.StoredConfig{
		Store: store.Clients(), Lifetimes: p.cfg.ClientLifetimes(), SectorKey: p.cfg.Secrets.SectorKey(), Consent: r.Consent,
		WithoutPKCE: !r.RequirePKCE, Resources: r.Resources, UnusedFor: r.UnusedFor, LastsFor: r.LastsFor, Now: p.now,
	})
}

// registrar writes the clients of the database.
func (p *dependencies) registrar(
	store *sqlstore.Store, stored *client.Stored, dev bool, fetched func(context.Context, string) ([]byte, error),
) *registration.Registrar {
	return registration.New(registration.Config{
		Store: store.Clients(), Tokens: store.RegistrationTokens(), Hasher: p.hasher, Judge: p.cfg.ClientPolicy(dev), Policy: p.cfg.Registration.Policy(),
		Lifetimes: p.cfg.ClientLifetimes(), Stored: stored, Fetch: fetched, Now: p.now, Random: rand.Reader,
	})
}

// registration is how clients register themselves; nil where they do not.
func (f *foundation) registration() *op.Registration {
	r := f.cfg.Registration
	if !r.On() {
		return nil
	}
	return &op.Registration{
		Registrar: f.registrar, Issuers: r.Issuers(), PerAddress: storage.Bucket{Burst: r.PerHour, Every: time.Hour / time.Duration(r.PerHour)},
	}
}

// documents are the clients that are known by their metadata documents; nil where none is.
func (f *foundation) documents(p *process) *document.Clients {
	d := f.cfg.ClientDocuments
	if !d.On() {
		return nil
	}
	every := func(n int) storage.Bucket { return storage.Bucket{Burst: n, Every: time.Hour / time.Duration(n)} }
	return document.New(document.Config{
		Hosts: d.Hosts, Open: d.Mode == config.DocumentsOpen, Fetch: f.fetch, Store: p.store.Clients(), Rows: f.stored,
		Judge: registration.New(registration.Config{
			Judge: f.cfg.ClientPolicy(p.dev.mount != nil), Policy: d.Policy(), Lifetimes: f.cfg.ClientLifetimes(), Now: f.now, Random: rand.Reader,
		}),
		Resources: d.Resources, Scopes: d.Scopes, Access: d.Rules(), MinAge: d.MinAge, Stale: d.StaleFor,
		PerNetwork: every(d.PerHour), PerHost: every(d.PerHostHour), Counters: p.ephemeral, Hasher: f.hasher, Now: f.now,
		Begin: func(ctx context.Context, typ storage.EventType) (storage.Event, error) {
			return f.accounts(p.store).BeginClient(ctx, account.System("client_documents"), typ)
		},
	})
}

// used notes that a client is used, by how it is known.
func (f *foundation) used(ctx context.Context, c *client.Client) error {
	if c.Source == storage.ClientByDocument && f.byDocument != nil {
		return f.byDocument.Used(ctx, c)
	}
	return f.stored.Used(ctx, c)
}

// sweepClientsJob names the job, and whoever acts in it.
const sweepClientsJob = "sweep_clients"

// sweepClients removes clients that registered themselves and were not used for as long
// as they may be, with all that people allowed them.
func (p *process) sweepClients(ctx context.Context) (int64, error) {
	g := p.current.Load()
	return g.registrar.Sweep(ctx, func() (storage.Event, error) {
		return g.accounts.BeginClient(ctx, account.System(sweepClientsJob), storage.EventClientDeleted)
	})
}

// isStored reports whether the database has a client.
func (p *process) isStored(ctx context.Context, id string) (bool, error) {
	_, err := p.store.Clients().ByID(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
