package main

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/op"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// stored are the clients of the database.
func (p *dependencies) stored(store *sqlstore.Store) *client.Stored {
	r := p.cfg.Registration
	return client.NewStored(client.StoredConfig{
		Store: store.Clients(), Lifetimes: p.cfg.ClientLifetimes(), SectorKey: p.cfg.Secrets.SectorKey(), Consent: r.Consent,
		WithoutPKCE: !r.RequirePKCE, UnusedFor: r.UnusedFor, LastsFor: r.LastsFor, Now: p.now,
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
