package main

import (
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/scim"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/op"
	"github.com/latchkey-id/latchkey/storage"
)

// mountSCIM serves SCIM to the sources of provisioning, where the configuration has any.
func mountSCIM(mux *http.ServeMux, p *process, f *foundation, accounts *account.Service, provider *op.Provider) {
	cfg := f.cfg.SCIM
	if len(cfg.Sources) == 0 {
		return
	}
	var sources []scim.Source
	for _, s := range cfg.Sources {
		source := scim.Source{Name: s.Name, Client: s.Client, EmailVerified: s.EmailVerified, Adopt: account.Adoption{
			Email: slices.Contains(s.Adopt, "email"), Username: slices.Contains(s.Adopt, "username"),
		}}
		if !s.Token.IsZero() {
			source.Verifiers = scim.Verifiers(f.hasher, s.Token.Reveal())
		}
		sources = append(sources, source)
	}
	mux.Handle(scim.Prefix+"/", scim.New(scim.Config{
		Issuer: f.cfg.Issuer, Sources: sources, Tokens: scimTokens{provider}, Accounts: accounts,
		Stores:   scim.Stores{People: p.store.Provisions(), Groups: p.store.Groups(), Memberships: p.store.Memberships()},
		Counters: p.ephemeral, Hasher: f.hasher, MaxBody: int64(cfg.BodyKiB) << 10, Log: f.log,
		Limit: storage.Bucket{Burst: cfg.RequestsPerMinute, Every: time.Minute / time.Duration(cfg.RequestsPerMinute)},
	}))
}

// scimTokens checks access tokens as the provider does, for sources.
type scimTokens struct{ provider *op.Provider }

// Authenticate implements scim.Tokens.
func (t scimTokens) Authenticate(w http.ResponseWriter, r *http.Request) (*client.Client, []string, error) {
	b, err := t.provider.Authenticate(w, r, admin.ProvisioningResource)
	if err != nil {
		return nil, nil, err
	}
	if b.User != nil { // a source is nobody's client
		return nil, nil, nil
	}
	return b.Client, b.Scopes, nil
}

// Challenges implements scim.Tokens.
func (t scimTokens) Challenges(r *http.Request, err error) []string {
	_, challenges, _ := t.provider.Refusal(r, err, admin.ProvisioningResource)
	return challenges
}
