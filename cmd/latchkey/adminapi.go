package main

import (
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/op"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// mountAdminAPI serves the admin API, where the configuration has it.
func mountAdminAPI(mux *http.ServeMux, p *process, f *foundation, accounts *account.Service, provider *op.Provider) error {
	if !f.cfg.Admin.API {
		return nil
	}
	made, err := api.New(adminAPIConfig(p, f, accounts, provider))
	if err != nil {
		return err
	}
	mux.Handle(api.Root, made.Handler())
	return nil
}

func adminAPIConfig(p *process, f *foundation, accounts *account.Service, provider *op.Provider) api.Config {
	cfg := f.cfg
	return api.Config{
		Issuer: cfg.Issuer, Version: version, Metadata: provider.ResourceMetadata(admin.Resource), Tokens: adminTokens{provider}, Policy: cfg.Admin.Policy(), ACR: cfg.Admin.ACR, Accounts: accounts,
		Stores: adminStores(p),
		Places: cfg.ClientPlaces, Stored: adminClients{p.store.Clients(), f.stored}, Registrar: f.registrar,
		Clients: fileClients{f.registered}, Keys: p.ring, Ephemeral: p.ephemeral, Counters: p.ephemeral, Hasher: f.hasher, Sealer: f.sealer,
		Limit:   storage.Bucket{Burst: cfg.Admin.RequestsPerMinute, Every: time.Minute / time.Duration(cfg.Admin.RequestsPerMinute)},
		MaxBody: int64(cfg.Limits.BodyKiB) << 10, ResetLasts: cfg.Account.Links.Reset, Digest: cfg.Digest(), Jobs: jobTimes(p), Log: f.log, Now: f.now,
	}
}

// jobTimes are how often the periodic jobs run, by their names.
func jobTimes(p *process) map[string]time.Duration {
	times := map[string]time.Duration{}
	for _, j := range p.jobs() {
		times[j.name] = j.every
	}
	return times
}

// adminStores are what administrators read, by whichever way in.
func adminStores(p *process) api.Stores {
	return api.Stores{
		Users: p.store.Users(), Credentials: p.store.Credentials(), Lockouts: p.store.Lockouts(), Recovery: p.store.RecoveryCodes(),
		Devices: p.store.TrustedDevices(), Sessions: p.store.Sessions(), Grants: p.store.Grants(), Consents: p.store.Consents(),
		Groups: p.store.Groups(), Memberships: p.store.Memberships(), Events: p.store.Events(), Outbox: p.store.Outbox(),
		Invitations: p.store.Invitations(), Feeds: p.store.Feeds(),
		Nodes: p.store.Nodes(), JobClaims: p.store.Jobs(), Numbers: p.store.Numbers(),
	}
}

// adminTokens checks access tokens as the provider does, for administration.
type adminTokens struct{ provider *op.Provider }

// Authenticate implements api.Tokens.
func (t adminTokens) Authenticate(w http.ResponseWriter, r *http.Request) (*api.Token, error) {
	b, err := t.provider.Authenticate(w, r, admin.Resource)
	if err != nil {
		return nil, err
	}
	return &api.Token{Client: b.Client, User: b.User, SID: b.SID, Scopes: b.Scopes, Shown: b.Authentication}, nil
}

// Refusal implements api.Tokens.
func (t adminTokens) Refusal(r *http.Request, err error) (status int, challenges []string, detail string) {
	return t.provider.Refusal(r, err, admin.Resource)
}

// adminClients are the clients of the database.
type adminClients struct {
	*sqlstore.Clients
	stored *client.Stored
}

// Read implements api.StoredClients.
func (c adminClients) Read(row *storage.Client) (*client.Client, error) { return c.stored.Read(row) }

// fileClients are the clients that files own.
type fileClients struct{ *client.Registry }

// All implements api.Clients.
func (c fileClients) All() []*client.Client { return c.Snapshot().All() }
